/* SPDX-License-Identifier: Apache-2.0 */

/* What each stage did, counted without a lock: every thread writes its own cells, readers add them up. Floor 1. */
#ifndef CORE_OBSERVE_METRICS_H
#define CORE_OBSERVE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

/* One stage as one thread saw it. Written by that thread alone; read by any. */
typedef struct metrics_cell {
  _Alignas(64) _Atomic uint64_t documents; /* that entered the stage */
  _Atomic uint64_t dropped;
  _Atomic uint64_t failed;
  _Atomic uint64_t retried;
  _Atomic uint64_t bytes;   /* sources: of payload; sinks: of prepared records */
  _Atomic uint64_t time_ns; /* an estimate: sampled documents weigh for those that were not */
} metrics_cell;

/* A sum of cells at one moment. */
typedef struct metrics_sum {
  uint64_t documents, dropped, failed, retried, bytes, time_ns;
} metrics_sum;

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

/* A clock that never goes back. Costs about 25 ns: for borders and samples, not for hops. */
uint64_t metrics_now_ns(void);

#endif
