/* SPDX-License-Identifier: Apache-2.0 */

/* Back-off. The clock starts with the first failure and stops with the next success. */
#include "broker/session.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TELL_AGAIN_MS = 60000 };

uint64_t broker_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void broker_session_init(broker_session *self, qn_create *create) {
  *self = (broker_session){
    .first_ms = (uint32_t)qn_config_i64(create, "/backoff_ms", 200),
    .longest_ms = (uint32_t)qn_config_i64(create, "/backoff_max_ms", 10000),
    .give_up_ms = (uint32_t)qn_config_i64(create, "/give_up_ms", 300000),
  };
}

uint32_t broker_session_wait_ms(const broker_session *self) {
  uint64_t now_ms = broker_now_ms();
  return self->next_try_ms > now_ms ? (uint32_t)(self->next_try_ms - now_ms) : 0;
}

bool broker_session_is_news(broker_session *self, const broker_fault *fault) {
  uint64_t now_ms = broker_now_ms();
  bool is_same = strncmp(self->told, fault->text, sizeof self->told - 1) == 0;
  if (is_same && now_ms - self->told_ms < TELL_AGAIN_MS) {
    return false;
  }
  snprintf(self->told, sizeof self->told, "%.*s", (int)sizeof self->told - 1, fault->text);
  self->told_ms = now_ms;
  return true;
}

void broker_session_up(broker_session *self) {
  self->is_connected = true;
  self->was_connected = true;
  self->pause_ms = 0;
  self->told[0] = '\0';
  self->failing_since_ms = 0;
  self->next_try_ms = 0;
}

void broker_session_down(broker_session *self) {
  uint64_t now_ms = broker_now_ms();
  bool was_up = self->is_connected;
  self->is_connected = false;
  self->failing_since_ms = self->failing_since_ms == 0 ? now_ms : self->failing_since_ms;
  if (was_up) {
    self->next_try_ms = now_ms; /* another address may answer at once */
    return;
  }
  self->pause_ms = self->pause_ms == 0 ? self->first_ms : self->pause_ms * 2;
  self->pause_ms = self->pause_ms < self->longest_ms ? self->pause_ms : self->longest_ms;
  self->next_try_ms = now_ms + self->pause_ms;
}

bool broker_session_is_hopeless(const broker_session *self, const broker_fault *fault) {
  bool too_long = self->give_up_ms > 0 && self->failing_since_ms > 0 &&
                  broker_now_ms() - self->failing_since_ms >= self->give_up_ms;
  return too_long || (fault->is_permanent && !self->was_connected);
}
