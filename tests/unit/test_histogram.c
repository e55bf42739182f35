/* SPDX-License-Identifier: Apache-2.0 */

/* Buckets, quantiles and bounds of histograms; the table of reasons, from several threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "observe/metrics.h"

static void bucket_ends_where_the_next_begins(void **state) {
  (void)state;
  assert_int_equal(histogram_bucket(0), 0);
  assert_int_equal(histogram_bucket(255), 0);
  assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
  assert_true(histogram_bucket_end_ns(HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
  assert_true(histogram_bucket_end_ns(HISTOGRAM_BUCKETS - 2) == UINT64_C(1) << HISTOGRAM_END_BIT);
  for (uint32_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
    uint64_t end = histogram_bucket_end_ns(i);
    assert_int_equal(histogram_bucket(end - 1), i);
    assert_int_equal(histogram_bucket(end), i + 1);
  }
}

static void quantile_is_off_by_an_eighth_at_most(void **state) {
  (void)state;
  static const double shares[] = { 0, 0.5, 0.9, 0.99, 1 };
  for (uint64_t scale = 300; scale < UINT64_C(100000000); scale *= 7) {
    histogram *measured = calloc(1, sizeof *measured);
    histogram_sum sum = { 0 };
    for (uint64_t i = 1; i <= 1000; i++) {
      histogram_add(measured, scale * i, 1);
    }
    histogram_sum_add(&sum, measured);
    free(measured);
    assert_int_equal(sum.count, 1000);
    assert_true(sum.sum_ns == scale * 500500);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
      double exact = (double)scale * (shares[i] == 0 ? 1 : shares[i] * 1000);
      double found = (double)histogram_quantile_ns(&sum, shares[i]);
      assert_true(found >= exact * 0.87 && found <= exact * 1.13);
    }
  }
}

static void quantile_of_nothing_is_nothing(void **state) {
  (void)state;
  const histogram_sum sum = { 0 };
  assert_int_equal(histogram_quantile_ns(&sum, 0.5), 0);
}

static void bounds_count_exactly(void **state) {
  (void)state;
  histogram *measured = calloc(1, sizeof *measured);
  histogram_sum sum = { 0 };
  for (uint32_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
    histogram_add(measured, histogram_bound_ns(i) - 1, 2);
    histogram_add_shared(measured, histogram_bound_ns(i), 3);
  }
  histogram_sum_add(&sum, measured);
  histogram_sum twice = { 0 };
  histogram_sum_join(&twice, &sum);
  histogram_sum_join(&twice, &sum);
  for (uint32_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
    assert_int_equal(histogram_below(&sum, i), 5 * i + 2);
    assert_int_equal(histogram_below(&twice, i), 2 * (5 * i + 2));
  }
  assert_int_equal(sum.count, 5 * HISTOGRAM_BOUNDS);
  free(measured);
}

static void weight_stands_for_documents_between(void **state) {
  (void)state;
  metrics *all = NULL;
  assert_int_equal(metrics_new(2, 3, &all), 0);
  metrics_took(metrics_cell_of(all, 0, 1), 1000, 4, 17);
  metrics_took(metrics_cell_of(all, 1, 1), 1000, 1, 1);
  metrics_failed(metrics_cell_of(all, 1, 1), "bad");
  metrics_failed(metrics_cell_of(all, 0, 1), "bad");
  metrics_sum sum;
  metrics_sum_of(all, 1, &sum);
  assert_int_equal(sum.time_ns, 18000); /* a batch of four took the time once */
  assert_int_equal(sum.took.count, 4 * 17 + 1);
  assert_int_equal(sum.failed, 2);
  assert_int_equal(sum.reasons.n, 1);
  assert_string_equal(sum.reasons.all[0].slug, "bad");
  assert_int_equal(sum.reasons.all[0].n, 2);
  metrics_sum_of(all, 0, &sum);
  assert_int_equal(sum.took.count, 0);
  assert_int_equal(sum.reasons.n, 0);
  metrics_free(all);
}

static void reasons_beyond_the_bound_are_others(void **state) {
  (void)state;
  reasons *table = calloc(1, sizeof *table);
  char slug[200];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 100; i++) {
      snprintf(slug, sizeof slug, "slug-%d", i);
      reasons_count(table, slug);
    }
  }
  memset(slug, 'x', sizeof slug - 1);
  slug[sizeof slug - 1] = '\0';
  reasons_count(table, slug);
  reasons_sum sum;
  reasons_sum_of(table, &sum);
  assert_int_equal(sum.n, REASONS_MAX);
  assert_string_equal(sum.all[0].slug, "slug-0");
  assert_int_equal(sum.all[0].n, 3);
  assert_string_equal(sum.all[REASONS_MAX - 1].slug, "other");
  assert_int_equal(sum.all[REASONS_MAX - 1].n, 3 * (100 - REASONS_MAX + 1) + 1);
  free(table);
}

static void long_and_empty_reasons_keep_to_their_own(void **state) {
  (void)state;
  reasons *table = calloc(1, sizeof *table);
  char slug[200];
  memset(slug, 'x', sizeof slug - 1);
  slug[sizeof slug - 1] = '\0';
  for (int i = 0; i < 3; i++) {
    reasons_count(table, slug);
    reasons_count(table, "");
  }
  reasons_sum sum;
  reasons_sum_of(table, &sum);
  assert_int_equal(sum.n, 2);
  assert_int_equal(strlen(sum.all[0].slug), REASON_BYTES - 1);
  assert_int_equal(sum.all[0].n, 3);
  assert_string_equal(sum.all[1].slug, "unnamed");
  assert_int_equal(sum.all[1].n, 3);
  free(table);
}

enum { THREADS = 4, ROUNDS = 5000, WORDS = 20 };

static void *count_words(void *arg) {
  for (int i = 0; i < ROUNDS; i++) {
    char slug[16];
    snprintf(slug, sizeof slug, "w%d", i % WORDS);
    reasons_count(arg, slug);
  }
  return NULL;
}

static void reasons_of_many_threads_add_up(void **state) {
  (void)state;
  reasons *table = calloc(1, sizeof *table);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, count_words, table), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
  }
  reasons_sum sum;
  reasons_sum_of(table, &sum);
  uint64_t n = 0;
  for (uint32_t i = 0; i < sum.n; i++) {
    n += sum.all[i].n;
    for (uint32_t k = 0; k < i; k++) {
      assert_string_not_equal(sum.all[i].slug, sum.all[k].slug);
    }
  }
  assert_int_equal(n, THREADS * ROUNDS);
  free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(bucket_ends_where_the_next_begins),        cmocka_unit_test(quantile_is_off_by_an_eighth_at_most),
    cmocka_unit_test(quantile_of_nothing_is_nothing),           cmocka_unit_test(bounds_count_exactly),
    cmocka_unit_test(weight_stands_for_documents_between),      cmocka_unit_test(reasons_beyond_the_bound_are_others),
    cmocka_unit_test(long_and_empty_reasons_keep_to_their_own), cmocka_unit_test(reasons_of_many_threads_add_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
