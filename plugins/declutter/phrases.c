/* SPDX-License-Identifier: Apache-2.0 */

/* Hashes words and looks phrases up. */
#include "declutter/phrases.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text/fold.h"
#include "text/letters.h"
#include "text/utf8.h"

enum { WORDS_MAX = 8, FIRST_SLOTS = 4096, KIND_LEADS_ON = 1 << 15, SIEVE_BITS = 1 << 15 };

typedef struct phrase_slot {
  uint32_t key;   /* of the words so far; 0: empty */
  uint16_t kinds; /* PHRASE_*, and KIND_LEADS_ON if a longer phrase begins so */
} phrase_slot;

struct phrase_table {
  uint64_t sieve[SIEVE_BITS / 64]; /* a bit for each key: 4 KB tell of most words that no phrase has them */
  phrase_slot *slots;
  uint32_t n_slots; /* a power of two */
  uint32_t n_used;
};

/* --- words --- */

static uint32_t hash_codes(const uint32_t *codes, uint32_t n) {
  uint32_t hash = 0x811C9DC5u;
  for (uint32_t i = 0; i < n; i++) {
    hash = (hash ^ codes[i]) * 0x01000193u;
    hash ^= hash >> 15;
  }
  hash *= 0x2C1B3C6Du;
  hash ^= hash >> 13;
  return hash == 0 ? 1 : hash;
}

enum {
  ALEF = 0x627,
  BA = 0x628,
  TA = 0x62A,
  FA = 0x641,
  KAF = 0x643,
  LAM = 0x644,
  NUN = 0x646,
  HA = 0x647,
  WAW = 0x648,
  YA = 0x64A
};

/* How many code points in front are proclitics and the article. */
static uint32_t prefix_len(const uint32_t *codes, uint32_t n) {
  uint32_t at = n >= 4 && (codes[0] == WAW || codes[0] == FA) ? 1 : 0;
  if (n - at >= 5 && (codes[at] == BA || codes[at] == KAF) && codes[at + 1] == ALEF && codes[at + 2] == LAM) {
    return at + 3;
  }
  if (n - at >= 4 && ((codes[at] == ALEF && codes[at + 1] == LAM) || (codes[at] == LAM && codes[at + 1] == LAM))) {
    return at + 2;
  }
  return at;
}

/* How many code points at the end are a plural, a feminine or a pronoun ending. */
static uint32_t suffix_len(const uint32_t *codes, uint32_t n) {
  if (n >= 5) {
    uint32_t before = codes[n - 2], last = codes[n - 1];
    if ((before == ALEF && last == TA) || (before == WAW && last == NUN) || (before == YA && last == NUN) ||
        (before == HA && (last == ALEF || last == 0x645))) {
      return 2;
    }
  }
  return n >= 4 && (codes[n - 1] == HA || codes[n - 1] == YA) ? 1 : 0;
}

word_hash word_hash_of(const uint32_t *codes, uint32_t n_codes) {
  uint32_t prefix = prefix_len(codes, n_codes);
  uint32_t suffix = suffix_len(codes + prefix, n_codes - prefix);
  word_hash hash = { hash_codes(codes, n_codes), 0 };
  hash.stem = prefix + suffix == 0 ? hash.whole : hash_codes(codes + prefix, n_codes - prefix - suffix);
  return hash;
}

/* --- the table --- */

static uint32_t chain(uint32_t key, uint32_t word) {
  key = (key ^ word) * 0x9E3779B1u;
  key ^= key >> 16;
  return key == 0 ? 1 : key;
}

static phrase_slot *find_slot(phrase_slot *slots, uint32_t n_slots, uint32_t key) {
  uint32_t at = key & (n_slots - 1);
  while (slots[at].key != 0 && slots[at].key != key) {
    at = (at + 1) & (n_slots - 1);
  }
  return &slots[at];
}

/* Other bits of a key than those that say its slot. */
static uint32_t sieve_bit(uint32_t key) {
  return key >> 17;
}

/* The kinds of a key, 0 if it is not there. */
static uint32_t kinds_at(const phrase_table *table, uint32_t key) {
  uint32_t bit = sieve_bit(key);
  if ((table->sieve[bit / 64] >> bit % 64 & 1) == 0) {
    return 0;
  }
  return find_slot(table->slots, table->n_slots, key)->kinds;
}

static int add_key(phrase_table *table, uint32_t key, uint16_t kinds) {
  if (table->n_used * 2 >= table->n_slots) {
    uint32_t n_slots = table->n_slots == 0 ? FIRST_SLOTS : table->n_slots * 2;
    phrase_slot *slots = calloc(n_slots, sizeof *slots);
    if (slots == NULL) {
      return -ENOMEM;
    }
    for (uint32_t i = 0; i < table->n_slots; i++) {
      if (table->slots[i].key != 0) {
        *find_slot(slots, n_slots, table->slots[i].key) = table->slots[i];
      }
    }
    free(table->slots);
    table->slots = slots;
    table->n_slots = n_slots;
  }
  phrase_slot *slot = find_slot(table->slots, table->n_slots, key);
  table->n_used += slot->key == 0;
  slot->key = key;
  slot->kinds |= kinds;
  table->sieve[sieve_bit(key) / 64] |= (uint64_t)1 << sieve_bit(key) % 64;
  return 0;
}

