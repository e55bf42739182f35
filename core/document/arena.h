/* SPDX-License-Identifier: Apache-2.0 */

/* Memory of one document: chunks that never move, filled front to back and emptied all at once.
 *
 * A reset keeps a chunk for the next document if it is of the smallest size, as much as a short one needs, and gives the others to the
 * store that lent them. Without a store it keeps all; giving memory back every time costs ten times the document's whole life, so that
 * happens only past ARENA_KEEP_BYTES or when a run of documents needed much less than is held.
 * Knows bytes; does not know documents. One thread at a time. Private to core/document. */
#ifndef CORE_DOCUMENT_ARENA_H
#define CORE_DOCUMENT_ARENA_H

#include <stddef.h>
#include <stdint.h>

enum {
  ARENA_ALIGN = 16,
  ARENA_FIRST_BYTES = 16 * 1024,
  ARENA_KEEP_BYTES = 8 * 1024 * 1024, /* an idle arena holds no more than this */
  ARENA_TRIM_LIVES = 64               /* how many documents the high-water mark looks back on */
};

typedef struct arena_chunk arena_chunk;
typedef struct chunk_store chunk_store; /* chunk_store.h */

typedef struct arena {
  arena_chunk *first;
  arena_chunk *current;
  char *cursor;
  char *end;
  size_t used_before; /* bytes used in chunks before the current one */
  size_t capacity;    /* of all chunks */
  size_t limit;       /* of use; allocations beyond it fail */
  chunk_store *store; /* borrowed; NULL: none */
  size_t peak;        /* most used by one of the recent lives */
  uint32_t lives;
} arena;

/* A place to go back to. Valid until a reset or a rewind to an earlier one. */
typedef struct arena_mark {
  arena_chunk *chunk;
  char *cursor;
  size_t used_before;
} arena_mark;

/* No allocation yet; a zeroed arena is a valid empty one with limit 0. */
void arena_init(arena *self, size_t limit, chunk_store *store);
void arena_done(arena *self);

/* Aligned to ARENA_ALIGN, not cleared. NULL: no memory, or over the limit. bytes 0 gives a valid pointer. */
void *arena_alloc(arena *self, size_t bytes);
/* Gives back the tail of the latest allocation; of any other it does nothing. */
void arena_shrink(arena *self, void *memory, size_t old_bytes, size_t new_bytes);

arena_mark arena_mark_get(const arena *self);
void arena_rewind(arena *self, arena_mark mark);

/* Forgets all contents. */
void arena_reset(arena *self);
size_t arena_used(const arena *self);

#endif
