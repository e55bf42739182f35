/* SPDX-License-Identifier: Apache-2.0 */

/* Finds out how often names are right, by where they come from and how far they are believed. */
#ifndef NER_TRUST_FIT_H
#define NER_TRUST_FIT_H

#include <stdint.h>

#include "entities/model.h"

/* Counts, the articles in two halves so that one can judge the other. */
typedef struct trust_tally {
  uint32_t n[2][MODEL_TRUST_ROWS][MODEL_TRUST_STEPS];
  uint32_t right[2][MODEL_TRUST_ROWS][MODEL_TRUST_STEPS];
} trust_tally;

typedef uint8_t trust_table[MODEL_TRUST_ROWS][MODEL_TRUST_STEPS];

/* Counts a name that a model without calibration believed by score; one of no row is left out. */
void trust_count(trust_tally *tally, uint32_t half, uint32_t row, float score, int right);

/* Adds counts to others. */
void trust_add(trust_tally *to, const trust_tally *from);

/* Fills a table that never falls with belief, from the halves whose bits are set. */
void trust_fit(const trust_tally *tally, uint32_t halves, trust_table ret_table);

/* Tells how far scores can be trusted that were calibrated on one half and tried on the other, and the expected calibration
 * error of these and of what was believed. */
void trust_print(const trust_tally *tally);

#endif
