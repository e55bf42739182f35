/* SPDX-License-Identifier: Apache-2.0 */

/* Looks each document up before the trunk runs, and keeps what the trunk made of it. A key is a hash of all that the source
 * gave: bytes and fields. Failures are not kept: the next time may go better. */
#include "runtime/run_cache.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache_chain.h"
#include "cache/cache_store.h"
#include "document/block.h"
#include "qanat/stage.h"
#include "runtime/trunk.h"

enum { WORKERS_MAX = 1024, CHAINS_KNOWN = 8, FIELDS_MOST = 64 };
#define BLOCK_BYTES_MAX ((size_t)256 << 20) /* larger ones are made again */

/* A chain of an earlier run, and how far this run's goes with it. */
typedef struct known_chain {
  int64_t number; /* 0: none */
  cache_chain chain;
  uint32_t cut;
} known_chain;

/* What one worker needs to look documents up. */
typedef struct looker {
  cache_reader *reader;
  cache_hash *hash;
  known_chain known[CHAINS_KNOWN];
  uint32_t next_known; /* whose place the next chain takes */
} looker;

struct run_cache {
  const plan *plan;
  run_cache_options options;
  cache_chain chain;
  int64_t number; /* of the chain in the store */
  cache_store *store;
  _Atomic(looker *) lookers[WORKERS_MAX]; /* each made by its worker */
  _Atomic uint64_t n_hits, n_partly, n_misses, n_damaged;
};

/* --- by worker --- */

static void looker_free(looker *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < CHAINS_KNOWN; i++) {
    cache_chain_done(&self->known[i].chain);
  }
  cache_reader_close(self->reader);
  cache_hash_free(self->hash);
  free(self);
}

/* NULL: it cannot be had, and the document is run as if nothing were kept. */
static looker *looker_of(run_cache *self, uint32_t worker) {
  if (worker >= WORKERS_MAX) {
    return NULL;
  }
  looker *own = atomic_load_explicit(&self->lookers[worker], memory_order_relaxed);
  if (own != NULL) {
    return own;
  }
  own = calloc(1, sizeof *own);
  if (own == NULL || cache_hash_new(&own->hash, NULL) != 0 || cache_reader_open(self->store, &own->reader, NULL) != 0) {
    looker_free(own);
    return NULL;
  }
  atomic_store_explicit(&self->lookers[worker], own, memory_order_relaxed);
  return own;
}

/* --- keys --- */

static void add_value(cache_hash *hash, const qn_value *value) {
  cache_hash_number(hash, value->type);
  switch (value->type) {
  case QN_VALUE_STR:
    cache_hash_add(hash, value->as.str.data, value->as.str.len);
    break;
  case QN_VALUE_SPAN:
    cache_hash_number(hash, value->as.span.begin);
    cache_hash_number(hash, value->as.span.end);
    break;
  default:
    cache_hash_add(hash, &value->as.i64, sizeof value->as.i64);
    break;
  }
}

static int key_of(const run_cache *self, looker *own, const document *doc, cache_key *ret_key) {
  cache_hash *hash = own->hash;
  qn_view payload = { 0 };
  document_view_get(doc, SCHEMA_VIEW_PAYLOAD, &payload);
  cache_hash_begin(hash);
  cache_hash_text(hash, self->plan->name);
  cache_hash_add(hash, payload.data, payload.len);
  for (uint32_t i = 0; i < document_n_fields(doc); i++) {
    qn_str name;
    qn_value value;
    document_field_at(doc, i, &name, &value);
    cache_hash_add(hash, name.data, name.len);
    add_value(hash, &value);
  }
  return cache_hash_end(hash, ret_key);
}

/* --- chains of earlier runs --- */

static known_chain *chain_read(const run_cache *self, looker *own, int64_t number) {
  char *text = cache_reader_chain(own->reader, number);
  cache_chain chain;
  int rc = text != NULL ? cache_chain_read(text, strlen(text), &chain) : -ENOENT;
  free(text);
  if (rc != 0) {
    return NULL;
  }
  known_chain *place = &own->known[own->next_known++ % CHAINS_KNOWN];
  cache_chain_done(&place->chain);
  *place = (known_chain){ .number = number, .chain = chain, .cut = cache_chain_cut(&self->chain, &chain) };
  return place;
}

static known_chain *chain_of(const run_cache *self, looker *own, int64_t number) {
  for (uint32_t i = 0; i < CHAINS_KNOWN; i++) {
    if (own->known[i].number == number) {
      return &own->known[i];
    }
  }
  return chain_read(self, own, number);
}

/* --- documents out of the cache --- */

