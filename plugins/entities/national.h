/* SPDX-License-Identifier: Apache-2.0 */

/* Whose an institution is that every country has: what an adjective or the country's name beside it says, else what the document
 * says around it and elsewhere. */
#ifndef ENTITIES_NATIONAL_H
#define ENTITIES_NATIONAL_H

#include "entities/senses.h"

enum { NATIONAL_EVIDENCE_MAX = 192 };

/* A word that speaks of a country. */
typedef struct national_evidence {
  uint32_t word;
  uint32_t lexicon;
  uint32_t country; /* entry */
  float weight;
} national_evidence;

/* What a document says of countries: gathered when it is first asked. */
typedef struct national {
  national_evidence all[NATIONAL_EVIDENCE_MAX];
  uint32_t n;
  int gathered;
} national;

/* Before a document. */
void national_begin(national *of);

/* An institution and its country: entries of one lexicon. */
typedef struct national_found {
  uint32_t lexicon;
  uint32_t entry;
  uint32_t country;
} national_found;

/* What a folded form names together with the country that it ends with: "وزارة الخارجية النرويجية", "برلمان كينيا", "وزارة الصحة في غانا".
 * 1 if it names something, else 0. */
int national_named(const scan *s, const char *form, uint32_t len, national_found *ret_found);

/* What a form without a country means at words [first, last). 1 if that is clear, else 0. */
int national_meant(national *of, const scan *s, uint32_t first, uint32_t last, const char *form, uint32_t len,
                   national_found *ret_found);

/* How much the document says of a country, most in the sentence around a word. */
float national_weight(national *of, const scan *s, uint32_t word, uint32_t lexicon, uint32_t country);

/* The entry that a lexicon has for a country of this English name, or SCAN_NONE. */
uint32_t national_country(const lexicon *lex, qn_str name);

#endif
