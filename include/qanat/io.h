/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.io/1": events on the host's loop, for async sources, sinks and transforms.
 *
 * Get it with host->extension(env, QN_IO_1) in create and keep the pointer. All callbacks run on the loop
 * thread and must never block. Functions are [loop] unless tagged. Everything a stage still holds when
 * its destroy returns is closed by the host and reported as the plugin's fault. */
#ifndef QANAT_IO_H
#define QANAT_IO_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_IO_1 "qanat.io/1"

/* Readiness of a descriptor. ERROR is only ever reported. */
enum { QN_IO_READABLE = 1, QN_IO_WRITABLE = 2, QN_IO_ERROR = 4 };

typedef struct qn_watch qn_watch;
typedef struct qn_timer qn_timer;
typedef struct qn_wake qn_wake;

typedef struct qn_io {
  uint32_t size;
  uint32_t reserved;

  /* Watches a non-blocking descriptor; callback gets the ready events. The descriptor stays the stage's and
   * must stay open until unwatch. events may be changed by another watch_set. 0, -ENOMEM, -errno. */
  int (*watch)(qn_env *env, int fd, uint32_t events, void (*callback)(void *arg, uint32_t events), void *arg,
               qn_watch **ret_watch);
  int (*watch_set)(qn_watch *watch, uint32_t events);
  void (*unwatch)(qn_watch *watch); /* NULL is fine; no callback after it */

  /* A timer: first after delay_ms, then every repeat_ms (0: once). */
  int (*timer_start)(qn_env *env, uint64_t delay_ms, uint64_t repeat_ms, void (*callback)(void *arg), void *arg,
                     qn_timer **ret_timer);
  void (*timer_stop)(qn_timer *timer);

  /* Wakes the loop from any thread: callback runs once for one or more sends. Open and close [loop] or [create]. */
  int (*wake_open)(qn_env *env, void (*callback)(void *arg), void *arg, qn_wake **ret_wake);
  void (*wake_send)(qn_wake *wake); /* [any] */
  void (*wake_close)(qn_wake *wake);

  /* Runs work on a thread of the host that may block, then done on the loop. 0, -ENOMEM. */
  int (*offload)(qn_env *env, void (*work)(void *arg), void (*done)(void *arg), void *arg);

  /* A listening socket for "host:port", "[::1]:port" or "unix:/path" that the process owns and that survives
   * reloads; non-blocking. Do not close it. A unix socket lets in nobody but its owner
   * until you change its mode. 0, -errno. [create] or [loop] */
  int (*listen)(qn_env *env, qn_str address, int *ret_fd);

  /* Milliseconds of a clock that never goes back. */
  uint64_t (*now_ms)(qn_env *env);
} qn_io;

#ifdef __cplusplus
}
#endif

#endif