static bool wants_view(void *arg, qn_str name) {
  const known_chain *then = arg;
  return cache_chain_has_view(&then->chain, then->cut, name);
}

static bool wants_layer(void *arg, qn_str name) {
  const known_chain *then = arg;
  return cache_chain_has_layer(&then->chain, then->cut, name);
}

static bool wants_field(void *arg, qn_str name) {
  const known_chain *then = arg;
  return cache_chain_has_field(&then->chain, then->cut, name);
}

typedef struct field_copy {
  qn_str name;
  qn_value value;
} field_copy;

static bool same_name(qn_str a, qn_str b) {
  return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool has_field(const field_copy *fields, uint32_t n, qn_str name) {
  for (uint32_t i = 0; i < n; i++) {
    if (same_name(fields[i].name, name)) {
      return true;
    }
  }
  return false;
}

/* Fields in the order in which they were first set: the source's, then what stages added. */
static uint32_t order_fields(const known_chain *then, const document *fresh, const document *kept,
                             field_copy *ret_fields) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < document_n_fields(fresh); i++) {
    field_copy *at = &ret_fields[n];
    document_field_at(fresh, i, &at->name, &at->value);
    bool from_kept = cache_chain_has_field(&then->chain, then->cut, at->name);
    n += !from_kept || document_field_get(kept, at->name, &at->value) == 0;
  }
  for (uint32_t i = 0; i < document_n_fields(kept) && n < FIELDS_MOST; i++) {
    document_field_at(kept, i, &ret_fields[n].name, &ret_fields[n].value);
    n += !has_field(ret_fields, n, ret_fields[n].name);
  }
  return n;
}

/* Fields that only later stages wrote then are as the source gave them now. */
static int restore_fields(const known_chain *then, const document *fresh, document *kept) {
  field_copy fields[FIELDS_MOST + 1];
  bool complete = true;
  for (uint32_t i = 0; complete && i < document_n_fields(fresh); i++) {
    document_field_at(fresh, i, &fields[0].name, &fields[0].value);
    complete = cache_chain_has_field(&then->chain, then->cut, fields[0].name);
  }
  if (complete) {
    return 0;
  }
  const qn_value none = { .type = QN_VALUE_NONE };
  uint32_t n = order_fields(then, fresh, kept, fields);
  int rc = 0;
  while (rc == 0 && document_n_fields(kept) > 0) {
    qn_str name;
    qn_value value;
    document_field_at(kept, document_n_fields(kept) - 1, &name, &value);
    rc = document_field_set(kept, name, &none);
  }
  for (uint32_t i = 0; rc == 0 && i < n; i++) {
    rc = document_field_set(kept, fields[i].name, &fields[i].value);
  }
  return rc;
}

static int restore(document_pool *pool, known_chain *then, const cache_entry *entry, const document *fresh,
                   document **ret_document) {
  const block_wanted wanted = { wants_view, wants_layer, wants_field, then };
  bool all = then->cut == then->chain.n_links;
  document *kept = NULL;
  int rc = block_read_part(pool, entry->bytes, entry->len, all ? NULL : &wanted, &kept, NULL);
  rc = rc == 0 && !all ? restore_fields(then, fresh, kept) : rc;
  if (rc != 0) {
    document_unref(kept);
    return rc;
  }
  *ret_document = kept;
  return 0;
}

/* --- looking up --- */

/* What was found: how many links are done, or which one dropped the document. */
typedef struct found {
  uint32_t n_done;
  bool dropped;
} found;

static bool same_link(const cache_chain *now, const cache_chain *then, uint32_t link) {
  return link < now->n_links && link < then->n_links &&
         memcmp(&now->links[link].key, &then->links[link].key, sizeof(cache_key)) == 0;
}

static found use_entry(run_cache *self, looker *own, document_pool *pool, const cache_entry *entry, leaf *it) {
  known_chain *then = chain_of(self, own, entry->chain);
  if (then == NULL) {
    return (found){ 0 };
  }
  if (entry->dropped) {
    bool same = same_link(&self->chain, &then->chain, entry->link);
    return (found){ .n_done = same ? entry->link : 0, .dropped = same };
  }
  if (then->cut == 0) {
    return (found){ 0 };
  }
  document *kept = NULL;
  int rc = restore(pool, then, entry, it->document, &kept);
  if (rc != 0) {
    atomic_fetch_add_explicit(&self->n_damaged, rc == -EBADMSG, memory_order_relaxed);
    return (found){ 0 };
  }
  document_unref(it->document);
  it->document = kept;
  return (found){ .n_done = then->cut };
}

