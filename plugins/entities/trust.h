/* SPDX-License-Identifier: Apache-2.0 */

/* How often names like this one were right when the model was tried on articles that it had not seen: what score tells. */
#ifndef ENTITIES_TRUST_H
#define ENTITIES_TRUST_H

#include "entities/model.h"
#include "entities/scan.h"

/* The row of the model's table for a chosen name: which room proposed it, one word or several. SCAN_NONE: amounts and dates, whose
 * grammars tell themselves how sure they are. */
uint32_t trust_row(const candidate *c);

/* The place in a row for what a candidate is believed. */
uint32_t trust_step(float score);

/* The score of a chosen candidate: calibrated if the model is, else what it is believed. 0 to 1. */
float trust_score(const ner_model *model, const candidate *c);

#endif
