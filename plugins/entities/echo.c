/* SPDX-License-Identifier: Apache-2.0 */

/* Counts words and what they were chosen as, in a table with linear probing that is at most half full. */
#include "entities/echo.h"

#include <errno.h>
#include <string.h>

#include "qanat/layers.h"

enum { TYPES = QN_ENTITY_TYPE_EVENT + 1, SLOTS_MIN = 64 };

int echo_begin(echo_table *t, scan *s) {
  uint32_t capacity = SLOTS_MIN;
  while (capacity / 2 < s->n_words) {
    if (capacity > UINT32_MAX / 2) {
      return -ENOMEM;
    }
    capacity *= 2;
  }
  int r = scan_grow(s, (void **)&t->slots, &t->slots_capacity, capacity, sizeof(echo_slot));
  if (r == 0) {
    t->capacity = capacity;
    memset(t->slots, 0, capacity * sizeof(echo_slot));
  }
  return r;
}

int echo_counts(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  return (w->shape & WORD_LETTERS) != 0 && w->key_len <= KEY_BYTES_MAX && (w->core_lore & LORE_FREQUENT) == 0;
}

static echo_slot *slot_of(const echo_table *t, uint64_t core) {
  uint32_t mask = t->capacity - 1;
  uint32_t i = (uint32_t)(core * 0x9E3779B97F4A7C15u >> 32) & mask;
  while (t->slots[i].n != 0 && t->slots[i].core != core) {
    i = (i + 1) & mask;
  }
  return &t->slots[i];
}

void echo_note(echo_table *t, uint64_t core, uint32_t type) {
  echo_slot *slot = slot_of(t, core);
  slot->core = core;
  slot->n = (uint16_t)(slot->n + (slot->n < UINT16_MAX));
  if (type < TYPES) {
    slot->types[type] = (uint8_t)(slot->types[type] + (slot->types[type] < UINT8_MAX));
  }
}

uint64_t echo_of(const echo_table *t, uint64_t core, uint32_t type) {
  const echo_slot *slot = slot_of(t, core);
  uint64_t echo = (uint64_t)(slot->n > 3 ? 3 : slot->n) << (2 * TYPES);
  for (uint32_t y = 0; y < TYPES; y++) {
    uint32_t elsewhere = slot->types[y] - (uint32_t)(y == type);
    echo |= (uint64_t)(elsewhere > 1 ? 2 : elsewhere) << (2 * y);
  }
  return echo;
}

void echo_done(echo_table *t, const scan *s) {
  s->host->release(s->env, t->slots);
}
