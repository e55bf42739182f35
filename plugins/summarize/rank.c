/* SPDX-License-Identifier: Apache-2.0 */

/* Which sentences are fit for a summary, and what each is worth. One pass over the tokens counts terms, a second weighs the
 * sentences by what evidence.c measures; both are linear. */
#include "rank.h"

#include <errno.h>
#include <string.h>

#include "qanat/layers.h"
#include "summarize/evidence.h"
#include "text/lent.h"
#include "text/letters.h"
#include "text/utf8.h"

/* A document of more different words than three quarters of this has its later ones left out. */
enum { TERM_SLOTS_MAX = 1 << 18 };

/* Keeps mentions apart from terms in one table. */
static const uint64_t MENTION_SALT = 0x5D3C1A7B00000000u;

enum { LETTER_QUESTION = 0x61F, TITLE_WORDS_MAX = 64, FRAGMENT_WORDS = 4, UNSTOPPED_WORDS = 14 };

void rank_words_fill(rank_words *words) {
  memset(words, 0, sizeof(*words));
  wordset_add(
      &words->stop,
      "في من إلى على عن مع بين حتى منذ قبل بعد خلال عند لدى نحو ضد حول دون غير أو أم ثم بل لكن لأن أن إن كما "
      "حيث عندما بينما فيما مما ما لا لم لن قد لقد كان كانت يكون تكون هو هي هم هذا هذه ذلك تلك الذي التي الذين "
      "أي كل بعض جميع أيضا فقط و أنه أنها إنه إنها وهو وهي وقد وكان وكانت عليه عليها فيه فيها منه منها له لها "
      "به بها ليس ليست سوف بأن أكثر أقل أحد إحدى بشكل وفق وفقا بحسب حسب عبر ضمن تحت فوق أمام يتم تم عدم مثل "
      "the a an of to in on at for and or but is are was were be been by with from that this it its as has have "
      "had will would not he she they we you i his her their our who which what than then so if into about over");
  wordset_add(
      &words->connecting,
      "لكن ولكن غير بيد كما كذلك وكذلك أيضا وأضاف وأضافت وأضافوا وتابع وتابعت وأوضح وأوضحت وقال وقالت وأكد وأكدت "
      "وأشار وأشارت ولفت ولفتت وشدد وشددت وختم وختمت وأردف وأردفت وهذا وهذه وهو وهي وذلك وبذلك لذلك ولذلك هكذا "
      "وهكذا هو هي however but he she it they this these also moreover meanwhile");
}

void rank_scratch_init(rank_scratch *scratch, const qn_host *host, qn_env *env) {
  memset(scratch, 0, sizeof(*scratch));
  scratch->host = host;
  scratch->env = env;
}

void rank_scratch_done(rank_scratch *scratch) {
  void *const parts[] = { scratch->sentences, scratch->terms, scratch->token_terms, scratch->marks, scratch->picked };
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    scratch->host->release(scratch->env, parts[i]);
  }
}

/* An empty table of terms. */
static int terms_open(rank_scratch *scratch, uint32_t n_terms_max) {
  uint32_t n_slots = 256;
  while (n_slots < TERM_SLOTS_MAX && n_slots / 2 < n_terms_max + TITLE_WORDS_MAX) {
    n_slots *= 2;
  }
  void *terms = scratch->terms;
  int fault =
      lent_room(scratch->host, scratch->env, &terms, &scratch->terms_capacity, n_slots, sizeof(*scratch->terms));
  scratch->terms = terms;
  if (fault != 0) {
    return fault;
  }
  memset(terms, 0, n_slots * sizeof(*scratch->terms));
  scratch->n_terms = 0;
  scratch->mask = n_slots - 1;
  return 0;
}

