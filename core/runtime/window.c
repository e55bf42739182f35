/* SPDX-License-Identifier: Apache-2.0 */

/* A circle of places, one for each sequence that can be in flight. */
#include "runtime/window.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

int window_init(window *self, uint32_t n_items) {
  uint64_t size = 1;
  while (size < n_items) {
    size *= 2;
  }
  self->places = calloc(size, sizeof *self->places);
  if (self->places == NULL) {
    return -ENOMEM;
  }
  self->mask = size - 1;
  atomic_init(&self->next, 0);
  return 0;
}

void window_done(window *self) {
  free((void *)self->places);
  self->places = NULL;
}

void window_put(window *self, uint64_t sequence, void *item) {
  void *_Atomic *place = &self->places[sequence & self->mask];
  assert(atomic_load_explicit(place, memory_order_relaxed) == NULL);
  atomic_store(place, item);
}

bool window_ready(const window *self) {
  uint64_t next = atomic_load(&self->next);
  return atomic_load(&self->places[next & self->mask]) != NULL;
}

uint32_t window_count(const window *self) {
  uint32_t n = 0;
  for (uint64_t i = 0; i <= self->mask; i++) {
    n += atomic_load_explicit(&self->places[i], memory_order_relaxed) != NULL;
  }
  return n;
}

uint32_t window_take(window *self, void **items, uint32_t n_max) {
  uint64_t next = atomic_load_explicit(&self->next, memory_order_relaxed);
  uint32_t n = 0;
  while (n < n_max) {
    void *_Atomic *place = &self->places[(next + n) & self->mask];
    void *item = atomic_load(place);
    if (item == NULL) {
      break;
    }
    atomic_store_explicit(place, NULL, memory_order_relaxed);
    items[n++] = item;
  }
  if (n > 0) {
    atomic_store(&self->next, next + n);
  }
  return n;
}
