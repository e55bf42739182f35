/* SPDX-License-Identifier: Apache-2.0 */

/* Which of several things of one name is meant: by the word before it (مدينة, نادي) and by the countries that the
 * document speaks of. */
#ifndef ENTITIES_SENSES_H
#define ENTITIES_SENSES_H

#include "entities/scan.h"

enum { SENSES_COUNTRIES_MAX = 32 };

typedef struct sense_country {
  uint32_t entry;
  uint32_t lexicon;
  float weight; /* mentions of it; half of one for what lies in it */
} sense_country;

typedef struct senses {
  sense_country countries[SENSES_COUNTRIES_MAX];
  uint32_t n_countries;
  float total;
  uint32_t clear; /* the one country that the document is about, or SCAN_NONE */
} senses;

/* The country that a hit speaks of, and how surely: what it means if that is a country, or where it lies. QLEX_NO_COUNTRY if
 * it speaks of none, or of two. */
uint32_t senses_country(const scan *s, const hit *h, float *ret_weight);

/* Counts the countries of a document whose aliases have been found. */
void senses_count(senses *d, const scan *s);

/* What the context adds to the belief that a hit with several meanings has this one: -0.12 to 0.12. */
float senses_weigh(const senses *d, const scan *s, const hit *h, const qlex_payload *payload);

/* The part of what a document says of countries that it says of this one: 0 to 1. */
float senses_share(const senses *d, uint32_t lexicon, uint32_t country);

/* True if an alias that every country has may mean this entry here. */
int senses_is_national(const senses *d, const scan *s, const hit *h, const qlex_payload *payload);

#endif
