/* SPDX-License-Identifier: Apache-2.0 */

/* Sets of folded words by their hashes alone; a wrong match would be one in 10^10 tokens. */
#include "text/wordset.h"

#include "text/fold.h"
#include "text/hash.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <errno.h>
#include <string.h>

enum { WORD_MAX_BYTES = 64 };

#define ALEF_LAM "\xD8\xA7\xD9\x84"
#define LAM "\xD9\x84"
#define WAW "\xD9\x88"
#define FA "\xD9\x81"
#define BA "\xD8\xA8"
#define KAF "\xD9\x83"

uint64_t wordset_hash(const char *form, size_t len) {
  uint64_t hash = hash_word(HASH_SEED, (const uint8_t *)form, len);
  return hash != 0 ? hash : 1;
}

static uint32_t slot_of(uint64_t hash) {
  return (uint32_t)hash & (WORDSET_SLOTS - 1);
}

static uint32_t mark_of(uint64_t hash) {
  uint32_t mark = (uint32_t)(hash >> 32);
  return mark != 0 ? mark : 1;
}

static int add_hash(wordset *set, uint64_t hash) {
  uint32_t slot = slot_of(hash);
  while (set->slots[slot] != 0) {
    if (set->slots[slot] == mark_of(hash)) {
      return 0;
    }
    slot = (slot + 1) & (WORDSET_SLOTS - 1);
  }
  if (set->n_words == WORDSET_WORDS_MAX) {
    return -ENOSPC;
  }
  uint32_t bit = wordset_bit(hash);
  set->sieve[bit / 64] |= (uint64_t)1 << bit % 64;
  set->slots[slot] = mark_of(hash);
  set->n_words++;
  return 0;
}

int wordset_add(wordset *set, const char *words) {
  while (*words != '\0') {
    uint8_t form[FOLD_BOUND(WORD_MAX_BYTES)];
    size_t len = strcspn(words, " ");
    if (len > 0 && len <= WORD_MAX_BYTES) {
      int fault = add_hash(set, wordset_hash((const char *)form, fold_key((const uint8_t *)words, len, form)));
      if (fault != 0) {
        return fault;
      }
    }
    words += len + (words[len] == ' ');
  }
  return 0;
}

int wordset_search(const wordset *set, uint64_t hash) {
  uint32_t slot = slot_of(hash);
  while (set->slots[slot] != 0) {
    if (set->slots[slot] == mark_of(hash)) {
      return 1;
    }
    slot = (slot + 1) & (WORDSET_SLOTS - 1);
  }
  return 0;
}

int wordset_has(const wordset *set, const char *form, size_t len) {
  return wordset_has_hash(set, wordset_hash(form, len));
}

static int begins_with(const char *form, size_t len, const char *letters, size_t n_bytes) {
  return len >= n_bytes && memcmp(form, letters, n_bytes) == 0;
}

int wordset_has_loose(const wordset *set, const char *form, size_t len) {
  if (wordset_has(set, form, len)) {
    return 1;
  }
  return len > 4 && (begins_with(form, len, WAW, 2) || begins_with(form, len, FA, 2)) &&
         wordset_has(set, form + 2, len - 2);
}

/* Words shorter than this without their prefix keep it: it may be theirs. */
enum { STEM_MIN_BYTES = 6, LONG_WORD_BYTES = 10 };

size_t wordset_term_skip(const char *form, size_t len) {
  size_t at = begins_with(form, len, WAW, 2) || begins_with(form, len, FA, 2) ? 2 : 0;
  size_t clitic = at;
  if (begins_with(form + at, len - at, LAM LAM, 4)) {
    return len - at >= 4 + STEM_MIN_BYTES ? at + 4 : 0;
  }
  if (begins_with(form + at, len - at, BA, 2) || begins_with(form + at, len - at, KAF, 2)) {
    clitic = at + 2;
  }
  if (begins_with(form + clitic, len - clitic, ALEF_LAM, 4)) {
    return len - clitic >= 4 + STEM_MIN_BYTES ? clitic + 4 : 0;
  }
  return at > 0 && len >= LONG_WORD_BYTES && begins_with(form, len, WAW, 2) ? at : 0;
}

uint64_t wordset_term(const char *form, size_t len) {
  size_t skip = wordset_term_skip(form, len);
  return wordset_hash(form + skip, len - skip);
}

uint64_t wordset_term_of(const char *form, size_t len, uint64_t hash) {
  size_t skip = wordset_term_skip(form, len);
  return skip == 0 ? hash : wordset_hash(form + skip, len - skip);
}

static uint32_t word_end(const uint8_t *text, uint32_t at, uint32_t len) {
  while (at < len) {
    uint32_t after = at;
    uint32_t kind = letters_kind(utf8_next(text, &after));
    if (kind != LETTERS_LETTER && kind != LETTERS_MARK && kind != LETTERS_DIGIT && kind != LETTERS_TATWEEL) {
      break;
    }
    at = after;
  }
  return at;
}

static uint32_t term_add(uint64_t *terms, uint32_t n, uint64_t term) {
  for (uint32_t i = 0; i < n; i++) {
    if (terms[i] == term) {
      return n;
    }
  }
  terms[n] = term;
  return n + 1;
}

uint32_t wordset_terms(const wordset *stop, const char *text, size_t len, uint64_t *terms, uint32_t max) {
  const uint8_t *bytes = (const uint8_t *)text;
  uint32_t end = len < UINT32_MAX ? (uint32_t)len : 0;
  uint32_t n = 0;
  for (uint32_t at = 0; at < end && n < max;) {
    uint8_t form[FOLD_BOUND(WORD_MAX_BYTES)];
    uint32_t after = word_end(bytes, at, end);
    size_t form_len = after - at <= WORD_MAX_BYTES ? fold_key(bytes + at, after - at, form) : 0;
    if (form_len > 1 && !wordset_has(stop, (const char *)form, form_len)) {
      n = term_add(terms, n, wordset_term((const char *)form, form_len));
    }
    if (after == at) {
      utf8_next(bytes, &after);
    }
    at = after;
  }
  return n;
}
