/* SPDX-License-Identifier: Apache-2.0 */

/* Learns what the letters of names look like, against those of ordinary words: weights of letter trigrams that
 * lexicon_likeness adds up. Learnt while a lexicon is compiled, from its own persons' names and common words. */
#ifndef ENTITIES_LIKENESS_H
#define ENTITIES_LIKENESS_H

#include <stdbool.h>
#include <stddef.h>

#include "entities/lexicon_form.h"

typedef struct likeness_trainer {
  uint32_t names[QLEX_LIKENESS_SIZE];
  uint32_t words[QLEX_LIKENESS_SIZE];
} likeness_trainer;

/* Learns from one folded word of an alias of this kind (QLEX_*). is_proper: its entry is one whose names are seldom made of
 * ordinary words (persons, companies, cities). */
void likeness_learn(likeness_trainer *trainer, const char *form, size_t len, uint8_t kind, bool is_proper);

/* Writes QLEX_LIKENESS_SIZE weights. */
void likeness_write(const likeness_trainer *trainer, int8_t *ret_weights);

#endif
