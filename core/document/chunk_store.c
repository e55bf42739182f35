/* SPDX-License-Identifier: Apache-2.0 */

/* Shelves as in pool.c, one for every processor or so, with a stack of chunks for each size. Nobody waits for a shelf: who
 * finds all held asks malloc. Chunks are taken by workers and given back by sinks, mostly on other processors, so a taker
 * looks at all shelves, its own first; that costs a load for each that has nothing. */
#include "document/chunk_store.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "document/poison.h"

/* Sizes are ARENA_FIRST_BYTES times powers of two up to ARENA_KEEP_BYTES; a larger chunk is not kept. */
enum { SIZES = 10, SHELVES_MAX = 64, CACHE_LINE = 64 };
_Static_assert((size_t)ARENA_FIRST_BYTES << (SIZES - 1) == ARENA_KEEP_BYTES, "the largest size is what may be kept");

typedef struct shelf {
  _Alignas(CACHE_LINE) atomic_flag held;
  size_t bytes, bytes_max;            /* of all chunks here; while held */
  _Atomic(arena_chunk *) idle[SIZES]; /* changed only while held; whether it is NULL is also read without */
} shelf;

struct chunk_store {
  uint32_t n_shelves; /* a power of two */
  shelf *shelves;
};

static uint32_t size_of(size_t bytes) {
  uint32_t size = 0;
  while (size < SIZES && (size_t)ARENA_FIRST_BYTES << size < bytes) {
    size++;
  }
  return size;
}

static shelf *shelf_from(const chunk_store *store, uint32_t i) {
  return &store->shelves[i & (store->n_shelves - 1)];
}

static uint32_t shelf_here(void) {
  int cpu = sched_getcpu();
  return cpu < 0 ? 0 : (uint32_t)cpu;
}

static bool shelf_try(shelf *s) {
  return !atomic_flag_test_and_set_explicit(&s->held, memory_order_acquire);
}

static void shelf_leave(shelf *s) {
  atomic_flag_clear_explicit(&s->held, memory_order_release);
}

static arena_chunk *top(shelf *s, uint32_t size) {
  return atomic_load_explicit(&s->idle[size], memory_order_relaxed);
}

static arena_chunk *take_idle(const chunk_store *store, uint32_t size) {
  uint32_t here = shelf_here();
  arena_chunk *taken = NULL;
  for (uint32_t i = 0; i < store->n_shelves && taken == NULL; i++) {
    shelf *s = shelf_from(store, here + i);
    if (top(s, size) == NULL || !shelf_try(s)) {
      continue;
    }
    taken = top(s, size);
    if (taken != NULL) {
      atomic_store_explicit(&s->idle[size], taken->next, memory_order_relaxed);
      s->bytes -= taken->bytes;
    }
    shelf_leave(s);
  }
  return taken;
}

static arena_chunk *chunk_make(size_t bytes) {
  arena_chunk *chunk = malloc(sizeof *chunk + bytes);
  if (chunk != NULL) {
    chunk->bytes = bytes;
    POISON(chunk->data, bytes);
  }
  return chunk;
}

arena_chunk *chunk_store_take(chunk_store *store, size_t bytes) {
  uint32_t size = store != NULL ? size_of(bytes) : SIZES;
  if (size == SIZES) {
    return chunk_make(bytes);
  }
  arena_chunk *taken = take_idle(store, size);
  return taken != NULL ? taken : chunk_make((size_t)ARENA_FIRST_BYTES << size);
}

/* Puts chunks on a held shelf as long as it has room; returns those that are left. */
static arena_chunk *put(shelf *s, arena_chunk *first) {
  arena_chunk *left = NULL;
  while (first != NULL) {
    arena_chunk *chunk = first;
    first = chunk->next;
    uint32_t size = size_of(chunk->bytes);
    if (size == SIZES || chunk->bytes > s->bytes_max - s->bytes) {
      chunk->next = left;
      left = chunk;
      continue;
    }
    POISON(chunk->data, chunk->bytes); /* until an arena lends it again */
    chunk->next = top(s, size);
    atomic_store_explicit(&s->idle[size], chunk, memory_order_relaxed);
    s->bytes += chunk->bytes;
  }
  return left;
}

static void chunks_free(arena_chunk *first) {
  while (first != NULL) {
    arena_chunk *next = first->next;
    UNPOISON(first->data, first->bytes);
    free(first);
    first = next;
  }
}

void chunk_store_give(chunk_store *store, arena_chunk *first) {
  if (store != NULL && first != NULL) {
    uint32_t here = shelf_here();
    for (uint32_t i = 0; i < store->n_shelves; i++) {
      shelf *s = shelf_from(store, here + i);
      if (shelf_try(s)) {
        first = put(s, first);
        shelf_leave(s);
        break;
      }
    }
  }
  chunks_free(first);
}

static uint32_t shelf_count(void) {
  long n_processors = sysconf(_SC_NPROCESSORS_CONF);
  uint32_t n = 1;
  while (n < SHELVES_MAX && (long)n < n_processors) {
    n *= 2;
  }
  return n;
}

int chunk_store_new(chunk_store **ret_store) {
  uint32_t n_shelves = shelf_count();
  chunk_store *made = malloc(sizeof *made);
  shelf *shelves = aligned_alloc(CACHE_LINE, n_shelves * sizeof *shelves);
  if (made == NULL || shelves == NULL) {
    free(shelves);
    free(made);
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < n_shelves; i++) {
    atomic_flag_clear(&shelves[i].held);
    shelves[i].bytes = 0;
    shelves[i].bytes_max = CHUNK_STORE_BYTES_MAX / n_shelves;
    for (uint32_t size = 0; size < SIZES; size++) {
      atomic_init(&shelves[i].idle[size], NULL);
    }
  }
  *made = (chunk_store){ n_shelves, shelves };
  *ret_store = made;
  return 0;
}

void chunk_store_free(chunk_store *store) {
  if (store == NULL) {
    return;
  }
  for (uint32_t i = 0; i < store->n_shelves; i++) {
    for (uint32_t size = 0; size < SIZES; size++) {
      chunks_free(top(&store->shelves[i], size));
    }
  }
  free(store->shelves);
  free(store);
}
