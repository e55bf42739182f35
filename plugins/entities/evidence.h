/* SPDX-License-Identifier: Apache-2.0 */

/* What the trained model looks at: facts of a word and its neighbours as hashes. The trainer and the stage call the
 * same functions.
 *
 * Most features are those of a word by itself, wherever it stands, or what it says as a neighbour. They are the same for
 * all words of a type, so that their weights need to be added once a type (word_types.h). */
#ifndef ENTITIES_EVIDENCE_H
#define ENTITIES_EVIDENCE_H

#include "entities/echo.h"
#include "entities/scan.h"
#include "qanat/layers.h"

enum { FEATURES_MAX = 128 };

/* What the features of a word are made from, gathered once a word. */
typedef struct word_facts {
  uint64_t core;   /* of the form without proclitics */
  uint64_t shape;  /* script, capitals, length, article, proclitic */
  uint64_t lore;   /* what the lists say */
  uint64_t clitic; /* the letters before the core */
  uint64_t around; /* titles, cues and heads */
  uint64_t rule;   /* what the recognizers have chosen here */
  uint64_t doubt;  /* ... and what they proposed in vain */
  uint64_t part;   /* of which longer names of the lexicon it is a part */
  uint64_t echo;   /* what the same word was chosen as elsewhere in the document */
} word_facts;

/* Of word_facts.part: it is known. */
#define FACT_LOOKED_UP (UINT64_C(1) << 16)

/* Where a word stands whose features are asked for: it is the word itself, or beside it, or one further. */
typedef enum feature_place {
  PLACE_SELF,
  PLACE_BEFORE,
  PLACE_BEHIND,
  PLACE_BEFORE_2,
  PLACE_BEHIND_2,
  FEATURE_PLACES
} feature_place;

/* The words [first, last), outside of which nothing is looked at. */
typedef struct feature_stretch {
  const scan *scan;
  const word_facts *facts;
  uint32_t first;
  uint32_t last;
} feature_stretch;

/* Fills facts of all words, after a first choice. facts has room for s->n_words; echoes has begun. */
void features_gather(const scan *s, echo_table *echoes, word_facts *facts);

/* Fills what facts leaves open of the words [first, last), which is asked of few words only. */
void features_look_up(const scan *s, word_facts *facts, uint32_t first, uint32_t last);

/* True if a word is chosen as a part of an amount or a date. */
static inline int features_is_value(const word_facts *f) {
  return (f->rule & 0xF) > QN_ENTITY_TYPE_EVENT + 1;
}

/* All features of word i of the words [first, last). Returns how many. */
uint32_t features_of(const scan *s, const word_facts *facts, uint32_t first, uint32_t last, uint32_t i,
                     uint64_t *ret_features);

/* The word at a place seen from word i; SCAN_NONE outside of the stretch. */
uint32_t features_neighbour(const feature_stretch *in, uint32_t i, feature_place place);

/* A hash of everything that the features of the type of word i are made from; never 0. */
uint64_t features_type(const feature_stretch *in, uint32_t i);

/* The features that the type of word i (SCAN_NONE: what is outside) gives to a word that sees it at a place. Returns how
 * many. */
uint32_t features_of_type(const feature_stretch *in, uint32_t i, feature_place place, uint64_t *ret_features);

/* The other features of word i: those that tell of its place in the text, or of several words. */
uint32_t features_here(const feature_stretch *in, uint32_t i, uint64_t *ret_features);

/* The end of the stretch of words that begins at first: a sentence, or what stands between cuts, but no more than
 * FEATURES_STRETCH words. */
uint32_t features_stretch(const scan *s, uint32_t first);

enum { FEATURES_STRETCH = 512 };

#endif
