/* SPDX-License-Identifier: Apache-2.0 */

/* Small sets of words that a stage asks for at every token: stop words, verbs of saying. A set lives in the stage's
 * instance; it is filled in create() and only read from then on. */
#ifndef TEXT_WORDSET_H
#define TEXT_WORDSET_H

#include <stddef.h>
#include <stdint.h>

enum { WORDSET_SLOTS = 4096, WORDSET_WORDS_MAX = WORDSET_SLOTS / 2, WORDSET_SIEVE_BITS = 8192 };

typedef struct wordset {
  uint64_t sieve[WORDSET_SIEVE_BITS / 64]; /* a bit for each word: 1 KB tells of most others that they are not here */
  uint32_t slots[WORDSET_SLOTS];           /* the upper half of hashes of folded words, 0 is empty */
  uint32_t n_words;
} wordset;

/* Adds the words of a text, parted by spaces and written in any way; they are folded. A zeroed set is empty. 0, -ENOSPC
 * past WORDSET_WORDS_MAX words. */
int wordset_add(wordset *set, const char *words);

/* What wordset_has_hash takes; never 0. For forms that are asked about more than once. */
uint64_t wordset_hash(const char *form, size_t len);

/* The same as wordset_has_hash, without the sieve. */
int wordset_search(const wordset *set, uint64_t hash);

/* The bit of a hash in the sieve: other bits than those that say its slot. */
static inline uint32_t wordset_bit(uint64_t hash) {
  return (uint32_t)(hash >> 12) % WORDSET_SIEVE_BITS;
}

static inline int wordset_has_hash(const wordset *set, uint64_t hash) {
  uint32_t bit = wordset_bit(hash);
  return (set->sieve[bit / 64] >> bit % 64 & 1) != 0 && wordset_search(set, hash);
}

/* True if the folded form is in the set. */
int wordset_has(const wordset *set, const char *form, size_t len);

/* The same, with or without the proclitic و or ف before it. */
int wordset_has_loose(const wordset *set, const char *form, size_t len);

/* What a folded form is about, as a hash: without و before the article or a long word, and without the article, so that
 * "الرقائق", "والرقائق", "للرقائق" and "رقائق" are one term. Never 0. */
uint64_t wordset_term(const char *form, size_t len);
/* The same where the hash of the form is known. */
uint64_t wordset_term_of(const char *form, size_t len, uint64_t hash);

/* Bytes of the form that wordset_term leaves out at its begin. */
size_t wordset_term_skip(const char *form, size_t len);

/* The terms of a text such as a title, but for those in stop; each once, at most max. Returns how many. */
uint32_t wordset_terms(const wordset *stop, const char *text, size_t len, uint64_t *terms, uint32_t max);

#endif
