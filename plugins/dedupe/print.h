/* SPDX-License-Identifier: Apache-2.0 */

/* What is remembered of a document: the set of its shingles as numbers of 24 bits, and what follows from the set alone.
 *
 * Two unrelated shingles are one number in 16 million, so the share that two sets have in common is that of the shingles
 * themselves but for about n / 16,777,216. Of more than PRINT_MAX distinct shingles the smallest numbers are kept, which
 * are a sample of all: the share is then an estimate, good to two points in a hundred. */
#ifndef DEDUPE_PRINT_H
#define DEDUPE_PRINT_H

#include <stdint.h>

enum {
  PRINT_BITS = 24,
  PRINT_MAX = 4096,
  PRINT_ROOM = 4 * PRINT_MAX, /* values that are gathered before they are sorted and thinned */
  PRINT_BANDS = 12,
  PRINT_ROWS = 3
};

#define PRINT_ALL (1u << PRINT_BITS)

typedef struct print {
  uint64_t simhash;
  uint32_t limit; /* the set holds all of the document's numbers below this; PRINT_ALL: all */
  uint32_t n;
  /* What alike sets are found by: each the hash of three minima over a part of the numbers. Sets that share 0.7 of their
   * shingles have one in common with probability 0.99, those that share 0.1 with 0.01. */
  uint32_t bands[PRINT_BANDS];
  uint32_t values[PRINT_ROOM];  /* after print_end: n of them, ascending */
  uint32_t scratch[PRINT_ROOM]; /* for sorting */
} print;

void print_begin(print *self);

/* Room for any number of values: when there is none left, those gathered are thinned. */
void print_thin(print *self);

static inline void print_add(print *self, uint32_t value) {
  if (value < self->limit) {
    if (self->n == PRINT_ROOM) {
      print_thin(self);
    }
    self->values[self->n++] = value;
  }
}

/* Sorts and thins, and works out the rest. */
void print_end(print *self);

/* The rest alone, for values that are a set already. */
void print_derive(print *self);

/* In how many bits two SimHashes differ. */
static inline uint32_t print_distance(uint64_t a, uint64_t b) {
  return (uint32_t)__builtin_popcountll(a ^ b);
}

/* The SimHash distance that hardly any (1 in 4000) pair with that share of shingles in common goes beyond. */
uint32_t print_distance_of(double similarity);

/* The share of numbers in common, of both sets together; 0 if both are empty. */
double print_similarity(const print *a, const print *b);

/* False if the sizes alone say that the share is less. */
int print_may_reach(const print *a, uint32_t n, uint32_t limit, double similarity);

#endif