/* Whole words and stems live in one table; a stem's key is kept apart by its begin. */
static uint32_t stem_key(uint32_t stem) {
  return chain(0x5354454Du, stem);
}

int phrases_add(phrase_table *table, uint32_t kind, const char *text, size_t len) {
  word_hash words[WORDS_MAX];
  uint32_t codes[WORD_CODES_MAX], n_codes = 0, n_words = 0, key = 0;
  for (size_t at = 0; at <= len;) {
    uint32_t step = 1, folded = 0;
    uint32_t code = at < len ? utf8_decode((const uint8_t *)text + at, len - at, &step) : ' ';
    at += step;
    if (code == UTF8_INVALID) {
      return -EINVAL;
    }
    if (word_has(letters_kind(code))) {
      folded = fold_code(code);
      if (folded != 0 && n_codes < WORD_CODES_MAX) {
        codes[n_codes++] = folded;
      }
    } else if (n_codes > 0) {
      if (n_words == WORDS_MAX) {
        return -EINVAL;
      }
      words[n_words++] = word_hash_of(codes, n_codes);
      n_codes = 0;
    }
  }
  int rc = n_words == 0 ? -EINVAL : 0;
  for (uint32_t i = 0; rc == 0 && i < n_words; i++) {
    key = chain(key, words[i].whole);
    rc = add_key(table, key, (uint16_t)(i + 1 < n_words ? KIND_LEADS_ON : kind));
  }
  if (rc == 0 && n_words == 1 && (kind & (PHRASE_NAV | PHRASE_PLATFORM)) != 0) {
    rc = add_key(table, stem_key(words[0].stem), (uint16_t)kind);
  }
  return rc;
}

static uint16_t kind_of(const char *name, size_t len) {
  static const struct {
    const char *name;
    uint16_t kind;
  } kinds[] = {
    { "notice", PHRASE_NOTICE },     { "inside", PHRASE_INSIDE },   { "prompt", PHRASE_PROMPT },
    { "list", PHRASE_LIST },         { "caption", PHRASE_CAPTION }, { "byline", PHRASE_BYLINE },
    { "agency", PHRASE_AGENCY },     { "nav", PHRASE_NAV },         { "platform", PHRASE_PLATFORM },
    { "function", PHRASE_FUNCTION }, { "tail", PHRASE_TAIL },
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, name, len) == 0) {
      return kinds[i].kind;
    }
  }
  return 0;
}

static int add_line(phrase_table *table, const char *line, size_t len) {
  if (len == 0 || line[0] == '#') {
    return 0;
  }
  const char *tab = memchr(line, '\t', len);
  uint16_t kind = tab == NULL ? 0 : kind_of(line, (size_t)(tab - line));
  return kind == 0 ? -EINVAL : phrases_add(table, kind, tab + 1, len - (size_t)(tab + 1 - line));
}

int phrases_new(const char *tsv, size_t len, phrase_table **ret_table, uint32_t *ret_bad_line) {
  phrase_table *table = calloc(1, sizeof *table);
  int rc = table == NULL ? -ENOMEM : 0;
  uint32_t n_lines = 0;
  for (size_t at = 0; rc == 0 && at < len;) {
    const char *newline = memchr(tsv + at, '\n', len - at);
    size_t line_len = newline == NULL ? len - at : (size_t)(newline - (tsv + at));
    n_lines++;
    rc = add_line(table, tsv + at, line_len);
    at += line_len + 1;
  }
  if (rc == 0 && table->slots == NULL) {
    rc = -EINVAL;
  }
  if (rc != 0) {
    *ret_bad_line = n_lines;
    phrases_free(table);
    return rc;
  }
  *ret_table = table;
  return 0;
}

void phrases_free(phrase_table *table) {
  if (table != NULL) {
    free(table->slots);
    free(table);
  }
}

uint32_t phrases_match(const phrase_table *table, const word_hash *words, uint32_t n_words, uint32_t *ret_len) {
  uint32_t kinds = 0, key = 0;
  *ret_len = 0;
  for (uint32_t i = 0; i < n_words; i++) {
    key = chain(key, words[i].whole);
    uint32_t here = kinds_at(table, key);
    if ((here & ~(uint32_t)KIND_LEADS_ON) != 0) {
      kinds |= here & ~(uint32_t)KIND_LEADS_ON;
      *ret_len = i + 1;
    }
    if ((here & KIND_LEADS_ON) == 0) {
      break;
    }
  }
  if (*ret_len == 0 && n_words > 0) {
    kinds = kinds_at(table, stem_key(words[0].stem));
    *ret_len = kinds != 0;
  }
  return kinds;
}