static found look_up(run_cache *self, looker *own, document_pool *pool, const cache_key *key, leaf *it) {
  cache_entry entry;
  if (cache_reader_get(own->reader, key->bytes, &entry) != 0) {
    return (found){ 0 };
  }
  found result = use_entry(self, own, pool, &entry, it);
  cache_reader_done(own->reader);
  return result;
}

static void count(run_cache *self, const found *result) {
  _Atomic uint64_t *counter = result->dropped || result->n_done == self->chain.n_links ? &self->n_hits
                              : result->n_done > 0                                     ? &self->n_partly
                                                                                       : &self->n_misses;
  atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* --- keeping --- */

static void keep(run_cache *self, const cache_key *key, const document *doc) {
  size_t size = block_size(doc);
  void *bytes = size <= BLOCK_BYTES_MAX ? malloc(size) : NULL;
  cache_entry entry = { .chain = self->number };
  if (bytes == NULL || block_write(doc, bytes, size, &entry.len) != 0) {
    free(bytes);
    return;
  }
  cache_store_put(self->store, key->bytes, &entry, bytes);
}

static void keep_drop(run_cache *self, const cache_key *key, uint32_t link) {
  const cache_entry entry = { .chain = self->number, .dropped = true, .link = link };
  cache_store_put(self->store, key->bytes, &entry, NULL);
}

qn_status trunk_run(run_cache *self, uint32_t worker, uint32_t segment, document_pool *pool, lane *own_lane, leaf *it) {
  cache_key key;
  bool at_begin = segment == self->chain.segment && it->step == 0 && it->attempt == 1 && self->chain.n_links > 0;
  looker *own = at_begin ? looker_of(self, worker) : NULL;
  if (own == NULL || key_of(self, own, it->document, &key) != 0) {
    return lane_run(own_lane, it);
  }
  found result = look_up(self, own, pool, &key, it);
  count(self, &result);
  it->step = result.n_done;
  if (result.dropped) {
    return QN_STATUS_DROP;
  }
  uint32_t n_links = self->chain.n_links;
  qn_status status = it->step < n_links ? lane_run_to(own_lane, it, n_links) : QN_STATUS_OK;
  if (status == QN_STATUS_DROP && it->attempt == 1) {
    keep_drop(self, &key, it->step);
  }
  if (status != QN_STATUS_OK) {
    return status;
  }
  if (result.n_done < n_links) {
    keep(self, &key, it->document);
  }
  return lane_run(own_lane, it);
}

/* --- the whole --- */

static int open_store(run_cache *self, qn_error *error) {
  const cache_store_options options = { .folder = self->options.folder,
                                        .max_bytes = self->options.max_bytes,
                                        .say = self->options.say,
                                        .arg = self->options.arg };
  char *text = cache_chain_write(&self->chain);
  if (text == NULL) {
    return error_set(error, -ENOMEM, "cache", "no memory for the cache");
  }
  int rc = cache_store_open(&options, text, &self->store, &self->number, error);
  free(text);
  return rc;
}

int run_cache_new(const plan *planned, const run_cache_options *options, run_cache **ret_cache, qn_error *error) {
  run_cache *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "cache", "no memory for the cache");
  }
  self->plan = planned;
  self->options = *options;
  const cache_chain_options clock = { .frozen = options->frozen, .now_ms = options->now_ms };
  int rc = cache_chain_of(planned, &clock, &self->chain, error);
  rc = rc == 0 ? open_store(self, error) : rc;
  if (rc != 0) {
    run_cache_free(self);
    return rc;
  }
  *ret_cache = self;
  return 0;
}

void run_cache_free(run_cache *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < WORKERS_MAX; i++) {
    looker_free(atomic_load(&self->lookers[i]));
  }
  cache_store_close(self->store);
  cache_chain_done(&self->chain);
  free(self);
}

void run_cache_counts_get(run_cache *self, run_cache_counts *ret_counts) {
  cache_store_counts store;
  cache_store_counts_get(self->store, &store);
  *ret_counts = (run_cache_counts){ .n_hits = atomic_load(&self->n_hits),
                                    .n_partly = atomic_load(&self->n_partly),
                                    .n_misses = atomic_load(&self->n_misses),
                                    .n_damaged = atomic_load(&self->n_damaged),
                                    .n_stored = store.n_stored,
                                    .n_lost = store.n_lost,
                                    .n_entries = store.n_entries,
                                    .bytes = store.bytes };
}

const char *run_cache_stage_not_kept(const run_cache *self, const char **ret_why) {
  *ret_why = self->chain.why_not;
  return self->chain.not_kept;
}
