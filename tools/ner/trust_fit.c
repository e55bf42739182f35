/* SPDX-License-Identifier: Apache-2.0 */

/* Isotonic regression over a few steps: neighbours that would fall are pooled. */
#include "ner/trust_fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "entities/trust.h"

enum { BUCKETS = 10 };

/* Every step starts as if so many names had been seen there, of what the row has altogether: few names prove little. */
#define PRIOR 4.0

void trust_count(trust_tally *tally, uint32_t half, uint32_t row, float score, int right) {
  if (row < MODEL_TRUST_ROWS) {
    tally->n[half][row][trust_step(score)]++;
    tally->right[half][row][trust_step(score)] += right != 0;
  }
}

void trust_add(trust_tally *to, const trust_tally *from) {
  for (uint32_t half = 0; half < 2; half++) {
    for (uint32_t row = 0; row < MODEL_TRUST_ROWS; row++) {
      for (uint32_t step = 0; step < MODEL_TRUST_STEPS; step++) {
        to->n[half][row][step] += from->n[half][row][step];
        to->right[half][row][step] += from->right[half][row][step];
      }
    }
  }
}

typedef struct pool {
  double n;
  double right;
  uint32_t n_steps;
} pool;

/* Pools of a row, rising. Returns how many. */
static uint32_t pool_row(const double *n, const double *right, pool *pools) {
  uint32_t n_pools = 0;
  for (uint32_t step = 0; step < MODEL_TRUST_STEPS; step++) {
    pools[n_pools++] = (pool){ n[step], right[step], 1 };
    while (n_pools > 1 &&
           pools[n_pools - 2].right * pools[n_pools - 1].n >= pools[n_pools - 1].right * pools[n_pools - 2].n) {
      pools[n_pools - 2].n += pools[n_pools - 1].n;
      pools[n_pools - 2].right += pools[n_pools - 1].right;
      pools[n_pools - 2].n_steps += pools[n_pools - 1].n_steps;
      n_pools--;
    }
  }
  return n_pools;
}

static void fit_row(const trust_tally *tally, uint32_t halves, uint32_t row, uint8_t *ret_steps) {
  double n[MODEL_TRUST_STEPS] = { 0 };
  double right[MODEL_TRUST_STEPS] = { 0 };
  double n_all = 2.0;
  double right_all = 1.0;
  pool pools[MODEL_TRUST_STEPS];
  for (uint32_t step = 0; step < MODEL_TRUST_STEPS; step++) {
    for (uint32_t half = 0; half < 2; half++) {
      n[step] += (halves >> half & 1) != 0 ? tally->n[half][row][step] : 0;
      right[step] += (halves >> half & 1) != 0 ? tally->right[half][row][step] : 0;
    }
    n_all += n[step];
    right_all += right[step];
  }
  for (uint32_t step = 0; step < MODEL_TRUST_STEPS; step++) {
    n[step] += PRIOR;
    right[step] += PRIOR * right_all / n_all;
  }
  uint32_t n_pools = pool_row(n, right, pools);
  uint32_t step = 0;
  for (uint32_t k = 0; k < n_pools; k++) {
    for (uint32_t i = 0; i < pools[k].n_steps; i++) {
      ret_steps[step++] = (uint8_t)lround(255.0 * pools[k].right / pools[k].n);
    }
  }
}

void trust_fit(const trust_tally *tally, uint32_t halves, trust_table ret_table) {
  for (uint32_t row = 0; row < MODEL_TRUST_ROWS; row++) {
    fit_row(tally, halves, row, ret_table[row]);
  }
}

typedef struct bucket {
  double n;
  double right;
  double promised;
} bucket;

static void add_to_bucket(bucket *buckets, double promised, double n, double right) {
  int at = (int)(promised * BUCKETS);
  bucket *b = &buckets[at < 0 ? 0 : at >= BUCKETS ? BUCKETS - 1 : at];
  b->n += n;
  b->right += right;
  b->promised += promised * n;
}

static double error_of(const bucket *buckets) {
  double n = 1e-9;
  double off = 0.0;
  for (uint32_t b = 0; b < BUCKETS; b++) {
    n += buckets[b].n;
    off += fabs(buckets[b].promised - buckets[b].right);
  }
  return off / n;
}

/* Sorts names of a half into buckets: by the table, or (NULL) by the middle of what they were believed. */
static void fill_buckets(const trust_tally *tally, uint32_t half, trust_table table, bucket *buckets) {
  for (uint32_t row = 0; row < MODEL_TRUST_ROWS; row++) {
    for (uint32_t step = 0; step < MODEL_TRUST_STEPS; step++) {
      double believed = 0.5 + (step + 0.5) * 0.5 / MODEL_TRUST_STEPS;
      add_to_bucket(buckets, table != NULL ? table[row][step] / 255.0 : believed, tally->n[half][row][step],
                    tally->right[half][row][step]);
    }
  }
}

void trust_print(const trust_tally *tally) {
  bucket believed[BUCKETS] = { { 0, 0, 0 } };
  bucket calibrated[BUCKETS] = { { 0, 0, 0 } };
  for (uint32_t half = 0; half < 2; half++) {
    trust_table table;
    trust_fit(tally, half == 0 ? 2 : 1, table);
    fill_buckets(tally, half, NULL, believed);
    fill_buckets(tally, half, table, calibrated);
  }
  printf("score          n  promised  right (calibrated on the other half of the articles)\n");
  for (uint32_t b = 0; b < BUCKETS; b++) {
    if (calibrated[b].n > 0) {
      printf("%.1f to %.1f %5.0f  %.3f     %.3f\n", b / (double)BUCKETS, (b + 1) / (double)BUCKETS, calibrated[b].n,
             calibrated[b].promised / calibrated[b].n, calibrated[b].right / calibrated[b].n);
    }
  }
  printf("expected calibration error %.3f; without calibration %.3f\n", error_of(calibrated), error_of(believed));
}
