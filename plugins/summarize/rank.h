/* SPDX-License-Identifier: Apache-2.0 */

/* Scores the sentences of a document for its summary, and picks some of them. Knows layers and the view, not the host's
 * calls. */
#ifndef SUMMARIZE_RANK_H
#define SUMMARIZE_RANK_H

#include "qanat/stage.h"
#include "text/wordset.h"

/* What the ranking reads. Layers that the pipeline does not have are empty. */
typedef struct rank_input {
  qn_view view;
  qn_layer tokens;
  qn_layer sentences;
  qn_layer entities;
  qn_layer quotes;
  qn_str title; /* empty if the document has none */
} rank_input;

/* Words that tell a sentence's part in the text; filled once. */
typedef struct rank_words {
  wordset stop;       /* say nothing of the subject */
  wordset connecting; /* begin a sentence that leans on the one before */
} rank_words;

void rank_words_fill(rank_words *words);

/* A sentence, weighed. */
typedef struct rank_sentence {
  float score;
  float voice; /* what it is worth as somebody's words; -INFINITY if nobody speaks in it */
  uint32_t first_token;
  uint32_t n_tokens;
  uint32_t n_words;
  uint32_t eligible; /* 0: never; 1: if there is nothing better; 2: yes */
} rank_sentence;

/* A term of the document. */
typedef struct rank_term {
  uint64_t hash; /* 0: empty slot */
  uint32_t n_sentences;
  uint32_t last_row; /* sentence + 1 in which it was last met; then a mark of pick.c */
  uint32_t in_title;
  uint32_t n_mentions; /* of a thing that is named, rather than a term */
} rank_term;

/* Working memory of one worker; grows to the largest document it has met. */
typedef struct rank_scratch {
  const qn_host *host;
  qn_env *env;
  rank_sentence *sentences;
  rank_term *terms;
  uint32_t *token_terms; /* slot of each token's term + 1; 0: none */
  uint32_t *marks;       /* for comparing sentences: per candidate, its terms, sorted */
  uint32_t *picked;
  uint32_t sentences_capacity;
  uint32_t terms_capacity;
  uint32_t n_terms;
  uint32_t mask; /* slots of terms but one */
  uint32_t tokens_capacity;
  uint32_t marks_capacity;
  uint32_t picked_capacity;
} rank_scratch;

void rank_scratch_init(rank_scratch *scratch, const qn_host *host, qn_env *env);
void rank_scratch_done(rank_scratch *scratch);

/* Sees the features of each sentence as it is weighed, for training. */
typedef void (*rank_watch)(void *watcher, uint32_t row, uint32_t eligible, const float *features);

/* Fills scratch->sentences, one for each row of input->sentences. watch may be NULL. 0, -ENOMEM. */
int rank_run(rank_scratch *scratch, const rank_words *words, const rank_input *input, rank_watch watch, void *watcher);

/* How often the document names what this mention names; within rank_run, after they were counted. */
uint32_t rank_mentions(const rank_scratch *scratch, const rank_input *input, uint32_t entity);

/* How much may be picked. */
typedef struct pick_budget {
  uint32_t sentences;
  uint32_t words; /* 0: any */
  double ratio;
  int voice; /* true: for the third, somebody's words weigh more if neither of the first two has any */
} pick_budget;

/* After rank_run: picks sentences that are good and unlike each other. ret_rows, in the order of the text, belongs to the
 * scratch. 0, -ENOMEM. */
int pick_run(rank_scratch *scratch, const rank_input *input, const pick_budget *budget, const uint32_t **ret_rows,
             uint32_t *ret_n_rows);

#endif
