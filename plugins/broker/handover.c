/* SPDX-License-Identifier: Apache-2.0 */

/* Two lists that change places under a lock, which is held for a batch, never for a document. */
#include "broker/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void broker_handover_init(broker_handover *self) {
  self->receipts = self->taken = NULL;
  self->n = self->capacity = 0;
  self->n_taken = self->n_given = self->taken_capacity = 0;
  atomic_init(&self->is_filled, false);
  atomic_init(&self->is_ending, false);
  pthread_condattr_t clock;
  pthread_mutex_init(&self->lock, NULL);
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&self->changed, &clock);
  pthread_condattr_destroy(&clock);
}

void broker_handover_done(broker_handover *self) {
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->lock);
  free(self->receipts);
  free(self->taken);
  self->receipts = self->taken = NULL;
}

static int grow(qn_receipt **receipts, uint32_t *capacity, uint32_t n) {
  uint32_t wanted = n < 64 ? 64 : n > UINT32_MAX / 2 ? n : n * 2;
  qn_receipt *larger = n > *capacity ? realloc(*receipts, wanted * sizeof *larger) : *receipts;
  if (larger == NULL && n > 0) {
    return -ENOMEM;
  }
  *capacity = n > *capacity ? wanted : *capacity;
  *receipts = larger;
  return 0;
}

int broker_handover_reserve(broker_handover *self, uint32_t n) {
  if (n <= self->capacity && n <= self->taken_capacity) { /* nobody else changes them */
    return 0;
  }
  pthread_mutex_lock(&self->lock);
  int rc = grow(&self->receipts, &self->capacity, n);
  pthread_mutex_unlock(&self->lock);
  return rc == 0 ? grow(&self->taken, &self->taken_capacity, n) : rc;
}

bool broker_handover_put(broker_handover *self, const qn_receipt *receipts, uint32_t n) {
  pthread_mutex_lock(&self->lock);
  bool was_empty = self->n == 0;
  uint32_t room = self->capacity - self->n;
  n = n < room ? n : room; /* there is room for all that is in flight: more cannot settle */
  if (n > 0) {
    memcpy(self->receipts + self->n, receipts, n * sizeof *receipts);
    self->n += n;
    atomic_store(&self->is_filled, true);
  }
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
  return was_empty;
}

static struct timespec after_ms(uint32_t wait_ms) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += wait_ms / 1000;
  at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
  if (at.tv_nsec >= 1000000000) {
    at.tv_sec++;
    at.tv_nsec -= 1000000000;
  }
  return at;
}

/* Under the lock. */
static void wait_for_some(broker_handover *self, uint32_t wait_ms) {
  const struct timespec until = after_ms(wait_ms);
  while (self->n == 0 && !atomic_load(&self->is_ending) &&
         pthread_cond_timedwait(&self->changed, &self->lock, &until) == 0) {
  }
}

/* Under the lock, when all that was taken was given out. */
static void change_places(broker_handover *self) {
  qn_receipt *empty = self->taken;
  uint32_t capacity = self->taken_capacity;
  self->taken = self->receipts;
  self->taken_capacity = self->capacity;
  self->n_taken = self->n;
  self->n_given = 0;
  self->receipts = empty;
  self->capacity = capacity;
  self->n = 0;
  atomic_store(&self->is_filled, false);
}

uint32_t broker_handover_take(broker_handover *self, uint32_t wait_ms, qn_receipt *ret_receipts, uint32_t capacity) {
  if (self->n_given == self->n_taken && (wait_ms > 0 || atomic_load(&self->is_filled))) {
    pthread_mutex_lock(&self->lock);
    if (wait_ms > 0) {
      wait_for_some(self, wait_ms);
    }
    if (self->n > 0) {
      change_places(self);
    }
    pthread_mutex_unlock(&self->lock);
  }
  uint32_t n = self->n_taken - self->n_given < capacity ? self->n_taken - self->n_given : capacity;
  if (n > 0) {
    memcpy(ret_receipts, self->taken + self->n_given, n * sizeof *ret_receipts);
    self->n_given += n;
  }
  return n;
}

void broker_handover_end(broker_handover *self) {
  pthread_mutex_lock(&self->lock);
  atomic_store(&self->is_ending, true);
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
}

bool broker_handover_is_ending(const broker_handover *self) {
  return atomic_load(&self->is_ending);
}

void broker_handover_sleep(broker_handover *self, uint32_t wait_ms) {
  pthread_mutex_lock(&self->lock);
  wait_for_some(self, wait_ms);
  pthread_mutex_unlock(&self->lock);
}
