/* SPDX-License-Identifier: Apache-2.0 */

/* The phrases that give page furniture away (furniture.tsv), as a hash table over folded words.
 *
 * A word is known by two hashes: of its folded letters, and of its stem (without و ف ب ل ك and the article before it
 * and common endings after it). Phrases are matched word by word. Read-only once made, shared by all workers. */
#ifndef DECLUTTER_PHRASES_H
#define DECLUTTER_PHRASES_H

#include <stddef.h>
#include <stdint.h>

#include "text/letters.h"

/* What a phrase is evidence of; see furniture.tsv. */
enum {
  PHRASE_NOTICE = 1,
  PHRASE_INSIDE = 2,
  PHRASE_PROMPT = 4,
  PHRASE_LIST = 8,
  PHRASE_CAPTION = 16,
  PHRASE_BYLINE = 32,
  PHRASE_AGENCY = 64,
  PHRASE_NAV = 128,
  PHRASE_PLATFORM = 256,
  PHRASE_FUNCTION = 512,
  PHRASE_TAIL = 1024
};

enum { WORD_CODES_MAX = 48 }; /* code points of a word that count */

typedef struct word_hash {
  uint32_t whole;
  uint32_t stem;
} word_hash;

/* The hashes of a word given as folded code points. */
word_hash word_hash_of(const uint32_t *codes, uint32_t n_codes);

/* True if characters of that kind belong to words: letters, marks, tatweel, digits. */
static inline int word_has(uint32_t letters_kind) {
  return letters_kind >= LETTERS_LETTER && letters_kind <= LETTERS_DIGIT;
}

typedef struct phrase_table phrase_table;

/* Reads furniture.tsv. 0, -ENOMEM, -EINVAL with the number of the bad line. */
int phrases_new(const char *tsv, size_t len, phrase_table **ret_table, uint32_t *ret_bad_line);
void phrases_free(phrase_table *table);

/* Adds a phrase of one PHRASE_* kind while the table is being made. 0, -ENOMEM, -EINVAL (no words, or over eight). */
int phrases_add(phrase_table *table, uint32_t kind, const char *text, size_t len);

/* The longest phrase that the words begin with: its kinds, and its length in words (0: none). */
uint32_t phrases_match(const phrase_table *table, const word_hash *words, uint32_t n_words, uint32_t *ret_len);

#endif
