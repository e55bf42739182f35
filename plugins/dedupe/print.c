/* SPDX-License-Identifier: Apache-2.0 */

/* Sets of shingles: sorted by radix, summed up in a SimHash and in the bands they are found by. */
#include "dedupe/print.h"

#include <math.h>
#include <string.h>

#include "text/hash.h"

enum { BINS = PRINT_BANDS * PRINT_ROWS, PLANES = 13, RADIX = 256, NO_MINIMUM = -1 };

void print_begin(print *self) {
  self->n = 0;
  self->limit = PRINT_ALL;
}

/* Numbers of 24 bits in three passes, each stable. Ends in scratch and is copied back. */
static void sort(print *self) {
  uint32_t *from = self->values, *to = self->scratch;
  for (uint32_t shift = 0; shift < PRINT_BITS; shift += 8) {
    uint32_t places[RADIX] = { 0 };
    for (uint32_t i = 0; i < self->n; i++) {
      places[from[i] >> shift & 0xFF]++;
    }
    for (uint32_t digit = 0, sum = 0; digit < RADIX; digit++) {
      uint32_t count = places[digit];
      places[digit] = sum;
      sum += count;
    }
    for (uint32_t i = 0; i < self->n; i++) {
      to[places[from[i] >> shift & 0xFF]++] = from[i];
    }
    uint32_t *other = from;
    from = to;
    to = other;
  }
  memcpy(self->values, self->scratch, self->n * sizeof *self->values);
}

void print_thin(print *self) {
  uint32_t n = 0;
  sort(self);
  for (uint32_t i = 0; i < self->n; i++) {
    if (n == 0 || self->values[n - 1] != self->values[i]) {
      self->values[n++] = self->values[i];
    }
  }
  self->n = n;
  if (n > PRINT_MAX) {
    self->limit = self->values[PRINT_MAX];
    self->n = PRINT_MAX;
  }
}

/* The finalizer of splitmix64: 64 bits that look independent, from 24. */
static inline uint64_t mix(uint64_t value) {
  value = (value + 1) * 0x9E3779B97F4A7C15u;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
  value = (value ^ value >> 27) * 0x94D049BB133111EBu;
  return value ^ value >> 31;
}

/* Which bits are set in more than half of the hashes. Counts all 64 at once, in binary: plane p holds bit p of each count. */
static uint64_t simhash(const print *self) {
  uint64_t planes[PLANES] = { 0 }, result = 0;
  for (uint32_t i = 0; i < self->n; i++) {
    uint64_t carry = mix(self->values[i]);
    for (uint32_t p = 0; p < PLANES && carry != 0; p++) {
      uint64_t both = planes[p] & carry;
      planes[p] ^= carry;
      carry = both;
    }
  }
  for (uint32_t bit = 0; bit < 64; bit++) {
    uint32_t count = 0;
    for (uint32_t p = 0; p < PLANES; p++) {
      count |= (uint32_t)(planes[p] >> bit & 1) << p;
    }
    result |= (uint64_t)(count * 2 > self->n) << bit;
  }
  return result;
}

/* An empty bin borrows from another, chosen by chance but always alike: sets with the same bins borrow the same. */
static uint32_t minimum_of(const int64_t *minima, uint32_t bin) {
  for (uint32_t attempt = 0; minima[bin] == NO_MINIMUM; attempt++) {
    uint32_t other = (uint32_t)(mix((uint64_t)bin << 32 | attempt) % BINS);
    if (minima[other] != NO_MINIMUM) {
      return (uint32_t)minima[other];
    }
  }
  return (uint32_t)minima[bin];
}

static void find_bands(print *self) {
  int64_t minima[BINS];
  for (uint32_t bin = 0; bin < BINS; bin++) {
    minima[bin] = NO_MINIMUM;
  }
  for (uint32_t i = 0; i < self->n; i++) {
    uint64_t hash = mix((uint64_t)self->values[i] | 1ull << 40);
    uint32_t bin = (uint32_t)((hash >> 32) * BINS >> 32);
    int64_t low = (int64_t)(hash & UINT32_MAX);
    if (minima[bin] == NO_MINIMUM || low < minima[bin]) {
      minima[bin] = low;
    }
  }
  for (uint32_t band = 0; band < PRINT_BANDS; band++) {
    uint64_t hash = HASH_SEED ^ band;
    for (uint32_t row = 0; row < PRINT_ROWS; row++) {
      hash = hash_step(hash, minimum_of(minima, band * PRINT_ROWS + row));
    }
    self->bands[band] = (uint32_t)(hash_step(hash, band) >> 32);
  }
}

void print_derive(print *self) {
  self->simhash = 0;
  memset(self->bands, 0, sizeof self->bands);
  if (self->n > 0) {
    self->simhash = simhash(self);
    find_bands(self);
  }
}

void print_end(print *self) {
  print_thin(self);
  print_derive(self);
}

/* Two sets that share s of their members have the cosine 2s / (1 + s), and each bit of their SimHashes differs with the
 * probability of the angle over pi. Three and a half deviations above the mean. */
uint32_t print_distance_of(double similarity) {
  const double pi = 3.14159265358979323846;
  double cosine = 2 * similarity / (1 + similarity);
  double chance = acos(cosine < 1 ? cosine : 1) / pi;
  double bound = ceil(64 * chance + 3.5 * sqrt(64 * chance * (1 - chance)));
  return bound < 64 ? (uint32_t)bound : 64;
}

/* Only numbers below both limits were looked for in both documents. */
double print_similarity(const print *a, const print *b) {
  uint32_t limit = a->limit < b->limit ? a->limit : b->limit;
  uint32_t i = 0, j = 0, common = 0, n_a = a->n, n_b = b->n;
  while (n_a > 0 && a->values[n_a - 1] >= limit) {
    n_a--;
  }
  while (n_b > 0 && b->values[n_b - 1] >= limit) {
    n_b--;
  }
  while (i < n_a && j < n_b) {
    uint32_t x = a->values[i], y = b->values[j];
    common += x == y;
    i += x <= y;
    j += y <= x;
  }
  uint32_t all = n_a + n_b - common;
  return all == 0 ? 0 : (double)common / all;
}

int print_may_reach(const print *a, uint32_t n, uint32_t limit, double similarity) {
  double mine = (double)a->n / a->limit, theirs = (double)n / limit;
  /* Estimated sizes stray by a few in a hundred. */
  double slack = a->limit == PRINT_ALL && limit == PRINT_ALL ? 1 : 1.1;
  return mine < theirs ? mine * slack >= theirs * similarity : theirs * slack >= mine * similarity;
}
