/* SPDX-License-Identifier: Apache-2.0 */

/* How many parts of a run may still move a document by themselves. When none can, batches that wait to fill never will:
 * nothing upstream can still arrive. Floor 4.
 *
 * A source counts while it is not waiting for credit, a worker and a sink while they do not sleep, and what waits for
 * somebody outside (a ticket, a retry) counts once each. Counted at the edges of sleep, not for documents. */
#ifndef CORE_RUNTIME_ACTIVITY_H
#define CORE_RUNTIME_ACTIVITY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/park.h"

typedef struct activity {
  _Atomic uint32_t n_active;
  _Atomic uint32_t n_held; /* batches that have begun to fill */
  park *park;              /* where the workers sleep, who can flush them */
} activity;

static inline void activity_begin(activity *self) {
  atomic_fetch_add(&self->n_active, 1);
}

/* A worker falls asleep: it looks itself whether it was the last. */
static inline void activity_rest(activity *self) {
  atomic_fetch_sub(&self->n_active, 1);
}

/* The last one out wakes a worker if a batch waits. */
static inline void activity_end(activity *self) {
  if (atomic_fetch_sub(&self->n_active, 1) == 1 && atomic_load(&self->n_held) > 0) {
    park_wake(self->park);
  }
}

static inline bool activity_stands_still(activity *self) {
  return atomic_load(&self->n_active) == 0;
}

#endif
