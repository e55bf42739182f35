/* SPDX-License-Identifier: Apache-2.0 */

/* Where idle documents wait with their memory.
 *
 * There is a shelf for every processor or so, and whoever makes or frees a document goes to the shelf of the processor
 * it runs on. A shelf is held for a few instructions; one that is held is passed over, so nobody waits for a thread
 * that was stopped while holding it, as long as one shelf is free. Documents made on one thread and freed on another
 * pile up on the other's shelf; the maker then takes all of them at once, without a look at any: they have left its cache. */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document/chunk_store.h"
#include "document/document_body.h"
#include "document/poison.h"
#include "document/prefetch.h"

enum { SHELVES_MAX = 64, CACHE_LINE = 64 };

static const size_t bytes_default = (size_t)64 << 20;
static const size_t bytes_max = (size_t)1 << 30;

typedef struct shelf {
  _Alignas(CACHE_LINE) atomic_flag held;
  /* All below: changed only while held; n_idle and the counts are also read without. */
  document *idle;
  _Atomic uint32_t n_idle;
  _Atomic size_t n_taken;
  _Atomic size_t n_given;
} shelf;

static void add(_Atomic size_t *counter) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_relaxed);
}

static bool shelf_try(shelf *s) {
  return !atomic_flag_test_and_set_explicit(&s->held, memory_order_acquire);
}

static void shelf_leave(shelf *s) {
  atomic_flag_clear_explicit(&s->held, memory_order_release);
}

static shelf *shelf_hold(document_pool *pool) {
  uint32_t mask = pool->n_shelves - 1;
  int cpu = sched_getcpu();
  uint32_t start = cpu < 0 ? 0 : (uint32_t)cpu;
  for (;;) {
    for (uint32_t i = 0; i < pool->n_shelves; i++) {
      shelf *s = &pool->shelves[(start + i) & mask];
      if (shelf_try(s)) {
        return s;
      }
    }
    sched_yield();
  }
}

static uint32_t n_idle(const shelf *s) {
  return atomic_load_explicit(&s->n_idle, memory_order_relaxed);
}

static void set_idle(shelf *s, uint32_t n) {
  atomic_store_explicit(&s->n_idle, n, memory_order_relaxed);
}

/* Of an idle document only what the pool itself needs may be touched: the list and the memory. */
static void hide(document *doc, size_t bytes) {
  POISON((char *)doc + offsetof(document, n_refs), bytes - offsetof(document, n_refs));
}

static void show(document *doc, size_t bytes) {
  UNPOISON(doc, bytes);
}

static size_t body_bytes(const document_pool *pool) {
  return sizeof(document) + pool->n_layers * sizeof(layer_entry);
}

/* Moves another shelf's documents to the held one, which has none. */
static void restock(document_pool *pool, shelf *own) {
  for (uint32_t i = 0; i < pool->n_shelves && n_idle(own) == 0; i++) {
    shelf *other = &pool->shelves[i];
    if (other == own || n_idle(other) == 0 || !shelf_try(other)) {
      continue;
    }
    own->idle = other->idle;
    other->idle = NULL;
    set_idle(own, n_idle(other));
    set_idle(other, 0);
    shelf_leave(other);
  }
}

static document *document_make(document_pool *pool) {
  document *doc = malloc(body_bytes(pool));
  if (doc == NULL) {
    return NULL;
  }
  doc->pool = pool;
  arena_init(&doc->memory, pool->limits.document_memory, pool->chunks);
  return doc;
}

static void document_clear(document *doc) {
  doc->parent = NULL;
  doc->joined = NULL;
  doc->next_joined = NULL;
  doc->age = 0;
  doc->payload_room = NULL;
  doc->payload_room_bytes = 0;
  doc->fields = (field_list){ 0 };
  doc->prepared = NULL;
  memset(doc->views, 0, sizeof doc->views);
  memset(doc->layers, 0, doc->pool->n_layers * sizeof doc->layers[0]);
  atomic_store_explicit(&doc->n_refs, 1, memory_order_relaxed);
}

