/* SPDX-License-Identifier: Apache-2.0 */

/* What the trained model says of words by their type alone, kept for when they come again: about half of a word's
 * features need neither be made nor looked up if its type and those of its neighbours were met before. Sums are whole
 * numbers, so that the result does not depend on what is kept. */
#ifndef ENTITIES_WORD_TYPES_H
#define ENTITIES_WORD_TYPES_H

#include "entities/evidence.h"
#include "entities/weigh.h"

/* The sums of one type. */
typedef struct word_type {
  uint64_t hash;   /* 0: none */
  uint64_t filled; /* bits of the places whose sums are known */
  weigh_row sums[FEATURE_PLACES];
} word_type;

/* The memory of one worker; zeroed at first. */
typedef struct word_types {
  const ner_model *model; /* whose sums these are */
  word_type *types;       /* by hash; a type takes the place of another */
  uint32_t capacity;
  word_type border;
} word_types;

/* To be called before words are weighed by model. 0, -ENOMEM. */
int word_types_use(word_types *t, const ner_model *model, scan *s);

/* Has what is kept of the types of word i and of those around it fetched from memory. hashes has room for the types of all
 * words of the scan; 0: not known yet. */
void word_types_expect(const word_types *t, const feature_stretch *in, uint32_t i, uint64_t *hashes);

/* Adds to sums what the types of word i and of those around it say. hashes as above. */
void word_types_weigh(word_types *t, const weigher *w, const feature_stretch *in, uint32_t i, uint64_t *hashes,
                      weigh_row sums);

void word_types_done(word_types *t, const scan *s);

#endif
