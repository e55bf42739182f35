/* SPDX-License-Identifier: Apache-2.0 */

/* The chunk chain behind an arena. The chain outlives resets: chunks before and at `current` hold data, those after
 * it wait. A request too large for the next waiting chunk gets one of its own, put in before it, so that the
 * waiting ones stay usable. */
#include "document/arena.h"

#include <assert.h>

#include "document/chunk_store.h"
#include "document/poison.h"

enum { CHUNK_MAX_STEP = 1024 * 1024 };

/* What an allocation takes: under AddressSanitizer also a gap behind it that stays poisoned. */
static size_t slot_bytes(size_t bytes) {
  return (bytes + POISON_GAP + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

void arena_init(arena *self, size_t limit, chunk_store *store) {
  *self = (arena){ .limit = limit, .store = store };
}

void arena_done(arena *self) {
  chunk_store_give(NULL, self->first);
  arena_init(self, self->limit, self->store);
}

size_t arena_used(const arena *self) {
  return self->used_before + (self->current != NULL ? (size_t)(self->cursor - self->current->data) : 0);
}

static void enter_chunk(arena *self, arena_chunk *chunk) {
  self->used_before = arena_used(self);
  self->current = chunk;
  self->cursor = chunk->data;
  self->end = chunk->data + chunk->bytes;
}

/* Chunks double with the arena, so that a document of n bytes takes log n of them. */
static arena_chunk *chunk_new(arena *self, size_t bytes) {
  size_t step = self->capacity < ARENA_FIRST_BYTES ? ARENA_FIRST_BYTES : self->capacity;
  step = step > CHUNK_MAX_STEP ? CHUNK_MAX_STEP : step;
  arena_chunk *chunk = chunk_store_take(self->store, bytes > step ? bytes : step);
  if (chunk == NULL) {
    return NULL;
  }
  arena_chunk **link = self->current != NULL ? &self->current->next : &self->first;
  chunk->next = *link;
  *link = chunk;
  self->capacity += chunk->bytes;
  return chunk;
}

static void *alloc_in_next(arena *self, size_t bytes) {
  arena_chunk *next = self->current != NULL ? self->current->next : self->first;
  if (next == NULL || next->bytes < bytes) {
    next = chunk_new(self, bytes);
    if (next == NULL) {
      return NULL;
    }
  }
  enter_chunk(self, next);
  char *memory = self->cursor;
  self->cursor += bytes;
  return memory;
}

void *arena_alloc(arena *self, size_t bytes) {
  size_t used = arena_used(self);
  if (used > self->limit || bytes > self->limit - used || bytes > SIZE_MAX / 2) {
    return NULL;
  }
  size_t rounded = slot_bytes(bytes);
  char *memory = self->cursor;
  if (self->current != NULL && rounded <= (size_t)(self->end - self->cursor)) {
    self->cursor += rounded;
  } else {
    memory = alloc_in_next(self, rounded);
  }
  if (memory != NULL) {
    UNPOISON(memory, bytes);
  }
  return memory;
}

void arena_shrink(arena *self, void *memory, size_t old_bytes, size_t new_bytes) {
  assert(new_bytes <= old_bytes);
  POISON((char *)memory + new_bytes, old_bytes - new_bytes);
  if ((char *)memory + slot_bytes(old_bytes) == self->cursor) {
    self->cursor = (char *)memory + slot_bytes(new_bytes);
  }
}

/* Everything that holds no data now. */
static void poison_waiting(arena *self) {
#ifdef POISON_ENABLED
  arena_chunk *waiting = self->first;
  if (self->current != NULL) {
    POISON(self->cursor, (size_t)(self->end - self->cursor));
    waiting = self->current->next;
  }
  for (; waiting != NULL; waiting = waiting->next) {
    POISON(waiting->data, waiting->bytes);
  }
#else
  (void)self;
#endif
}

arena_mark arena_mark_get(const arena *self) {
  return (arena_mark){ self->current, self->cursor, self->used_before };
}

void arena_rewind(arena *self, arena_mark mark) {
  self->current = mark.chunk;
  self->cursor = mark.cursor;
  self->end = mark.chunk != NULL ? mark.chunk->data + mark.chunk->bytes : NULL;
  self->used_before = mark.used_before;
  poison_waiting(self);
}

/* Frees waiting chunks from the first one on that would take the arena over `keep`. */
static void trim(arena *self, size_t keep) {
  size_t kept = 0;
  arena_chunk *over = NULL;
  arena_chunk **link = &self->first;
  while (*link != NULL) {
    arena_chunk *chunk = *link;
    if (kept + chunk->bytes <= keep) {
      kept += chunk->bytes;
      link = &chunk->next;
      continue;
    }
    *link = chunk->next;
    chunk->next = over;
    over = chunk;
  }
  chunk_store_give(self->store, over);
  self->capacity = kept;
}

/* Without a store: by what recent documents needed. */
static void trim_by_use(arena *self, size_t used) {
  self->peak = used > self->peak ? used : self->peak;
  if (self->capacity > ARENA_KEEP_BYTES) {
    trim(self, ARENA_KEEP_BYTES);
  }
  if (++self->lives == ARENA_TRIM_LIVES) {
    size_t keep = 2 * self->peak + ARENA_FIRST_BYTES;
    if (self->capacity > keep) {
      trim(self, keep);
    }
    self->lives = 0;
    self->peak = 0;
  }
}

void arena_reset(arena *self) {
  size_t used = arena_used(self);
  self->used_before = 0;
  self->current = NULL;
  self->cursor = self->end = NULL;
  if (self->store == NULL) {
    trim_by_use(self, used);
  } else if (self->capacity > ARENA_FIRST_BYTES) {
    trim(self, ARENA_FIRST_BYTES);
  }
  if (self->first != NULL) {
    enter_chunk(self, self->first);
  }
  poison_waiting(self);
}
