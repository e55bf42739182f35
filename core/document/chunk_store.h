/* SPDX-License-Identifier: Apache-2.0 */

/* Chunks that no document needs just now, for all arenas of a pool. Private to core/document.
 *
 * A document that waits, or is idle, has little more than what came in; the rest of its memory is needed from its first
 * stage to its sink. So arenas lend chunks from here: what is in use is the memory of the documents at work, not of all in
 * flight, and the chunk that is lent was used a moment ago and is still in the processor's cache. */
#ifndef CORE_DOCUMENT_CHUNK_STORE_H
#define CORE_DOCUMENT_CHUNK_STORE_H

#include "document/arena.h"

/* All chunks of a store, in bytes: what comes back beyond it is freed. */
enum { CHUNK_STORE_BYTES_MAX = 64 * 1024 * 1024 };

struct arena_chunk {
  arena_chunk *next;
  size_t bytes; /* of data */
  _Alignas(ARENA_ALIGN) char data[];
};

/* 0, -ENOMEM */
int chunk_store_new(chunk_store **ret_store);
/* All chunks have been given back; NULL is accepted. */
void chunk_store_free(chunk_store *store);

/* A chunk of at least so many bytes, poisoned, from the store or new; NULL: no memory. store NULL: a new one of just so
 * many. [any] */
arena_chunk *chunk_store_take(chunk_store *store, size_t bytes);
/* Takes back a list of chunks. What the store has no use for is freed. [any] */
void chunk_store_give(chunk_store *store, arena_chunk *first);

#endif
