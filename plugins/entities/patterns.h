/* SPDX-License-Identifier: Apache-2.0 */

/* Names that are made of words that say what something is and of a place: "مطار صلالة الدولي". The lexicon's patterns say what they
 * are in English. */
#ifndef ENTITIES_PATTERNS_H
#define ENTITIES_PATTERNS_H

#include "entities/senses.h"

typedef struct pattern_match {
  uint32_t lexicon;
  uint32_t entry;  /* of the thing itself, if the lexicon has it; else of its pattern ... */
  int is_composed; /* ... whose star stands for the place */
  qn_str place;    /* its English name, without what explains it */
} pattern_match;

/* What a candidate is by its pattern. 1 if there is one and its place is certain, else 0. */
int patterns_find(const scan *s, const senses *d, const candidate *c, pattern_match *ret_match);

/* The same of a place behind a word that is not there, as "جامعه" is said of both of "جامعتي توركو ويوفاسكولا". */
int patterns_find_with(const scan *s, const senses *d, const candidate *c, const char *head, uint8_t type,
                       pattern_match *ret_match);

/* Proposes names that patterns of several words make: "سوق دبي المالي". One word before a place and none behind it may as well stand
 * outside of the name. */
void patterns_propose(scan *s);

#endif
