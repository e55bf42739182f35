/* SPDX-License-Identifier: Apache-2.0 */

/* Vyukov's bounded queue: each cell carries the turn whose it is. Pushes claim a position without looking, since there
 * is always room; pulls claim the run of filled cells they saw. */
#include "runtime/ring.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Twice the room that is needed: a reader that claimed a cell and lost its processor before emptying it is then a whole
 * round away from the next writer of that cell. */
static uint64_t size_for(uint32_t n_items) {
  uint64_t size = 2;
  while (size < 2 * (uint64_t)n_items) {
    size *= 2;
  }
  return size;
}

int ring_init(ring *self, uint32_t n_items) {
  uint64_t size = size_for(n_items);
  self->cells = calloc(size, sizeof *self->cells);
  if (self->cells == NULL) {
    return -ENOMEM;
  }
  self->mask = size - 1;
  for (uint64_t i = 0; i < size; i++) {
    atomic_init(&self->cells[i].turn, i);
  }
  atomic_init(&self->tail, 0);
  atomic_init(&self->head, 0);
  return 0;
}

void ring_done(ring *self) {
  free(self->cells);
  self->cells = NULL;
}

void ring_push(ring *self, void *item) {
  uint64_t position = atomic_fetch_add_explicit(&self->tail, 1, memory_order_relaxed);
  ring_cell *cell = &self->cells[position & self->mask];
  while (atomic_load_explicit(&cell->turn, memory_order_acquire) != position) {
    sched_yield();
  }
  cell->item = item;
  atomic_store(&cell->turn, position + 1);
}

/* How many cells from position on are filled. */
static uint32_t filled(const ring *self, uint64_t position, uint32_t n_max) {
  uint32_t n = 0;
  while (n < n_max && atomic_load(&self->cells[(position + n) & self->mask].turn) == position + n + 1) {
    n++;
  }
  return n;
}

uint32_t ring_pull(ring *self, void **items, uint32_t n_max) {
  uint64_t head = atomic_load(&self->head);
  for (;;) {
    uint32_t n = filled(self, head, n_max);
    if (n == 0) {
      uint64_t now = atomic_load(&self->head);
      if (now == head) {
        return 0;
      }
      head = now;
    } else if (atomic_compare_exchange_weak(&self->head, &head, head + n)) {
      for (uint32_t i = 0; i < n; i++) {
        ring_cell *cell = &self->cells[(head + i) & self->mask];
        items[i] = cell->item;
        atomic_store_explicit(&cell->turn, head + i + self->mask + 1, memory_order_release);
      }
      return n;
    }
  }
}

uint32_t ring_count(const ring *self) {
  uint64_t head = atomic_load(&self->head);
  uint64_t tail = atomic_load(&self->tail);
  return tail > head ? (uint32_t)(tail - head) : 0;
}
