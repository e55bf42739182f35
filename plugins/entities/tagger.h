/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the mentions of a document: what the entities stage does, without the stage.
 *
 * A tagger is the working memory of one worker; the lexicons are shared. Output depends on the input alone. */
#ifndef ENTITIES_TAGGER_H
#define ENTITIES_TAGGER_H

#include "entities/model.h"
#include "entities/scan.h"

typedef struct tagger tagger;

/* One mention, sorted by begin, disjoint, on code point borders, never across a break or a line end. */
typedef struct mention {
  uint32_t begin;
  uint32_t end;
  uint32_t type;              /* QN_ENTITY_TYPE_* */
  float score;                /* confidence, 0 to 1 */
  uint32_t trust_row;         /* where the score was looked up, or would be: trust.h */
  qn_str link;                /* canonical name, in the lexicon or the view; empty if unknown */
  const value_mention *value; /* MONEY, PERCENT, DATE, QUANTITY; otherwise NULL */
} mention;

/* lexicons hold as long as the tagger; the first is asked first. 0, -ENOMEM. */
int tagger_open(const qn_host *host, qn_env *env, const lexicon *lexicons, uint32_t n_lexicons, tagger **ret_tagger);

/* Accepts NULL. */
void tagger_close(tagger *t);

/* Lets a trained model take part from now on; it holds as long as the tagger. NULL: none. */
void tagger_use_model(tagger *t, const ner_model *model);

/* What the rooms before the model make of a document: its words, and a first choice of candidates. It belongs to the
 * tagger and holds until its next use; training starts here. 0, -ENOMEM. */
int tagger_first_choice(tagger *t, const scan_input *input, qn_str published, const scan **ret_scan);

/* Finds what the model alone makes of a document: the other recognizers are only evidence for it. For judging models, also such
 * as were trained on what others mark. 0, -ENOMEM. */
int tagger_run_alone(tagger *t, const scan_input *input, const mention **ret_mentions, uint32_t *ret_n_mentions);

/* Finds the mentions of a document; published is the ISO date of publication, or empty. They belong to the tagger and
 * hold until its next use. 0, -ENOMEM. */
int tagger_run(tagger *t, const scan_input *input, qn_str published, const mention **ret_mentions,
               uint32_t *ret_n_mentions);

#endif
