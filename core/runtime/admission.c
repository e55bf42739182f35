/* SPDX-License-Identifier: Apache-2.0 */

/* Credits in one atomic word. Waking a source costs more than a document, so it sleeps until a good part of the budget
 * is free; a source that would starve on that rule (the rest is held by retries) looks by itself now and then. */
#include "runtime/admission.h"

#include <errno.h>
#include <stdatomic.h>

#include "observe/metrics.h"

#define BYTES_BITS 44
#define BYTES_MASK ((UINT64_C(1) << BYTES_BITS) - 1)
#define PAUSE_FIRST_NS UINT64_C(1000000)
#define PAUSE_LONGEST_NS UINT64_C(64000000)

void admission_init(admission *self, uint32_t limit_documents, uint64_t limit_bytes, void (*credit)(void *arg),
                    void *arg) {
  self->limit_documents = limit_documents == 0                        ? 1
                          : limit_documents > ADMISSION_DOCUMENTS_MAX ? ADMISSION_DOCUMENTS_MAX
                                                                      : limit_documents;
  self->limit_bytes = limit_bytes < BYTES_MASK / 2 ? limit_bytes : BYTES_MASK / 2;
  self->credit = credit;
  self->arg = arg;
  atomic_init(&self->in_flight, 0);
  atomic_init(&self->n_starved, 0);
  atomic_init(&self->n_inner, 0);
  atomic_init(&self->closed, false);
  park_init(&self->park);
}

static uint64_t packed(uint32_t n_documents, uint64_t bytes) {
  return ((uint64_t)n_documents << BYTES_BITS) + bytes;
}

static uint32_t documents_of(uint64_t word) {
  return (uint32_t)(word >> BYTES_BITS);
}

static bool fits(const admission *self, uint64_t word, uint64_t bytes) {
  uint32_t n_documents = documents_of(word);
  return n_documents == 0 || (n_documents < self->limit_documents && (word & BYTES_MASK) + bytes <= self->limit_bytes);
}

int admission_try(admission *self, uint64_t bytes) {
  if (atomic_load(&self->closed)) {
    return -ECANCELED;
  }
  uint64_t word = atomic_load(&self->in_flight);
  while (fits(self, word, bytes) && (documents_of(word) == 0 || atomic_load(&self->n_inner) == 0)) {
    if (atomic_compare_exchange_weak(&self->in_flight, &word, word + packed(1, bytes))) {
      return 0;
    }
  }
  return -EAGAIN;
}

bool admission_has_room(const admission *self) {
  return fits(self, atomic_load(&self->in_flight), 0);
}

int admission_try_inner(admission *self) {
  uint64_t word = atomic_load(&self->in_flight);
  while (fits(self, word, 0)) {
    if (atomic_compare_exchange_weak(&self->in_flight, &word, word + packed(1, 0))) {
      return 0;
    }
  }
  return -EAGAIN;
}

void admission_force(admission *self) {
  atomic_fetch_add(&self->in_flight, packed(1, 0));
}

void admission_starve_inner(admission *self) {
  atomic_fetch_add(&self->n_inner, 1);
}

void admission_sate_inner(admission *self) {
  if (atomic_fetch_sub(&self->n_inner, 1) == 1) {
    park_wake(&self->park);
  }
}

/* Room enough to be worth a wake. */
static bool roomy(const admission *self, uint64_t word) {
  uint32_t n_documents = documents_of(word);
  return n_documents == 0 || (n_documents <= self->limit_documents - (self->limit_documents + 3) / 4 &&
                              (word & BYTES_MASK) <= self->limit_bytes - self->limit_bytes / 4);
}

int admission_wait(admission *self, uint64_t bytes) {
  return admission_wait_for(self, bytes, UINT64_MAX);
}

int admission_wait_for(admission *self, uint64_t bytes, uint64_t wait_ns) {
  uint64_t begin_ns = wait_ns < UINT64_MAX ? metrics_now_ns() : 0;
  uint64_t pause_ns = PAUSE_FIRST_NS;
  int rc = admission_try(self, bytes);
  bool waited = false;
  while (rc == -EAGAIN && (wait_ns == UINT64_MAX || metrics_now_ns() - begin_ns < wait_ns)) {
    uint32_t key = park_prepare(&self->park);
    rc = admission_try(self, bytes);
    if (rc != -EAGAIN) {
      park_cancel(&self->park);
      break;
    }
    park_wait(&self->park, key, pause_ns);
    waited = true;
    pause_ns = pause_ns < PAUSE_LONGEST_NS ? pause_ns * 2 : pause_ns;
    rc = admission_try(self, bytes);
  }
  if (waited && rc == 0 && roomy(self, atomic_load(&self->in_flight))) {
    park_wake(&self->park);
  }
  return rc;
}

void admission_starve(admission *self) {
  atomic_fetch_add(&self->n_starved, 1);
}

void admission_sated(admission *self) {
  atomic_fetch_sub(&self->n_starved, 1);
}

static void tell(admission *self, uint64_t word) {
  if (atomic_load(&self->n_inner) != 0) {
    self->credit(self->arg);
  }
  if (!roomy(self, word)) {
    return;
  }
  park_wake(&self->park);
  if (atomic_load(&self->n_starved) != 0) {
    self->credit(self->arg);
  }
}

void admission_charge(admission *self, int64_t bytes) {
  uint64_t word = atomic_fetch_add(&self->in_flight, (uint64_t)bytes) + (uint64_t)bytes;
  if (bytes < 0) {
    tell(self, word);
  }
}

void admission_release(admission *self, uint32_t n_documents, uint64_t bytes) {
  uint64_t taken = packed(n_documents, bytes);
  tell(self, atomic_fetch_sub(&self->in_flight, taken) - taken);
}

void admission_close(admission *self) {
  atomic_store(&self->closed, true);
  park_wake_all(&self->park);
}

uint32_t admission_documents(const admission *self) {
  return documents_of(atomic_load(&self->in_flight));
}

uint64_t admission_bytes(const admission *self) {
  return atomic_load(&self->in_flight) & BYTES_MASK;
}
