/* SPDX-License-Identifier: Apache-2.0 */

/* How long things took: counts in buckets whose width grows with what they hold, four to each doubling, so that a quantile is
 * off by an eighth at most. Memory is fixed and nothing is ever locked. Floor 1. */
#ifndef CORE_OBSERVE_HISTOGRAM_H
#define CORE_OBSERVE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

/* Buckets from 2^8 ns (a quarter of a microsecond) to 2^37 ns (two minutes), and one each below and above. */
enum {
  HISTOGRAM_FIRST_BIT = 8,
  HISTOGRAM_END_BIT = 37,
  HISTOGRAM_SPLIT_BITS = 2,
  HISTOGRAM_BUCKETS = ((HISTOGRAM_END_BIT - HISTOGRAM_FIRST_BIT) << HISTOGRAM_SPLIT_BITS) + 2
};

/* All zeros is an empty one. */
typedef struct histogram {
  _Atomic uint64_t sum_ns;
  _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
} histogram;

/* What histograms held at one moment. */
typedef struct histogram_sum {
  uint64_t count, sum_ns;
  uint64_t counts[HISTOGRAM_BUCKETS];
} histogram_sum;

static inline uint32_t histogram_bucket(uint64_t ns) {
  if (ns < UINT64_C(1) << HISTOGRAM_FIRST_BIT) {
    return 0;
  }
  if (ns >= UINT64_C(1) << HISTOGRAM_END_BIT) {
    return HISTOGRAM_BUCKETS - 1;
  }
  uint32_t bit = 63 - (uint32_t)__builtin_clzll(ns);
  uint32_t within = (uint32_t)(ns >> (bit - HISTOGRAM_SPLIT_BITS)) & ((1u << HISTOGRAM_SPLIT_BITS) - 1);
  return ((bit - HISTOGRAM_FIRST_BIT) << HISTOGRAM_SPLIT_BITS) + within + 1;
}

/* The least that is too much for the bucket; UINT64_MAX for the last. */
uint64_t histogram_bucket_end_ns(uint32_t bucket);

/* So many things took ns each. Only one thread may ever add to this histogram: no locked instruction. */
static inline void histogram_add(histogram *self, uint64_t ns, uint64_t n) {
  _Atomic uint64_t *count = &self->counts[histogram_bucket(ns)];
  atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + n, memory_order_relaxed);
  atomic_store_explicit(&self->sum_ns, atomic_load_explicit(&self->sum_ns, memory_order_relaxed) + ns * n,
                        memory_order_relaxed);
}

/* The same for a histogram that several threads add to. [any] */
static inline void histogram_add_shared(histogram *self, uint64_t ns, uint64_t n) {
  atomic_fetch_add_explicit(&self->counts[histogram_bucket(ns)], n, memory_order_relaxed);
  atomic_fetch_add_explicit(&self->sum_ns, ns * n, memory_order_relaxed);
}

/* Adds what is in it now to the sum. [any] */
void histogram_sum_add(histogram_sum *sum, const histogram *from);
/* Adds one sum to another. */
void histogram_sum_join(histogram_sum *sum, const histogram_sum *other);

/* What so large a share of all (0 to 1) took at most, as the middle of its bucket; 0 if there is nothing. */
uint64_t histogram_quantile_ns(const histogram_sum *sum, double share);

/* Bounds for a cumulative histogram of few buckets, as Prometheus has them: each four times the one before, and an end of
 * a bucket here, so that the counts are exact. */
enum { HISTOGRAM_BOUNDS = 14, HISTOGRAM_BOUND_FIRST_BIT = 10, HISTOGRAM_BOUND_STEP_BITS = 2 };
/* The bound in ns, for 0 to HISTOGRAM_BOUNDS - 1. */
uint64_t histogram_bound_ns(uint32_t bound);
/* How much took less than the bound. */
uint64_t histogram_below(const histogram_sum *sum, uint32_t bound);

#endif
