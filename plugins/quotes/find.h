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
  wordset summing;       /* "« ... ». هكذا قال" */
  wordset titled;        /* رواية, صحيفة: what stands in marks behind them is their name */
  wordset sourcing;      /* بحسب: whom words are taken from */
  wordset participles;   /* قائلا, مضيفة: their subject is that of the clause */
  wordset roles;         /* متحدث, رئيس, شقيق: what somebody is, without the article */
  wordset nobodies;      /* متحدث, مصدر: roles whose bearers stay unnamed */
  wordset divine;        /* الله, تعالى: whose words are scripture */
  wordset honorifics;    /* سعادته: stand for a pronoun */
  wordset institutions;  /* الشركة, البيان: stands for the organisation named before */
  wordset presenting;    /* أما: a name follows */
  wordset sons;          /* بن, بنت: a name goes on behind them */
  wordset particles;     /* prepositions, conjunctions, adverbs, forms of address: no part of a name */
  wordset prepositions;  /* في, خلال: lead away from the subject of a verb */
  wordset targets;       /* عن, على: those of them that lead to whom the words are about or against */
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
  int has_link;    /* إن, or a comma, right before it */
  int has_stop;    /* the end of a sentence right before it */
  int is_reported; /* إن stands between verb_before and it */
  int is_titled;   /* a word for what has a name stands right before it */
  int has_source;  /* بحسب follows it */
  int is_last;     /* a mark or the end of the line follows it */
} quote_cue;

void cue_find(const quote_words *words, const quote_input *input, const quote_marks *marks, quote_cue *ret_cue);

/* The search of one document. */
typedef struct quote_finder {
  const quote_words *words;
  const quote_input *input;
  uint32_t last_speaker; /* mention, or QN_NO_ROW */
  uint32_t last_of[2];   /* the last speaker with a verb in the masculine and in the feminine, or QN_NO_ROW */
  uint32_t last_end;     /* of the last quotation that was speech */
  uint32_t n_rows;
} quote_finder;

/* The mention of who says it, or QN_NO_ROW. */
uint32_t speaker_find(const quote_finder *f, const quote_marks *marks, const quote_cue *cue);

/* True if a woman is the subject of the verb. */
int speaker_is_feminine(const quote_finder *f, uint32_t verb);

/* What to call the one who is mentioned. */
qn_str fullname_of(const quote_words *words, const quote_input *input, uint32_t mention);

/* True if text is longer than tail and ends with it, as a full name does with a last name. */
int fullname_ends_with(qn_str text, qn_str tail);

/* True if the token is a verb of saying. */
int cue_is_saying(const quote_words *words, const quote_input *input, uint32_t token);

/* The first token that begins at offset or later. */
uint32_t token_at(const qn_layer *tokens, uint32_t offset);

#endif
