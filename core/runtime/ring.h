/* SPDX-License-Identifier: Apache-2.0 */

/* A bounded queue of pointers for many writers and many readers. Floor 4.
 *
 * It is made to hold everything that can ever be in flight, so a push finds room by construction and never waits for
 * a reader. Readers take runs of items with one atomic step. */
#ifndef CORE_RUNTIME_RING_H
#define CORE_RUNTIME_RING_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ring_cell {
  _Atomic uint64_t turn; /* position + 1: filled; position + size: free for that position */
  void *item;
} ring_cell;

typedef struct ring {
  ring_cell *cells;
  uint64_t mask;
  _Alignas(64) _Atomic uint64_t tail; /* next position to push to */
  _Alignas(64) _Atomic uint64_t head; /* next position to pull from */
} ring;

/* Room for n_items at once, at least. 0, -ENOMEM. */
int ring_init(ring *ring, uint32_t n_items);
void ring_done(ring *ring);

void ring_push(ring *ring, void *item);                       /* [any] */
uint32_t ring_pull(ring *ring, void **items, uint32_t n_max); /* [any] how many were there, at most n_max */
uint32_t ring_count(const ring *ring);                        /* [any] about; exact when nobody else is at it */

#endif
