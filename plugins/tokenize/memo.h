/* SPDX-License-Identifier: Apache-2.0 */

/* Remembers how words were divided. A cache of fixed size for one thread: text repeats its words, and weighing one costs
 * fifty times as much as finding it. What it says is what clitics_divide says; it only says it sooner. */
#ifndef TOKENIZE_MEMO_H
#define TOKENIZE_MEMO_H

#include <string.h>

#include "clitics.h"

/* Words of more bytes are weighed each time. */
#define MEMO_WORD_MAX 24

#define MEMO_ENTRIES 8192

typedef struct memo_entry {
  uint8_t len; /* 0: empty */
  clitics_division division;
  uint8_t word[MEMO_WORD_MAX];
} memo_entry;

typedef struct memo {
  const clitics_model *model;
  memo_entry entries[MEMO_ENTRIES];
} memo;

/* Starts with zeroed memory and a model. Divides a word of valid UTF-8. */
static inline void memo_divide(memo *self, const uint8_t *word, uint32_t len, clitics_division *ret_division) {
  if (len > MEMO_WORD_MAX) {
    clitics_divide(self->model, word, len, ret_division);
    return;
  }
  uint32_t hash = 0;
  for (uint32_t i = 0; i < len; i++) {
    hash = (hash ^ word[i]) * 0x9E3779B1u;
    hash ^= hash >> 15;
  }
  memo_entry *entry = &self->entries[hash % MEMO_ENTRIES];
  if (entry->len != len || memcmp(entry->word, word, len) != 0) {
    clitics_divide(self->model, word, len, &entry->division);
    memcpy(entry->word, word, len);
    entry->len = (uint8_t)len;
  }
  *ret_division = entry->division;
}

#endif
