/* SPDX-License-Identifier: Apache-2.0 */

/* What each stage did, counted without a lock: every thread writes its own cells, readers add them up. Floor 1. */
#ifndef CORE_OBSERVE_METRICS_H
#define CORE_OBSERVE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "observe/histogram.h"
#include "observe/reasons.h"

/* One stage as one thread saw it. Written by that thread alone; read by any. */
typedef struct metrics_cell {
  _Alignas(64) _Atomic uint64_t documents; /* that entered the stage */
  _Atomic uint64_t dropped;
  _Atomic uint64_t failed;
  _Atomic uint64_t retried;
  _Atomic uint64_t bytes;   /* sources: of payload; sinks: of prepared records */
  _Atomic uint64_t time_ns; /* an estimate: sampled documents weigh for those that were not */
  histogram *took;          /* how long documents were in the stage; of this cell alone */
  reasons *reasons;         /* why documents failed; the stage's, shared by its cells */
} metrics_cell;

/* A sum of cells at one moment. */
typedef struct metrics_sum {
  uint64_t documents, dropped, failed, retried, bytes, time_ns;
  histogram_sum took; /* of sampled documents, which weigh for the others; of a batch each took as long as all */
  reasons_sum reasons;
} metrics_sum;

/* Which documents are timed: all of the first, then every so many-th, which then weighs for those between. Odd, since a document
 * may be run in two pieces: both get their turn. */
enum { METRICS_ALL_FIRST = 64, METRICS_SAMPLE_EVERY = 17 };

typedef struct metrics metrics;

/* n_actors threads and n_stages stages. 0, -ENOMEM. */
int metrics_new(uint32_t n_actors, uint32_t n_stages, metrics **ret_metrics);
void metrics_free(metrics *metrics);
metrics_cell *metrics_cell_of(metrics *metrics, uint32_t actor, uint32_t stage);
void metrics_sum_of(const metrics *metrics, uint32_t stage, metrics_sum *ret_sum);

/* Adds to a counter that only this thread writes: no locked instruction. */
static inline void metrics_add(_Atomic uint64_t *counter, uint64_t n) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

/* A call took ns, and n documents were in the stage for so long. weight: how many calls this one stands for. */
static inline void metrics_took(metrics_cell *cell, uint64_t ns, uint64_t n, uint64_t weight) {
  metrics_add(&cell->time_ns, ns * weight);
  histogram_add(cell->took, ns, n * weight);
}

/* A document has failed for good. */
static inline void metrics_failed(metrics_cell *cell, const char *slug) {
  metrics_add(&cell->failed, 1);
  reasons_count(cell->reasons, slug);
}

/* A clock that never goes back. Costs about 25 ns: for borders and samples, not for hops. */
uint64_t metrics_now_ns(void);

#endif
