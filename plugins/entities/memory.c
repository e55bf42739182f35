/* SPDX-License-Identifier: Apache-2.0 */

/* An open table of key prints. */
#include "entities/memory.h"

#include <stdbool.h>
#include <string.h>

int memory_begin(memory *m, scan *s, uint32_t n) {
  uint32_t capacity = m->capacity > 64 ? m->capacity : 64;
  while (capacity < 2 * n && capacity < 1u << 30) {
    capacity *= 2;
  }
  int r = scan_grow(s, (void **)&m->slots, &m->slots_capacity, capacity, sizeof(memory_slot));
  if (r != 0) {
    return r;
  }
  if (capacity != m->capacity || m->document == UINT32_MAX) {
    memset(m->slots, 0, (size_t)capacity * sizeof(memory_slot));
    m->document = 0;
  }
  memset(m->sieve, 0, sizeof m->sieve);
  m->capacity = capacity;
  m->document++;
  m->n = 0;
  m->n_max = n;
  return 0;
}

void memory_done(memory *m, const scan *s) {
  if (s->host != NULL) {
    s->host->release(s->env, m->slots);
  }
}

/* The bit of a print in the sieve: other bits than those that say its slot. */
static uint32_t sieve_bit(uint64_t print) {
  return (uint32_t)(print >> 40) % MEMORY_SIEVE_BITS;
}

/* The slot of a print, or the empty one where it belongs; NULL if the table is as full as it may be. */
static memory_slot *place_of(const memory *m, uint64_t print) {
  for (uint64_t i = print & (m->capacity - 1);; i = (i + 1) & (m->capacity - 1)) {
    memory_slot *slot = &m->slots[i];
    if (slot->document != m->document || slot->print == print) {
      return slot;
    }
  }
}

static memory_slot *make(memory *m, key k) {
  if (k.len == 0 || k.len > KEY_BYTES_MAX) {
    return NULL;
  }
  uint64_t print = key_print(k);
  memory_slot *slot = place_of(m, print);
  if (slot->document != m->document) {
    if (m->n >= m->n_max) {
      return NULL;
    }
    m->n++;
    m->sieve[sieve_bit(print) / 64] |= UINT64_C(1) << sieve_bit(print) % 64;
    *slot = (memory_slot){ .print = print, .how = MEMORY_BEGINNING, .entry = SCAN_NONE, .document = m->document };
  }
  return slot;
}

void memory_learn(memory *m, key k, const candidate *c, uint8_t how) {
  memory_slot *slot = make(m, k);
  if (slot == NULL) {
    return;
  }
  bool better = how < slot->how || (how == slot->how && c->score > slot->score && how != MEMORY_SURNAME);
  if (better) {
    slot->how = how;
    slot->type = c->type;
    slot->entry = c->entry;
    slot->lexicon = c->lexicon;
    slot->link = c->link;
    slot->score = c->score;
  }
}

void memory_begins(memory *m, key k) {
  memory_slot *slot = make(m, k);
  if (slot != NULL) {
    slot->prefix = 1;
  }
}

const memory_slot *memory_find(const memory *m, key k) {
  if (m->capacity == 0 || k.len == 0 || k.len > KEY_BYTES_MAX) {
    return NULL;
  }
  uint64_t print = key_print(k);
  if ((m->sieve[sieve_bit(print) / 64] >> sieve_bit(print) % 64 & 1) == 0) {
    return NULL;
  }
  const memory_slot *slot = place_of(m, print);
  return slot->document == m->document ? slot : NULL;
}
