/* SPDX-License-Identifier: Apache-2.0 */

/* A set of hashed ids, with open addressing and linear probing. */
#include "jsonl/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1024 };

static uint64_t mix(uint64_t value) {
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93u;
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93u;
  return value ^ value >> 32;
}

/* Two independent chains over the same words make the two halves. */
static ids_hash hash_of(const char *id, size_t len) {
  ids_hash hash = { 0x9e3779b97f4a7c15u ^ len, 0xc2b2ae3d27d4eb4fu + len };
  for (size_t i = 0; i < len; i += 8) {
    uint64_t word = 0;
    memcpy(&word, id + i, len - i < 8 ? len - i : 8);
    hash.low = mix(hash.low ^ word);
    hash.high = mix(hash.high + word * 0x165667b19e3779f9u);
  }
  if (hash.low == 0 && hash.high == 0) {
    hash.low = 1;
  }
  return hash;
}

static bool is_empty(const ids_hash *slot) {
  return slot->low == 0 && slot->high == 0;
}

/* The slot that holds hash, or the empty one where it belongs. */
static ids_hash *slot_of(ids_hash *slots, size_t n_slots, ids_hash hash) {
  size_t at = hash.low & (n_slots - 1);
  while (!is_empty(&slots[at]) && (slots[at].low != hash.low || slots[at].high != hash.high)) {
    at = (at + 1) & (n_slots - 1);
  }
  return &slots[at];
}

static int grow(id_set *ids) {
  size_t n_slots = ids->n_slots == 0 ? FIRST_SLOTS : ids->n_slots * 2;
  ids_hash *slots = calloc(n_slots, sizeof *slots);
  if (slots == NULL) {
    return -ENOMEM;
  }
  for (size_t i = 0; i < ids->n_slots; i++) {
    if (!is_empty(&ids->slots[i])) {
      *slot_of(slots, n_slots, ids->slots[i]) = ids->slots[i];
    }
  }
  free(ids->slots);
  ids->slots = slots;
  ids->n_slots = n_slots;
  return 0;
}

void ids_done(id_set *ids) {
  free(ids->slots);
  memset(ids, 0, sizeof *ids);
}

int ids_add(id_set *ids, const char *id, size_t len) {
  if (ids->n_used * 2 >= ids->n_slots) {
    int rc = grow(ids);
    if (rc != 0) {
      return rc;
    }
  }
  ids_hash hash = hash_of(id, len);
  ids_hash *slot = slot_of(ids->slots, ids->n_slots, hash);
  if (is_empty(slot)) {
    *slot = hash;
    ids->n_used++;
  }
  return 0;
}

bool ids_has(const id_set *ids, const char *id, size_t len) {
  return ids->n_used > 0 && !is_empty(slot_of(ids->slots, ids->n_slots, hash_of(id, len)));
}

const char *ids_of_record(const char *record, size_t len, size_t *ret_len) {
  static const char head[] = "{\"id\":\"";
  size_t begin = sizeof head - 1;
  if (len < begin || memcmp(record, head, begin) != 0) {
    return NULL;
  }
  for (size_t at = begin; at < len; at++) {
    if (record[at] == '\\') {
      at++;
    } else if (record[at] == '"') {
      *ret_len = at - begin;
      return record + begin;
    }
  }
  return NULL;
}

int ids_add_record(void *ids, const char *record, size_t len) {
  size_t id_len = 0;
  const char *id = ids_of_record(record, len, &id_len);
  return id == NULL ? 0 : ids_add(ids, id, id_len);
}
