/* SPDX-License-Identifier: Apache-2.0 */

/* A table of counters, one row a thread and one cache line a cell; histograms lie apart from what every hop touches. */
#include "observe/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct metrics {
  uint32_t n_actors, n_stages;
  metrics_cell *cells;
  histogram *took;  /* one a cell: fresh zeros, so that those nobody writes to cost no memory */
  reasons *reasons; /* one a stage */
};

static void point_cells(metrics *self) {
  for (uint32_t actor = 0; actor < self->n_actors; actor++) {
    for (uint32_t stage = 0; stage < self->n_stages; stage++) {
      size_t at = (size_t)actor * self->n_stages + stage;
      self->cells[at].took = &self->took[at];
      self->cells[at].reasons = &self->reasons[stage];
    }
  }
}

int metrics_new(uint32_t n_actors, uint32_t n_stages, metrics **ret_metrics) {
  metrics *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  size_t n_cells = (size_t)n_actors * n_stages;
  size_t size = n_cells * sizeof *made->cells;
  made->cells = aligned_alloc(_Alignof(metrics_cell), size > 0 ? size : sizeof *made->cells);
  made->took = calloc(n_cells + 1, sizeof *made->took);
  made->reasons = calloc(n_stages + 1, sizeof *made->reasons);
  if (made->cells == NULL || made->took == NULL || made->reasons == NULL) {
    metrics_free(made);
    return -ENOMEM;
  }
  memset((void *)made->cells, 0, size);
  made->n_actors = n_actors;
  made->n_stages = n_stages;
  point_cells(made);
  *ret_metrics = made;
  return 0;
}

void metrics_free(metrics *self) {
  if (self != NULL) {
    free(self->cells);
    free(self->took);
    free(self->reasons);
    free(self);
  }
}

metrics_cell *metrics_cell_of(metrics *self, uint32_t actor, uint32_t stage) {
  return &self->cells[(size_t)actor * self->n_stages + stage];
}

void metrics_sum_of(const metrics *self, uint32_t stage, metrics_sum *ret_sum) {
  *ret_sum = (metrics_sum){ 0 };
  reasons_sum_of(&self->reasons[stage], &ret_sum->reasons);
  for (uint32_t actor = 0; actor < self->n_actors; actor++) {
    const metrics_cell *cell = &self->cells[(size_t)actor * self->n_stages + stage];
    ret_sum->documents += atomic_load_explicit(&cell->documents, memory_order_relaxed);
    ret_sum->dropped += atomic_load_explicit(&cell->dropped, memory_order_relaxed);
    ret_sum->failed += atomic_load_explicit(&cell->failed, memory_order_relaxed);
    ret_sum->retried += atomic_load_explicit(&cell->retried, memory_order_relaxed);
    ret_sum->bytes += atomic_load_explicit(&cell->bytes, memory_order_relaxed);
    ret_sum->time_ns += atomic_load_explicit(&cell->time_ns, memory_order_relaxed);
    histogram_sum_add(&ret_sum->took, cell->took);
  }
}

uint64_t metrics_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
