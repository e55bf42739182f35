/* SPDX-License-Identifier: Apache-2.0 */

/* A watchdog with a list of calls and when each is due. */
#include "harness/deadline.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "harness/harness_body.h"

struct deadlines {
  pthread_mutex_t lock;
  pthread_cond_t changed; /* on CLOCK_MONOTONIC */
  qn_harness_run *first;
  pthread_t thread;
  bool has_thread;
  bool is_over;
};

int deadlines_new(deadlines **ret_deadlines) {
  deadlines *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  pthread_condattr_t clock;
  pthread_mutex_init(&self->lock, NULL);
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&self->changed, &clock);
  pthread_condattr_destroy(&clock);
  *ret_deadlines = self;
  return 0;
}

void deadlines_free(deadlines *self) {
  if (self == NULL) {
    return;
  }
  pthread_mutex_lock(&self->lock);
  self->is_over = true;
  pthread_cond_signal(&self->changed);
  pthread_mutex_unlock(&self->lock);
  if (self->has_thread) {
    pthread_join(self->thread, NULL);
  }
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->lock);
  free(self);
}

/* Cancels what is due; when the next one is, or 0. With the lock held. */
static uint64_t cancel_due(deadlines *self, uint64_t now_ns) {
  uint64_t next_ns = 0;
  for (qn_harness_run *run = self->first; run != NULL; run = run->next_due) {
    if (run->due_ns <= now_ns) {
      atomic_store(&run->call.cancelled, 1);
    } else if (next_ns == 0 || run->due_ns < next_ns) {
      next_ns = run->due_ns;
    }
  }
  return next_ns;
}

static void *watch(void *arg) {
  deadlines *self = arg;
  pthread_mutex_lock(&self->lock);
  while (!self->is_over) {
    uint64_t next_ns = cancel_due(self, harness_clock_ns());
    if (next_ns == 0) {
      pthread_cond_wait(&self->changed, &self->lock);
    } else {
      struct timespec until = { .tv_sec = (time_t)(next_ns / 1000000000), .tv_nsec = (long)(next_ns % 1000000000) };
      pthread_cond_timedwait(&self->changed, &self->lock, &until);
    }
  }
  pthread_mutex_unlock(&self->lock);
  return NULL;
}

void deadlines_arm(deadlines *self, qn_harness_run *run, uint64_t due_ns) {
  pthread_mutex_lock(&self->lock);
  if (!self->has_thread) {
    self->has_thread = pthread_create(&self->thread, NULL, watch, self) == 0;
  }
  run->due_ns = due_ns;
  run->next_due = self->first;
  self->first = run;
  pthread_cond_signal(&self->changed);
  pthread_mutex_unlock(&self->lock);
}

void deadlines_disarm(deadlines *self, qn_harness_run *run) {
  pthread_mutex_lock(&self->lock);
  qn_harness_run **link = &self->first;
  while (*link != NULL && *link != run) {
    link = &(*link)->next_due;
  }
  if (*link == run) {
    *link = run->next_due;
  }
  pthread_mutex_unlock(&self->lock);
}