document *document_pool_take(document_pool *pool) {
  shelf *s = shelf_hold(pool);
  if (s->idle == NULL) {
    restock(pool, s);
  }
  document *doc = s->idle;
  if (doc != NULL) {
    prefetch_bytes(doc->next_idle, body_bytes(pool));
    s->idle = doc->next_idle;
    set_idle(s, n_idle(s) - 1);
  }
  add(&s->n_taken);
  shelf_leave(s);
  if (doc != NULL) {
    show(doc, body_bytes(pool));
  } else {
    doc = document_make(pool);
  }
  if (doc == NULL) {
    s = shelf_hold(pool);
    add(&s->n_given);
    shelf_leave(s);
    return NULL;
  }
  document_clear(doc);
  return doc;
}

void document_pool_give(document_pool *pool, document *doc) {
  arena_reset(&doc->memory);
  hide(doc, body_bytes(pool));
  shelf *s = shelf_hold(pool);
  doc->next_idle = s->idle;
  s->idle = doc;
  set_idle(s, n_idle(s) + 1);
  add(&s->n_given);
  shelf_leave(s);
}

static uint32_t shelf_count(void) {
  long n_processors = sysconf(_SC_NPROCESSORS_CONF);
  uint32_t n = 4; /* also on one processor a shelf may be held by a thread that was stopped */
  while (n < SHELVES_MAX && (long)n < n_processors) {
    n *= 2;
  }
  return n;
}

int document_pool_new(const schema_set *set, const document_limits *limits, document_pool **ret_pool) {
  document_limits chosen = limits != NULL ? *limits : (document_limits){ 0, 0 };
  chosen.document_bytes = chosen.document_bytes != 0 ? chosen.document_bytes : bytes_default;
  if (chosen.document_bytes > bytes_max) {
    return -EINVAL;
  }
  if (chosen.document_memory == 0) {
    chosen.document_memory = 16 * chosen.document_bytes;
  }
  document_pool *pool = malloc(sizeof *pool);
  uint32_t n_shelves = shelf_count();
  shelf *shelves = aligned_alloc(CACHE_LINE, n_shelves * sizeof *shelves);
  chunk_store *chunks = NULL;
  if (pool == NULL || shelves == NULL || chunk_store_new(&chunks) != 0) {
    free(shelves);
    free(pool);
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < n_shelves; i++) {
    shelves[i].idle = NULL;
    atomic_flag_clear(&shelves[i].held);
    atomic_init(&shelves[i].n_idle, 0);
    atomic_init(&shelves[i].n_taken, 0);
    atomic_init(&shelves[i].n_given, 0);
  }
  *pool = (document_pool){
    .set = set,
    .limits = chosen,
    .n_layers = schema_set_count(set),
    .n_shelves = n_shelves,
    .shelves = shelves,
    .chunks = chunks,
  };
  *ret_pool = pool;
  return 0;
}

size_t document_pool_live(const document_pool *pool) {
  size_t n_live = 0;
  for (uint32_t i = 0; i < pool->n_shelves; i++) {
    n_live += atomic_load_explicit(&pool->shelves[i].n_taken, memory_order_relaxed);
    n_live -= atomic_load_explicit(&pool->shelves[i].n_given, memory_order_relaxed);
  }
  return n_live;
}

void document_pool_free(document_pool *pool) {
  if (pool == NULL) {
    return;
  }
  assert(document_pool_live(pool) == 0);
  for (uint32_t i = 0; i < pool->n_shelves; i++) {
    document *doc = pool->shelves[i].idle;
    while (doc != NULL) {
      document *next = doc->next_idle;
      show(doc, body_bytes(pool));
      arena_done(&doc->memory);
      free(doc);
      doc = next;
    }
  }
  chunk_store_free(pool->chunks);
  free(pool->shelves);
  free(pool);
}
