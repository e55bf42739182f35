/* SPDX-License-Identifier: Apache-2.0 */

/* A table of counters, one row a thread and one cache line a cell. */
#include "observe/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct metrics {
  uint32_t n_actors, n_stages;
  metrics_cell *cells;
};

int metrics_new(uint32_t n_actors, uint32_t n_stages, metrics **ret_metrics) {
  metrics *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  size_t size = (size_t)n_actors * n_stages * sizeof *made->cells;
  made->cells = aligned_alloc(_Alignof(metrics_cell), size > 0 ? size : sizeof *made->cells);
  if (made->cells == NULL) {
    free(made);
    return -ENOMEM;
  }
  memset((void *)made->cells, 0, size);
  made->n_actors = n_actors;
  made->n_stages = n_stages;
  *ret_metrics = made;
  return 0;
}

void metrics_free(metrics *self) {
  if (self != NULL) {
    free(self->cells);
    free(self);
  }
}

metrics_cell *metrics_cell_of(metrics *self, uint32_t actor, uint32_t stage) {
  return &self->cells[(size_t)actor * self->n_stages + stage];
}

void metrics_sum_of(const metrics *self, uint32_t stage, metrics_sum *ret_sum) {
  metrics_sum sum = { 0 };
  for (uint32_t actor = 0; actor < self->n_actors; actor++) {
    const metrics_cell *cell = &self->cells[(size_t)actor * self->n_stages + stage];
    sum.documents += atomic_load_explicit(&cell->documents, memory_order_relaxed);
    sum.dropped += atomic_load_explicit(&cell->dropped, memory_order_relaxed);
    sum.failed += atomic_load_explicit(&cell->failed, memory_order_relaxed);
    sum.retried += atomic_load_explicit(&cell->retried, memory_order_relaxed);
    sum.bytes += atomic_load_explicit(&cell->bytes, memory_order_relaxed);
    sum.time_ns += atomic_load_explicit(&cell->time_ns, memory_order_relaxed);
  }
  *ret_sum = sum;
}

uint64_t metrics_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
