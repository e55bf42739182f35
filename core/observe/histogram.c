/* SPDX-License-Identifier: Apache-2.0 */

/* Reading histograms: sums, quantiles, bounds. */
#include "observe/histogram.h"

uint64_t histogram_bucket_end_ns(uint32_t bucket) {
  if (bucket >= HISTOGRAM_BUCKETS - 1) {
    return UINT64_MAX;
  }
  uint32_t doubling = bucket >> HISTOGRAM_SPLIT_BITS;
  uint64_t within = bucket & ((1u << HISTOGRAM_SPLIT_BITS) - 1);
  uint64_t quarters = (UINT64_C(1) << HISTOGRAM_SPLIT_BITS) + within;
  return quarters << (doubling + HISTOGRAM_FIRST_BIT - HISTOGRAM_SPLIT_BITS);
}

void histogram_sum_add(histogram_sum *sum, const histogram *from) {
  for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    uint64_t count = atomic_load_explicit(&from->counts[i], memory_order_relaxed);
    sum->counts[i] += count;
    sum->count += count;
  }
  sum->sum_ns += atomic_load_explicit(&from->sum_ns, memory_order_relaxed);
}

void histogram_sum_join(histogram_sum *sum, const histogram_sum *other) {
  for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    sum->counts[i] += other->counts[i];
  }
  sum->count += other->count;
  sum->sum_ns += other->sum_ns;
}

static uint64_t middle_ns(uint32_t bucket) {
  if (bucket == HISTOGRAM_BUCKETS - 1) {
    return UINT64_C(1) << HISTOGRAM_END_BIT;
  }
  uint64_t begin_ns = bucket == 0 ? 0 : histogram_bucket_end_ns(bucket - 1);
  return begin_ns + (histogram_bucket_end_ns(bucket) - begin_ns) / 2;
}

uint64_t histogram_quantile_ns(const histogram_sum *sum, double share) {
  if (sum->count == 0) {
    return 0;
  }
  double wanted = share * (double)sum->count;
  uint64_t seen = 0;
  uint32_t last = 0;
  for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += sum->counts[i];
    last = sum->counts[i] > 0 ? i : last;
    if (seen > 0 && (double)seen >= wanted) {
      return middle_ns(last);
    }
  }
  return middle_ns(last);
}

uint64_t histogram_bound_ns(uint32_t bound) {
  return UINT64_C(1) << (HISTOGRAM_BOUND_FIRST_BIT + bound * HISTOGRAM_BOUND_STEP_BITS);
}

uint64_t histogram_below(const histogram_sum *sum, uint32_t bound) {
  uint32_t end = histogram_bucket(histogram_bound_ns(bound));
  uint64_t n = 0;
  for (uint32_t i = 0; i < end; i++) {
    n += sum->counts[i];
  }
  return n;
}
