/* SPDX-License-Identifier: Apache-2.0 */

/* The trained tagger: reads a document's first choice and says what else is a name, and which of the chosen are
 * doubtful. A linear-chain model, read with exact probabilities of each label at each word. */
#ifndef ENTITIES_DECODE_H
#define ENTITIES_DECODE_H

#include "entities/evidence.h"
#include "entities/model.h"
#include "entities/weigh.h"
#include "entities/word_types.h"

typedef float label_row[MODEL_ROW];

/* The working memory of one worker; zeroed at first. */
typedef struct decoder {
  weigher weigher;
  word_types types;
  echo_table echoes;
  word_facts *facts;
  uint32_t facts_capacity;
  uint64_t *type_hashes; /* of words; 0: not known yet */
  uint32_t hashes_capacity;
  float *odds;   /* of a stretch: label weights, then probabilities; MODEL_ROW a word */
  float *ahead;  /* ... sums from the left */
  float *behind; /* ... and from the right */
  uint32_t odds_capacity;
  uint32_t ahead_capacity;
  uint32_t behind_capacity;
  const ner_model *model; /* whose follows these are */
  label_row follows[MODEL_LABELS + 1];
  label_row precedes[MODEL_LABELS]; /* the same by the second label */
  float *odds_by_loss;              /* e to the power of minus so many steps */
  uint32_t n_losses;
  uint32_t losses_capacity;
} decoder;

/* Proposes what the model finds, and lowers what it doubts; after choose_best, which is to be called again. 0,
 * -ENOMEM. */
int decode_propose(decoder *d, const ner_model *model, scan *s);

/* The same, but the names that the other recognizers found are dropped and what the model finds stands alone. */
int decode_alone(decoder *d, const ner_model *model, scan *s);

void decode_done(decoder *d, const scan *s);

#endif
