/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the phrases that say what a document is about. Knows layers and the view, not the host's calls. */
#ifndef KEYPHRASES_PHRASES_H
#define KEYPHRASES_PHRASES_H

#include "qanat/stage.h"
#include "text/wordset.h"

enum { PHRASE_WORDS_MAX = 4, PHRASE_NAME_WORDS_MAX = 7 };

/* Later tokens and names are not looked at: what a document is about has been said by then. */
enum { PHRASE_TOKENS_MAX = 50000 };

/* Layers that the pipeline does not have are empty. */
typedef struct phrase_input {
  qn_view view;
  qn_layer tokens;
  qn_layer parts;
  qn_layer sentences;
  qn_layer entities;
  qn_str title;
} phrase_input;

typedef struct phrase_words {
  wordset stop;   /* part a phrase from the next */
  wordset verbs;  /* begin or end no phrase */
  uint32_t limit; /* phrases wanted */
} phrase_words;

void phrase_words_fill(phrase_words *words, uint32_t limit);

/* A token as part of a phrase. */
typedef struct phrase_token {
  uint64_t term;   /* 0: no phrase has it */
  uint32_t begin;  /* without proclitics */
  uint32_t traits; /* TRAIT_* */
} phrase_token;

enum {
  TRAIT_PARTS = 1u << 0,    /* begins a phrase: a line, a clitic or a mark stands before it */
  TRAIT_DEFINITE = 1u << 1, /* has the article */
  TRAIT_ARABIC = 1u << 2,
  TRAIT_VERB = 1u << 3,  /* may well be a verb */
  TRAIT_FIRST = 1u << 4, /* of its sentence */
  TRAIT_CAPITAL = 1u << 5,
  TRAIT_TITLE = 1u << 6, /* its term stands in the title */
  TRAIT_NUMBER = 1u << 7,
  TRAIT_INSIDE = 1u << 8,  /* of a name, but not its first word */
  TRAIT_GOES_ON = 1u << 9, /* of a name, but not its last word */
  TRAIT_NAMED = 1u << 10   /* the last word of a name */
};

/* All mentions of one phrase. */
typedef struct phrase {
  uint64_t key;     /* of its terms */
  uint64_t surface; /* the form voted for */
  float score;
  uint32_t count;
  uint32_t n_open; /* mentions that the word behind them may belong to */
  uint32_t n_cut;  /* mentions that the word before them may belong to */
  uint32_t votes;
  uint32_t sentence; /* of the first mention */
  uint32_t begin;    /* of the first mention */
  uint32_t end;
  qn_span text;   /* the form voted for */
  uint32_t token; /* its first token */
  uint32_t last_sentence;
  uint16_t n_sentences;
  uint8_t n_tokens;
  uint8_t entity; /* type + 1 of a name, 0: none */
} phrase;

/* Phrases stand close together, for they are gone through again and again; the table that finds them is all small slots. */
typedef struct phrase_slot {
  uint32_t mark;   /* a half of the key, so that most that are others need not be looked at */
  uint32_t number; /* of the phrase, from 1 on; 0: an empty slot */
} phrase_slot;

typedef struct phrase_scratch {
  const qn_host *host;
  qn_env *env;
  phrase_token *tokens;
  phrase *phrases;    /* in the order in which they were met */
  phrase_slot *slots; /* by key */
  uint32_t *ranking;  /* places in phrases, best first */
  uint32_t tokens_capacity;
  uint32_t phrases_capacity;
  uint32_t slots_capacity;
  uint32_t ranking_capacity;
  uint32_t n_tokens; /* looked at */
  uint32_t mask;
  uint32_t n_phrases_max; /* what the table has room for */
  uint32_t n_phrases;
} phrase_scratch;

void phrase_scratch_init(phrase_scratch *scratch, const qn_host *host, qn_env *env);
void phrase_scratch_done(phrase_scratch *scratch);

/* Fills scratch->tokens. 0, -ENOMEM. */
int phrase_tokens_read(phrase_scratch *scratch, const phrase_words *words, const phrase_input *input);

/* The phrases of a document, by the place of their first mention. ret_picked (into scratch->phrases) belongs to the
 * scratch until its next use. 0, -ENOMEM. */
int phrase_find(phrase_scratch *scratch, const phrase_words *words, const phrase_input *input,
                const uint32_t **ret_picked, uint32_t *ret_n_picked);

/* Weighs the phrases of scratch, whose places stand in ranking, and puts the best first, without those that repeat better
 * ones. Returns how many are left, at most limit. */
uint32_t phrase_rank(phrase_scratch *scratch, uint32_t *ranking, uint32_t n, uint32_t limit);

#endif
