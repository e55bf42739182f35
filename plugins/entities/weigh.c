/* SPDX-License-Identifier: Apache-2.0 */

/* Sieves features, then looks up and adds the weights of the rest. */
#include "entities/weigh.h"

#include <string.h>

/* Of a model with 50,000 features, one unknown feature in twenty gets through 128 KB, which stay in a core's cache. */
enum { SIEVE_LOG2 = 20, SIEVE_WORDS = 1 << (SIEVE_LOG2 - 6), SIEVE_MASK = (1 << SIEVE_LOG2) - 1 };

/* The weights of a row that are added at once; gcc and clang both make of this what the processor has. */
enum { EIGHT = 8 };
typedef int8_t eight_weights __attribute__((vector_size(EIGHT)));
typedef int16_t eight_sums __attribute__((vector_size(EIGHT * sizeof(int16_t))));

int weigh_use(weigher *w, const ner_model *model, scan *s) {
  if (w->model == model) {
    return 0;
  }
  int r = scan_grow(s, (void **)&w->sieve, &w->capacity, SIEVE_WORDS, sizeof *w->sieve);
  if (r != 0) {
    return r;
  }
  memset(w->sieve, 0, SIEVE_WORDS * sizeof *w->sieve);
  for (uint32_t i = 0; i <= model->mask; i++) {
    uint32_t print = model->slots[i].print;
    if (print != 0) {
      w->sieve[(print & SIEVE_MASK) >> 6] |= 1ull << (print & 63);
    }
  }
  w->model = model;
  return 0;
}

/* Keeps features that the model may have, without a branch: which those are cannot be foreseen. Returns how many. */
static uint32_t sieve(const weigher *w, uint64_t *features, uint32_t n) {
  uint32_t n_kept = 0;
  for (uint32_t k = 0; k < n; k++) {
    uint64_t feature = features[k];
    uint32_t print = model_print(feature);
    features[n_kept] = feature;
    n_kept += (uint32_t)(w->sieve[(print & SIEVE_MASK) >> 6] >> (print & 63) & 1);
  }
  return n_kept;
}

void weigh_features(const weigher *w, uint64_t *features, uint32_t n, weigh_row ret_sums) {
  const ner_model *model = w->model;
  uint32_t n_kept = sieve(w, features, n);
  for (uint32_t k = 0; k < n_kept; k++) {
    __builtin_prefetch(&model->slots[features[k] & model->mask]);
  }
  eight_sums front = { 0 };
  int16_t rest[MODEL_ROW - EIGHT] = { 0 };
  for (uint32_t k = 0; k < n_kept; k++) {
    const int8_t *weights = model_find(model, features[k]);
    if (weights == NULL) {
      continue;
    }
    eight_weights first;
    memcpy(&first, weights, sizeof first);
    front += __builtin_convertvector(first, eight_sums);
    for (uint32_t y = 0; y < MODEL_ROW - EIGHT; y++) {
      rest[y] = (int16_t)(rest[y] + weights[EIGHT + y]);
    }
  }
  memcpy(ret_sums, &front, sizeof front);
  memcpy(ret_sums + EIGHT, rest, sizeof rest);
}

void weigh_done(weigher *w, const scan *s) {
  s->host->release(s->env, w->sieve);
}
