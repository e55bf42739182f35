/* SPDX-License-Identifier: Apache-2.0 */

/* Looks up scores in the model's table. */
#include "entities/trust.h"

#include "qanat/layers.h"

uint32_t trust_row(const candidate *c) {
  if (c->type > QN_ENTITY_TYPE_EVENT || c->from == FROM_VALUES) {
    return SCAN_NONE;
  }
  uint32_t room = c->from == FROM_LEXICON ? 0 : c->from == FROM_PATTERN ? 1 : 2;
  return room * 2 + (c->last - c->first > 1);
}

uint32_t trust_step(float score) {
  float step = (score - SCAN_THRESHOLD) / (1.0f - SCAN_THRESHOLD) * MODEL_TRUST_STEPS;
  return step < 0.0f ? 0 : step >= MODEL_TRUST_STEPS ? MODEL_TRUST_STEPS - 1 : (uint32_t)step;
}

float trust_score(const ner_model *model, const candidate *c) {
  uint32_t row = trust_row(c);
  if (model != NULL && model->header->calibrated != 0 && row != SCAN_NONE) {
    return (float)model->header->trust[row][trust_step(c->score)] / 255.0f;
  }
  return c->score > 1.0f ? 1.0f : c->score;
}
