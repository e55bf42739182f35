/* SPDX-License-Identifier: Apache-2.0 */

/* When to try to connect again: at once, then after pauses that double up to a bound, until it has gone on for too long. */
#ifndef BROKER_SESSION_H
#define BROKER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"

typedef struct broker_session {
  uint32_t first_ms, longest_ms, give_up_ms; /* give_up_ms 0: never */
  bool is_connected;
  bool was_connected; /* once */
  uint32_t pause_ms;  /* before the next try */
  uint64_t failing_since_ms;
  uint64_t next_try_ms;
  uint64_t told_ms; /* when a failure was logged last */
  char told[128];   /* its text, or the beginning of it */
} broker_session;

/* Reads /backoff_ms, /backoff_max_ms and /give_up_ms. */
void broker_session_init(broker_session *session, qn_create *create);
/* How long to wait before the next try. */
uint32_t broker_session_wait_ms(const broker_session *session);
void broker_session_up(broker_session *session);
/* The connection is lost, or could not be made. */
void broker_session_down(broker_session *session);
/* Whether there is no point in going on: it was refused for good before it ever worked, or has failed for too long. */
bool broker_session_is_hopeless(const broker_session *session, const broker_fault *fault);

/* Whether a failure is worth a line of the log: it is another one than before, or goes on for long. */
bool broker_session_is_news(broker_session *session, const broker_fault *fault);

/* Milliseconds of a clock that never goes back. */
uint64_t broker_now_ms(void);

#endif
