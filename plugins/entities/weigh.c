/* SPDX-License-Identifier: Apache-2.0 */

/* Sieves features, then looks up and adds the weights of the rest. */
#include "entities/weigh.h"

#include <stddef.h>
#include <string.h>

/* Of a model with 100,000 features, one unknown feature in ten gets through 128 KB, which stay in a core's cache. */
enum { SIEVE_LOG2 = 20, SIEVE_WORDS = 1 << (SIEVE_LOG2 - 6), SIEVE_MASK = (1 << SIEVE_LOG2) - 1 };

/* A whole slot is added at once, the print with the weights: one load, and nothing is left over. gcc and clang both make of
 * this what the processor has. */
enum { SLOT = sizeof(model_slot), PRINT = sizeof(model_slot) - MODEL_ROW };
typedef int8_t slot_bytes __attribute__((vector_size(SLOT)));
typedef int16_t slot_steps __attribute__((vector_size(SLOT * sizeof(int16_t))));
typedef uint16_t slot_sums __attribute__((vector_size(SLOT * sizeof(uint16_t)))); /* what is no weight may overflow */
_Static_assert(sizeof(model_slot) == 16 && offsetof(model_slot, weights) == PRINT, "slots are added as vectors");

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
    if (print == 1) {
      w->sieve[0] |= 1; /* what is to have the print 0 has this one */
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
    uint32_t print = (uint32_t)(feature >> 32);
    features[n_kept] = feature;
    n_kept += (uint32_t)(w->sieve[(print & SIEVE_MASK) >> 6] >> (print & 63) & 1);
  }
  return n_kept;
}

uint32_t weigh_expect(const weigher *w, uint64_t *features, uint32_t n) {
  uint32_t n_kept = sieve(w, features, n);
  for (uint32_t k = 0; k < n_kept; k++) {
    __builtin_prefetch(&w->model->slots[features[k] & w->model->mask]);
  }
  return n_kept;
}

void weigh_add(const weigher *w, const uint64_t *features, uint32_t n, weigh_row weighed) {
  slot_sums sums = { 0 };
  memcpy((char *)&sums + PRINT * sizeof(uint16_t), weighed, sizeof(weigh_row));
  for (uint32_t k = 0; k < n; k++) {
    const int8_t *weights = model_find(w->model, features[k]);
    if (weights == NULL) {
      continue;
    }
    slot_bytes slot;
    memcpy(&slot, weights - PRINT, sizeof slot);
    sums += (slot_sums) __builtin_convertvector(slot, slot_steps);
  }
  memcpy(weighed, (const char *)&sums + PRINT * sizeof(uint16_t), sizeof(weigh_row));
}

void weigh_features(const weigher *w, uint64_t *features, uint32_t n, weigh_row weighed) {
  weigh_add(w, features, weigh_expect(w, features, n), weighed);
}

void weigh_done(weigher *w, const scan *s) {
  s->host->release(s->env, w->sieve);
}