static uint32_t term_slot(const rank_scratch *scratch, uint32_t mask, uint64_t hash) {
  uint32_t slot = (uint32_t)((hash * 0x9E3779B97F4A7C15u) >> 32) & mask;
  while (scratch->terms[slot].hash != 0 && scratch->terms[slot].hash != hash) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

/* The slot of a term, new or old; past the table if it is full. */
static uint32_t term_enter(rank_scratch *scratch, uint32_t mask, uint64_t hash) {
  uint32_t slot = term_slot(scratch, mask, hash);
  if (scratch->terms[slot].hash == 0) {
    if (scratch->n_terms > mask / 4 * 3) {
      return mask + 1;
    }
    scratch->terms[slot].hash = hash;
    scratch->n_terms++;
  }
  return slot;
}

/* Enters the words of the title. Returns how many different ones it has. */
static uint32_t title_enter(rank_scratch *scratch, uint32_t mask, const rank_words *words, qn_str title) {
  uint64_t terms[TITLE_WORDS_MAX];
  uint32_t n_terms = wordset_terms(&words->stop, title.data, title.len, terms, TITLE_WORDS_MAX);
  for (uint32_t i = 0; i < n_terms; i++) {
    scratch->terms[term_enter(scratch, mask, terms[i])].in_title = 1;
  }
  return n_terms;
}

static int is_word(uint32_t kind) {
  return kind == QN_TOKEN_KIND_WORD || kind == QN_TOKEN_KIND_NUMBER;
}

/* First pass: which tokens a sentence has, and in how many sentences each term stands. */
static void terms_count(rank_scratch *scratch, uint32_t mask, const rank_words *words, const rank_input *input) {
  const qn_layer *tokens = &input->tokens;
  uint32_t token = 0;
  for (uint32_t row = 0; row < input->sentences.n_rows; row++) {
    rank_sentence *sentence = &scratch->sentences[row];
    *sentence = (rank_sentence){ 0 };
    while (token < tokens->n_rows && tokens->begin[token] < input->sentences.begin[row]) {
      scratch->token_terms[token++] = 0;
    }
    sentence->first_token = token;
    for (; token < tokens->n_rows && tokens->begin[token] < input->sentences.end[row]; token++) {
      uint32_t kind = qn_layer_u32(tokens, QN_TOKEN_KIND, token);
      scratch->token_terms[token] = 0;
      sentence->n_words += is_word(kind);
      qn_str form = qn_layer_str(tokens, QN_TOKEN_FORM, token);
      uint64_t hash = is_word(kind) && form.len > 0 ? wordset_hash(form.data, form.len) : 0;
      if (hash == 0 || wordset_has_hash(&words->stop, hash)) {
        continue;
      }
      uint32_t slot = term_enter(scratch, mask, wordset_term_of(form.data, form.len, hash));
      if (slot <= mask && scratch->terms[slot].last_row != row + 1) {
        scratch->terms[slot].last_row = row + 1;
        scratch->terms[slot].n_sentences++;
        scratch->token_terms[token] = slot + 1; /* the first of its term in this sentence */
      }
    }
    sentence->n_tokens = token - sentence->first_token;
  }
  for (; token < tokens->n_rows; token++) {
    scratch->token_terms[token] = 0;
  }
}

/* How the sentence ends: as a question, with a colon, or well. */
static uint32_t last_code(const rank_input *input, uint32_t row) {
  uint32_t at = input->sentences.end[row];
  while (at > input->sentences.begin[row]) {
    uint32_t code = utf8_prev(input->view.data, &at);
    if (letters_kind(code) != LETTERS_SPACE && !letters_is_quote(code)) {
      return code;
    }
  }
  return 0;
}

/* Bars, arrows and addresses: the remains of a menu. */
static int looks_like_menu(const rank_scratch *scratch, const rank_input *input, uint32_t row) {
  const rank_sentence *sentence = &scratch->sentences[row];
  uint32_t n_odd = 0;
  for (uint32_t i = 0; i < sentence->n_tokens; i++) {
    uint32_t token = sentence->first_token + i;
    uint32_t kind = qn_layer_u32(&input->tokens, QN_TOKEN_KIND, token);
    uint8_t byte = input->view.data[input->tokens.begin[token]];
    n_odd += kind == QN_TOKEN_KIND_ADDRESS || byte == '|' || byte == '#';
  }
  return n_odd * 6 > sentence->n_words;
}

static int is_stop(uint32_t code) {
  return code == '.' || code == '!' || code == 0x2026;
}

static uint32_t eligible(const rank_scratch *scratch, const rank_input *input, uint32_t row) {
  const rank_sentence *sentence = &scratch->sentences[row];
  uint32_t last = last_code(input, row);
  if (qn_layer_u32(&input->sentences, QN_SENTENCE_KIND, row) == QN_SENTENCE_KIND_HEADING || sentence->n_words == 0 ||
      last == '?' || last == LETTER_QUESTION || last == ':') {
    return 0;
  }
  int is_fragment = sentence->n_words < FRAGMENT_WORDS || (sentence->n_words < UNSTOPPED_WORDS && !is_stop(last));
  return is_fragment || looks_like_menu(scratch, input, row) ? 1 : 2;
}

static uint64_t mention_hash(const rank_input *input, uint32_t entity) {
  const qn_layer *entities = &input->entities;
  qn_str link = qn_layer_str(entities, QN_ENTITY_LINK, entity);
  if (link.len == 0) {
    link.data = (const char *)input->view.data + entities->begin[entity];
    link.len = entities->end[entity] - entities->begin[entity];
  }
  return wordset_hash(link.data, link.len) ^ MENTION_SALT;
}

uint32_t rank_mentions(const rank_scratch *scratch, const rank_input *input, uint32_t entity) {
  return scratch->terms[term_slot(scratch, scratch->mask, mention_hash(input, entity))].n_mentions;
}

/* How often each thing is named; by link where there is one, else by what the text calls it. */
static void mentions_count(rank_scratch *scratch, const rank_input *input) {
  for (uint32_t i = 0; i < input->entities.n_rows; i++) {
    if (qn_layer_u32(&input->entities, QN_ENTITY_TYPE, i) <= QN_ENTITY_TYPE_EVENT) {
      uint32_t slot = term_enter(scratch, scratch->mask, mention_hash(input, i));
      if (slot <= scratch->mask) {
        scratch->terms[slot].n_mentions++;
      }
    }
  }
}

static void sentences_weigh(rank_scratch *scratch, const rank_words *words, const rank_input *input, uint32_t n_title,
                            rank_watch watch, void *watcher) {
  evidence_cursor cursor = { 0 };
  uint32_t place = 0;
  for (uint32_t row = 0; row < input->sentences.n_rows; row++) {
    rank_sentence *sentence = &scratch->sentences[row];
    float features[N_FEATURES];
    evidence_of(scratch, words, input, &cursor, row, place, n_title, features);
    sentence->eligible = eligible(scratch, input, row);
    sentence->score = evidence_score(features);
    sentence->voice = evidence_voice(features);
    place += sentence->eligible == 2;
    if (watch != NULL) {
      watch(watcher, row, sentence->eligible, features);
    }
  }
}

int rank_run(rank_scratch *scratch, const rank_words *words, const rank_input *input, rank_watch watch, void *watcher) {
  void *sentences = scratch->sentences;
  void *token_terms = scratch->token_terms;
  uint32_t n_tokens = input->tokens.n_rows;
  int fault = lent_room(scratch->host, scratch->env, &sentences, &scratch->sentences_capacity, input->sentences.n_rows,
                        sizeof(*scratch->sentences));
  scratch->sentences = sentences;
  if (fault == 0) {
    fault = lent_room(scratch->host, scratch->env, &token_terms, &scratch->tokens_capacity, n_tokens,
                      sizeof(*scratch->token_terms));
    scratch->token_terms = token_terms;
  }
  if (fault == 0) {
    fault = terms_open(scratch, n_tokens + input->entities.n_rows);
  }
  if (fault != 0) {
    return fault;
  }
  uint32_t n_title = title_enter(scratch, scratch->mask, words, input->title);
  terms_count(scratch, scratch->mask, words, input);
  mentions_count(scratch, input);
  sentences_weigh(scratch, words, input, n_title, watch, watcher);
  return 0;
}
