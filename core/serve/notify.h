/* SPDX-License-Identifier: Apache-2.0 */

/* systemd's side of a service, without its library: readiness and state as datagrams to NOTIFY_SOCKET, the watchdog, and sockets that
 * were opened before the worker (LISTEN_FDS). Floor 4.
 *
 * It only looks at the service, from a thread of its own, and tells what it sees. */
#ifndef CORE_SERVE_NOTIFY_H
#define CORE_SERVE_NOTIFY_H

#include "serve/service.h"

/* What systemd said when it started this process. */
typedef struct notify_given {
  char *socket;         /* owned; NULL: nobody is told anything */
  uint64_t watchdog_us; /* 0: nobody waits for signs of life */
  uint32_t n_sockets;
  service_socket *sockets; /* owned, with their names; the descriptors are the caller's */
} notify_given;

/* Takes it out of the environment, so that no child believes that it is meant. Before there is another thread. 0, -ENOMEM; -EINVAL:
 * what stands there is none, and says so in error. */
int notify_take(notify_given *ret_given, qn_error *error);
void notify_given_done(notify_given *given); /* leaves the descriptors open */
/* The socket of that name, taken out of the list; -1: there is none. */
int notify_take_socket(notify_given *given, const char *name);

typedef struct notify notify;

/* Begins to tell: READY=1 once all pipelines run. Does nothing if nobody is to be told; *ret_notify is NULL then. 0, or a negative errno
 * with error filled. */
int notify_start(const notify_given *given, service *service, notify **ret_notify, qn_error *error);
/* After service_run has returned. NULL is fine. */
void notify_stop(notify *notify);

#endif
