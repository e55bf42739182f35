/* SPDX-License-Identifier: Apache-2.0 */

/* Groups mentions with a hash table over their keys; all memory is kept from document to document. */
#include "csv/distinct.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/fold.h"

enum { FIRST_ROWS = 64 };

typedef struct distinct_key {
  uint64_t hash;
  size_t at; /* in heap */
  size_t len;
} distinct_key;

void distinct_init(distinct *self, const qn_host *host, qn_env *env) {
  *self = (distinct){ .host = host, .env = env };
}

void distinct_done(distinct *self) {
  void *const parts[] = { self->entities, self->keys, self->slots, self->heap };
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (parts[i] != NULL) {
      self->host->release(self->env, parts[i]);
    }
  }
  distinct_init(self, self->host, self->env);
}

/* Enlarges memory, or keeps it and says so in ok. */
static void *enlarged(distinct *self, void *memory, size_t bytes, bool *ok) {
  void *larger = self->host->resize(self->env, memory, bytes);
  *ok = *ok && larger != NULL;
  return larger != NULL ? larger : memory;
}

static int grow(distinct *self, uint32_t n_rows) {
  size_t capacity = self->capacity == 0 ? FIRST_ROWS : self->capacity;
  bool ok = true;
  while (capacity < n_rows) {
    capacity *= 2;
  }
  if (capacity > UINT32_MAX / 4) {
    return -ENOMEM;
  }
  self->entities = enlarged(self, self->entities, capacity * sizeof *self->entities, &ok);
  self->keys = enlarged(self, self->keys, capacity * sizeof *self->keys, &ok);
  self->slots = enlarged(self, self->slots, capacity * 2 * sizeof *self->slots, &ok);
  if (!ok) {
    return -ENOMEM;
  }
  self->capacity = (uint32_t)capacity;
  self->n_slots = self->capacity * 2;
  return 0;
}

/* Room for n_rows entities, and twice as many slots. */
static int reserve(distinct *self, uint32_t n_rows) {
  int rc = n_rows > self->capacity ? grow(self, n_rows) : 0;
  if (rc != 0) {
    return rc;
  }
  if (self->n_slots > 0) {
    memset(self->slots, 0, self->n_slots * sizeof *self->slots);
  }
  self->n_entities = 0;
  self->heap_len = 0;
  return 0;
}

static int heap_room(distinct *self, size_t more) {
  if (more <= self->heap_capacity - self->heap_len) {
    return 0;
  }
  size_t wanted = self->heap_capacity * 2 + more;
  bool ok = true;
  self->heap = enlarged(self, self->heap, wanted, &ok);
  if (!ok) {
    return -ENOMEM;
  }
  self->heap_capacity = wanted;
  return 0;
}

/* Writes the key of a mention behind the heap's end: its type, how it is known, and by what name. */
static int key_of(distinct *self, const qn_view *view, const qn_layer *mentions, uint32_t row, distinct_key *ret_key) {
  qn_str link = qn_layer_str(mentions, QN_ENTITY_LINK, row);
  const uint8_t *text = view->data + mentions->begin[row];
  size_t text_len = mentions->end[row] - mentions->begin[row];
  int rc = heap_room(self, 2 + link.len + FOLD_BOUND(text_len));
  if (rc != 0) {
    return rc;
  }
  uint8_t *key = self->heap + self->heap_len;
  size_t len = 2;
  key[0] = (uint8_t)qn_layer_u32(mentions, QN_ENTITY_TYPE, row);
  key[1] = link.len > 0;
  if (link.len > 0) {
    memcpy(key + len, link.data, link.len);
    len += link.len;
  } else {
    len += fold_key(text, text_len, key + len);
  }
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ key[i]) * UINT64_C(1099511628211);
  }
  *ret_key = (distinct_key){ hash ^ hash >> 32, self->heap_len, len };
  return 0;
}

static uint32_t *slot_of(distinct *self, const distinct_key *key) {
  uint32_t at = (uint32_t)key->hash & (self->n_slots - 1);
  while (self->slots[at] != 0) {
    const distinct_key *there = &self->keys[self->slots[at] - 1];
    if (there->hash == key->hash && there->len == key->len &&
        memcmp(self->heap + there->at, self->heap + key->at, key->len) == 0) {
      break;
    }
    at = (at + 1) & (self->n_slots - 1);
  }
  return &self->slots[at];
}

int distinct_find(distinct *self, const qn_view *view, const qn_layer *mentions) {
  int rc = reserve(self, mentions->n_rows);
  for (uint32_t row = 0; rc == 0 && row < mentions->n_rows; row++) {
    distinct_key key;
    rc = key_of(self, view, mentions, row, &key);
    if (rc != 0) {
      break;
    }
    uint32_t *slot = slot_of(self, &key);
    double score = qn_layer_f64(mentions, QN_ENTITY_SCORE, row);
    if (*slot == 0) {
      self->keys[self->n_entities] = key;
      self->entities[self->n_entities] = (distinct_entity){ .first = row, .n_mentions = 1, .score = score };
      self->heap_len += key.len;
      *slot = ++self->n_entities;
    } else {
      distinct_entity *known = &self->entities[*slot - 1];
      known->n_mentions++;
      known->score = !(known->score >= score) && !isnan(score) ? score : known->score;
    }
  }
  return rc;
}
