/* SPDX-License-Identifier: Apache-2.0 */

/* Divides an Arabic word into what is attached before it, its stem and what is attached behind it.
 *
 * A model weighs all divisions that the grammar allows; tools/train-clitics.c makes it. It looks at one word alone, so
 * a word is divided the same way everywhere, and division can be remembered. Words are compared with all forms of alef
 * as one and without harakat. */
#ifndef TOKENIZE_CLITICS_H
#define TOKENIZE_CLITICS_H

#include <stddef.h>
#include <stdint.h>

/* The most parts: two before the stem, the stem, one behind. */
#define CLITICS_PARTS_MAX 4

/* Longer words are left whole: in letters, and in bytes with their marks. */
#define CLITICS_LETTERS_MAX 24
#define CLITICS_BYTES_MAX 120

/* A division: where each part ends, in bytes of the word; the last one ends with the word. n is 0 if the word is left
 * whole. stem is the index of the part that is the stem; n if there is none (به). */
typedef struct clitics_division {
  uint8_t n;
  uint8_t stem;
  uint8_t end[CLITICS_PARTS_MAX];
} clitics_division;

/* A model over mapped bytes; copies nothing. */
typedef struct clitics_model {
  const int16_t *weights; /* 1 << weight_bits of them */
  const uint16_t *words;  /* 1 << word_bits cells, see clitics_word_cell */
  uint32_t weight_bits;
  uint32_t word_bits;
} clitics_model;

/* 0, or -EINVAL for bytes that are no whole model of this version. bytes must be aligned to 4 and outlive the model. */
int clitics_open(clitics_model *model, const void *bytes, size_t len);

/* False for most words that have nothing attached: cheap, to be asked first. */
int clitics_may_divide(const uint8_t *word, uint32_t len);

/* Divides a word of valid UTF-8. */
void clitics_divide(const clitics_model *model, const uint8_t *word, uint32_t len, clitics_division *ret_division);

/* --- what the trainer shares --- */

#define CLITICS_MAGIC "QCLT0001"

/* The file: this, then the weights, then the words. Little endian. */
typedef struct clitics_header {
  char magic[8];
  uint32_t weight_bits;
  uint32_t word_bits;
  uint64_t checksum; /* clitics_checksum of all behind the header */
} clitics_header;

uint64_t clitics_checksum(const void *bytes, size_t len);

/* The letters of a word, each the low byte of its code point (U+06xx), alefs as one. */
typedef struct clitics_word {
  uint32_t n;
  uint8_t letters[CLITICS_LETTERS_MAX];
  uint8_t end[CLITICS_LETTERS_MAX]; /* of each letter with its marks, in bytes */
} clitics_word;

/* 0 if the word cannot have parts: too long, too short, or not all of Arabic letters. */
int clitics_read(const uint8_t *word, uint32_t len, clitics_word *ret_word);

/* One way to divide: indices into the lists of what may be attached, 0 for nothing; the stem is letters[begin..end). */
typedef struct clitics_candidate {
  uint8_t first;    /* 1 و, 2 ف */
  uint8_t second;   /* 1 س, 2 ل, 3 ب, 4 ك */
  uint8_t enclitic; /* 1 ه, 2 ها, ... see clitics.c */
  uint8_t begin;
  uint8_t end;
} clitics_candidate;

#define CLITICS_CANDIDATES_MAX 64
#define CLITICS_FEATURES_MAX 32

/* All ways to divide; the first is to leave the word whole. */
uint32_t clitics_candidates(const clitics_word *word, clitics_candidate ret_candidates[CLITICS_CANDIDATES_MAX]);

/* The weights that speak for or against a candidate, as indices. */
uint32_t clitics_features(const clitics_model *model, const clitics_word *word, const clitics_candidate *candidate,
                          uint32_t ret_features[CLITICS_FEATURES_MAX]);

/* The best of n candidates, 1 or more; the first of equals. */
uint32_t clitics_choose(const clitics_model *model, const clitics_word *word, const clitics_candidate *candidates,
                        uint32_t n);

/* A cell of the word table: how often a word was seen, as a bucket, and if it is a name; beside a fingerprint. The table
 * is filled with linear probing; 0 is an empty cell. */
#define CLITICS_BUCKETS 5
uint64_t clitics_word_hash(const uint8_t *letters, uint32_t n);
uint16_t clitics_word_cell(uint64_t hash, uint32_t bucket, int is_name);
uint32_t clitics_word_slot(uint64_t hash, uint32_t word_bits);

#endif
