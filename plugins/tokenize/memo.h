/* SPDX-License-Identifier: Apache-2.0 */

/* Remembers how words were divided. A cache of fixed size for one thread: text repeats its words, and weighing one costs
 * fifty times as much as finding it. What it says is what clitics_divide says; it only says it sooner. A word is told by its
 * hash alone: of 10^14 words one would be taken for another. */
#ifndef TOKENIZE_MEMO_H
#define TOKENIZE_MEMO_H

#include <stdint.h>

#include "clitics.h"
#include "text/utf8.h"

/* Words of more bytes are weighed each time: no more go into the hash. */
#define MEMO_WORD_MAX 24

#define MEMO_ENTRIES 4096 /* a power of two */

typedef struct memo_entry {
  uint64_t hash; /* 0: empty */
  clitics_division division;
} memo_entry;

typedef struct memo {
  const clitics_model *model;
  memo_entry entries[MEMO_ENTRIES];
} memo;

/* Starts with zeroed memory and a model. Divides a word of valid UTF-8. */
static inline void memo_divide(memo *self, const uint8_t *word, uint32_t len, clitics_division *ret_division) {
  ret_division->n = 0;
  if (!clitics_may_divide(word, len)) {
    return;
  }
  if (len > MEMO_WORD_MAX) {
    clitics_divide(self->model, word, len, ret_division);
    return;
  }
  /* Words of 4 to 24 bytes: three loads that cover them, overlapping. */
  uint64_t hash = len * 0x9E3779B97F4A7C15u;
  if (len >= 8) {
    hash = (hash ^ utf8_load8(word)) * 0xD6E8FEB86659FD93u;
    hash = (hash ^ hash >> 32 ^ utf8_load8(word + len / 2 - 4)) * 0xD6E8FEB86659FD93u;
    hash = (hash ^ hash >> 32 ^ utf8_load8(word + len - 8)) * 0xD6E8FEB86659FD93u;
  } else {
    for (uint32_t i = 0; i < len; i++) {
      hash = (hash ^ word[i]) * 0xD6E8FEB86659FD93u;
    }
  }
  memo_entry *entry = &self->entries[hash >> 40 & (MEMO_ENTRIES - 1)];
  if (entry->hash != hash || hash == 0) {
    clitics_divide(self->model, word, len, &entry->division);
    entry->hash = hash;
  }
  *ret_division = entry->division;
}

#endif
