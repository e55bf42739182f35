/* SPDX-License-Identifier: Apache-2.0 */

/* What speaks for and against a sentence in a summary, as numbers for a weighted sum. */
#ifndef SUMMARIZE_EVIDENCE_H
#define SUMMARIZE_EVIDENCE_H

#include "summarize/rank.h"

/* One list for the code, the weights and the training script: name, then what it means. */
#define SENTENCE_FEATURES(X)                                                                                           \
  X(first)        /* nothing fit for a summary stands before it */                                                     \
  X(depth)        /* how far down it stands, 0 to 1 */                                                                 \
  X(opens)        /* begins its paragraph */                                                                           \
  X(last)         /* nothing stands behind it */                                                                       \
  X(brief)        /* fewer than eight words */                                                                         \
  X(length)       /* scores of words, at most two */                                                                   \
  X(title)        /* share of the title's terms that it has */                                                         \
  X(shared)       /* terms of its own that other sentences have too */                                                 \
  X(money)        /* amounts of money, at most two */                                                                  \
  X(percent)      /* at most two */                                                                                    \
  X(quantity)     /* at most two */                                                                                    \
  X(digits)       /* has a figure of any kind */                                                                       \
  X(organization) /* at most three */                                                                                  \
  X(person)       /* at least one */                                                                                   \
  X(product)      /* at most two */                                                                                    \
  X(salient)      /* how often the document names what it names */                                                     \
  X(quoted)       /* the share of it that somebody says */                                                             \
  X(quotes)       /* somebody says something in it */                                                                  \
  X(leans)        /* begins with a word that leans on the sentence before */

enum {
#define FEATURE_INDEX(name) FEATURE_##name,
  SENTENCE_FEATURES(FEATURE_INDEX)
#undef FEATURE_INDEX
      N_FEATURES
};

/* What the layers above tokens say of sentences; cursors move along with the sentences, which must be asked in order. */
typedef struct evidence_cursor {
  uint32_t next_entity;
  uint32_t next_quote;
  uint32_t last_end; /* of the sentence before */
} evidence_cursor;

/* Fills the features of a sentence. place counts the sentences before it that were fit for a summary, n_title the terms of
 * the title. Called for every sentence in turn, after its terms were counted. */
void evidence_of(const rank_scratch *scratch, const rank_words *words, const rank_input *input, evidence_cursor *cursor,
                 uint32_t row, uint32_t place, uint32_t n_title, float ret_features[N_FEATURES]);

/* The weighted sum. */
float evidence_score(const float features[N_FEATURES]);

/* The same without what speaks against somebody's words as such; -INFINITY if nobody speaks in the sentence. */
float evidence_voice(const float features[N_FEATURES]);

#endif
