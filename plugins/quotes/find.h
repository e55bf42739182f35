/* SPDX-License-Identifier: Apache-2.0 */

/* Finds quoted speech and its speakers. Knows layers and the view, not the host's calls. */
#ifndef QUOTES_FIND_H
#define QUOTES_FIND_H

#include "qanat/stage.h"
#include "text/wordset.h"

/* A pair of quotation marks within one paragraph. */
typedef struct quote_marks {
  uint32_t outer_begin; /* bytes, the marks included */
  uint32_t outer_end;
  uint32_t begin; /* without marks and the spaces at their side */
  uint32_t end;
} quote_marks;

typedef struct quote_row {
  uint32_t begin;
  uint32_t end;
  qn_str speaker;  /* in the view or in the heap of the entities; empty if unknown */
  uint32_t entity; /* row of the speaker's mention, or QN_NO_ROW */
} quote_row;

/* The words that announce speech; filled once. */
typedef struct quote_words {
  wordset saying;
  wordset feminine;      /* those of saying that a woman is the subject of */
  wordset linking;       /* إن, أن: between the speaker and the words */
  wordset before_saying; /* كما قال */
  uint32_t min_words;
} quote_words;

void quote_words_fill(quote_words *words, uint32_t min_words);

/* What the search reads. Entities may be empty. */
typedef struct quote_input {
  qn_view view;
  qn_layer tokens;
  qn_layer sentences;
  qn_layer entities;
} quote_input;

/* Working memory of one worker. */
typedef struct quote_scratch {
  const qn_host *host;
  qn_env *env;
  quote_marks *marks;
  quote_row *rows;
  uint32_t n_marks;
  uint32_t marks_capacity;
  uint32_t rows_capacity;
} quote_scratch;

void quote_scratch_init(quote_scratch *scratch, const qn_host *host, qn_env *env);
void quote_scratch_done(quote_scratch *scratch);

/* Finds the quotes of a document: sorted, disjoint. They belong to the scratch until its next use. 0, -ENOMEM. */
int quote_find(quote_scratch *scratch, const quote_words *words, const quote_input *input, const quote_row **ret_rows,
               uint32_t *ret_n_rows);

/* Fills the marks of scratch. 0, -ENOMEM. */
int marks_find(quote_scratch *scratch, const qn_view *view);

/* How the words around a quotation announce it. Token indices; QN_NO_ROW: there is none. */
typedef struct quote_cue {
  uint32_t clause;      /* where the clause before it begins */
  uint32_t left;        /* the token behind the last one before the quotation */
  uint32_t right;       /* the first token behind it */
  uint32_t verb_before; /* the verb of saying nearest before it, in the clause */
  uint32_t verb_after;
  int is_named_first; /* "« ... »، فلان قال": the speaker stands before verb_after */
  int has_colon;
  int has_link; /* إن, or a comma, right before it */
} quote_cue;

void cue_find(const quote_words *words, const quote_input *input, const quote_marks *marks, quote_cue *ret_cue);

/* True if the token is a verb of saying. */
int cue_is_saying(const quote_words *words, const quote_input *input, uint32_t token);

/* The first token that begins at offset or later. */
uint32_t token_at(const qn_layer *tokens, uint32_t offset);

#endif
