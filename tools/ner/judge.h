/* SPDX-License-Identifier: Apache-2.0 */

/* Compares what the tagger finds with what is marked, the way the project's scorer counts "near": quotation marks,
 * attached clitics and the article at the borders of a name do not matter, its type does. */
#ifndef NER_JUDGE_H
#define NER_JUDGE_H

#include <stdio.h>

#include "entities/model.h"
#include "entities/tagger.h"
#include "ner/articles.h"
#include "ner/trust_fit.h"

enum { JUDGE_ASKED = 4 };

/* What went wrong with a name, or with a mention of none. */
enum { JUDGE_MISSED = 0, JUDGE_FALSE = 1, JUDGE_BORDER = 2, JUDGE_TYPE = 3, JUDGE_KINDS = 4 };

/* Counts by type. */
typedef struct judge_score {
  uint32_t right[MODEL_TYPES];
  uint32_t words[MODEL_TYPES]; /* ... and the same words, with or without their clitics */
  uint32_t found[MODEL_TYPES];
  uint32_t wanted[MODEL_TYPES];
  uint32_t kinds[JUDGE_KINDS][MODEL_TYPES];
  trust_tally trust;
} judge_score;

/* Tags an article and adds to sum; alone: by the model alone; errors: where each is told, or NULL. */
void judge_article(judge_score *sum, tagger *t, const article *a, int alone, FILE *errors);

/* A line of F1 by type, with precision, recall and F1 of all; words: those of the same words. */
void judge_print(const char *name, judge_score *sum, int words);

/* Errors by kind and type. */
void judge_print_kinds(const judge_score *sum);

#endif
