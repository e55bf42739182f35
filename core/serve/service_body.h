/* SPDX-License-Identifier: Apache-2.0 */

/* The inside of a service. Floor 4, private to its own files. */
#ifndef CORE_SERVE_SERVICE_BODY_H
#define CORE_SERVE_SERVICE_BODY_H

#include <uv.h>

#include "serve/service_parts.h"
#include "serve/supervisor.h"

/* Something that a thread waits for the loop to do. */
typedef struct service_errand {
  struct service_errand *next;
  int (*run)(void *arg);
  void *arg;
  bool done;
  int code;
} service_errand;

struct service {
  service_options options;
  service_parts parts;
  loop loop;
  bool has_loop;
  struct listeners *listeners;
  struct control_lend *lend;
  journal *journal;
  char *letters_path;
  int64_t started_ms;
  pthread_mutex_t registry_mutex;
  uint32_t n_supervisors;
  supervisor **supervisors; /* none comes or goes once it runs */

  uv_signal_t signals[3]; /* [loop] */
  uv_timer_t timer;
  uint32_t n_polls;
  uv_fs_poll_t *polls;
  bool has_handles;
  bool ending; /* [loop] */
  uint64_t ending_ms;
  bell wake_bell;
  _Atomic bool stopping, running;

  pthread_mutex_t mutex; /* what follows */
  pthread_cond_t answered;
  service_errand *errands;
  bool closed;              /* no more errands */
  uint64_t letters_kept;    /* in the file, when it was last looked at */
  uint64_t letters_put;     /* before that, since the start */
  uint64_t letters_seen_ms; /* when: 0: to be looked at */
};

#endif
