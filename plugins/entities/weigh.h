/* SPDX-License-Identifier: Apache-2.0 */

/* What the trained model's features say of a word, added up. Most features of a word were never seen in training, and
 * finding that out in the model's full table is what they cost; a sieve in front of it says so of nearly all. */
#ifndef ENTITIES_WEIGH_H
#define ENTITIES_WEIGH_H

#include "entities/model.h"
#include "entities/scan.h"

/* FEATURES_MAX times 127 is less than a sum holds. */
typedef int16_t weigh_row[MODEL_ROW];

/* The memory of one worker; zeroed at first. */
typedef struct weigher {
  const ner_model *model; /* whose sieve this is */
  uint64_t *sieve;        /* bits of the prints that the model has */
  uint32_t capacity;
} weigher;

/* To be called before features are weighed by model. 0, -ENOMEM. */
int weigh_use(weigher *w, const ner_model *model, scan *s);

/* Keeps those of n features, of which a word has at most FEATURES_MAX, that the model may have, and has their weights fetched
 * from memory. Returns how many. */
uint32_t weigh_expect(const weigher *w, uint64_t *features, uint32_t n);

/* Adds the weights of features that were kept to what is weighed already. */
void weigh_add(const weigher *w, const uint64_t *features, uint32_t n, weigh_row weighed);

/* Both at once. The array is used up. */
void weigh_features(const weigher *w, uint64_t *features, uint32_t n, weigh_row weighed);

void weigh_done(weigher *w, const scan *s);

#endif
