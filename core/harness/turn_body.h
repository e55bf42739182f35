/* SPDX-License-Identifier: Apache-2.0 */

/* What a turner is made of: the loop in turn.c, the functions of the extension in turn_io.c. Private to core/harness. */
#ifndef CORE_HARNESS_TURN_BODY_H
#define CORE_HARNESS_TURN_BODY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "harness/turn.h"
#include "runtime/listen.h"

typedef enum turn_kind { TURN_WATCH, TURN_TIMER, TURN_WAKE, TURN_WORK } turn_kind;

typedef struct turn_handle {
  struct turn_handle *next;
  turner *turner;
  turn_kind kind;
  bool is_closed; /* freed between two turns */
  int fd;
  uint32_t events;
  uint64_t due_ms, repeat_ms;
  _Atomic bool is_ready; /* a wake was sent; work is done */
  void (*ready)(void *arg, uint32_t events);
  void (*fire)(void *arg); /* timers, wakes; work: what is done on the loop */
  void (*work)(void *arg);
  void *arg;
  pthread_t thread;
} turn_handle;

struct qn_watch {
  turn_handle handle;
};
struct qn_timer {
  turn_handle handle;
};
struct qn_wake {
  turn_handle handle;
};

struct turner {
  turn_handle *handles; /* in order of opening, newest first */
  int wake_fd;
  listeners *listeners;
};

uint64_t turner_now_ms(void);

#endif
