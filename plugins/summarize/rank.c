/* SPDX-License-Identifier: Apache-2.0 */

/* What makes a sentence worth keeping: where it stands, what it shares with the title and with other sentences, how
 * many figures and names it has, and whether it is news or somebody's words about it. One pass over the tokens counts,
 * a second adds up; both are linear. */
#include "rank.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/lent.h"
#include "text/letters.h"
#include "text/utf8.h"

/* A document of more different words than three quarters of this has its later ones left out. */
enum { TERM_SLOTS_MAX = 1 << 18 };

enum {
  LETTER_QUESTION = 0x61F,
  TITLE_WORDS_MAX = 64,
  FRAGMENT_WORDS = 4,
  UNSTOPPED_WORDS = 14,
  SHORT_WORDS = 8,
  LONG_WORDS = 60
};

/* Weights, from the project's own training articles; round figures, since finer ones did not carry over. */
static const float WEIGHT_FIRST = 1.5F;
static const float WEIGHT_EARLY = 3.0F; /* over one plus the place */
static const float WEIGHT_LENGTH = 0.8F;
static const float WEIGHT_SHORT = -1.0F;
static const float WEIGHT_TITLE = 2.5F;
static const float WEIGHT_SHARED = 0.07F;
static const float WEIGHT_FIGURES = 0.45F;
static const float WEIGHT_NAMES = 0.05F;
static const float WEIGHT_PERSON = -0.3F;
static const float WEIGHT_QUOTED = -1.0F; /* by the share of the sentence */
static const float WEIGHT_QUOTES = -0.8F; /* if it quotes at all */
static const float WEIGHT_LEANS = -0.3F;

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

/* An empty table of terms. ret_mask: its slots but one. */
static int terms_open(rank_scratch *scratch, uint32_t n_tokens, uint32_t *ret_mask) {
  uint32_t n_slots = 256;
  while (n_slots < TERM_SLOTS_MAX && n_slots / 2 < n_tokens + TITLE_WORDS_MAX) {
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
  *ret_mask = n_slots - 1;
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
      if (!is_word(kind) || form.len == 0 || wordset_has(&words->stop, form.data, form.len)) {
        continue;
      }
      uint32_t slot = term_enter(scratch, mask, wordset_term(form.data, form.len));
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

/* --- the second pass --- */

/* What the layers above tokens say of a sentence; cursors move along with the sentences. */
typedef struct facts {
  uint32_t next_entity;
  uint32_t next_quote;
  uint32_t n_figures;
  uint32_t n_names;
  uint32_t n_persons;
  uint32_t quoted_bytes;
} facts;

static void facts_entities(facts *f, const qn_layer *entities, uint32_t begin, uint32_t end) {
  f->n_figures = f->n_names = f->n_persons = 0;
  while (f->next_entity < entities->n_rows && entities->begin[f->next_entity] < begin) {
    f->next_entity++;
  }
  for (; f->next_entity < entities->n_rows && entities->begin[f->next_entity] < end; f->next_entity++) {
    switch (qn_layer_u32(entities, QN_ENTITY_TYPE, f->next_entity)) {
    case QN_ENTITY_TYPE_MONEY:
    case QN_ENTITY_TYPE_PERCENT:
    case QN_ENTITY_TYPE_QUANTITY:
      f->n_figures++;
      break;
    case QN_ENTITY_TYPE_PERSON:
      f->n_persons++;
      break;
    case QN_ENTITY_TYPE_DATE:
      break;
    default:
      f->n_names++;
      break;
    }
  }
}

static void facts_quotes(facts *f, const qn_layer *quotes, uint32_t begin, uint32_t end) {
  f->quoted_bytes = 0;
  while (f->next_quote < quotes->n_rows && quotes->end[f->next_quote] <= begin) {
    f->next_quote++;
  }
  for (uint32_t i = f->next_quote; i < quotes->n_rows && quotes->begin[i] < end; i++) {
    uint32_t from = quotes->begin[i] > begin ? quotes->begin[i] : begin;
    uint32_t to = quotes->end[i] < end ? quotes->end[i] : end;
    f->quoted_bytes += to - from;
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

static float terms_score(const rank_scratch *scratch, const rank_sentence *sentence, uint32_t n_title) {
  uint32_t n_terms = 0;
  uint32_t n_shared = 0;
  uint32_t n_in_title = 0;
  for (uint32_t i = 0; i < sentence->n_tokens; i++) {
    uint32_t slot = scratch->token_terms[sentence->first_token + i];
    if (slot != 0) {
      const rank_term *term = &scratch->terms[slot - 1];
      n_terms++;
      n_shared += term->n_sentences > 8 ? 8 : term->n_sentences - 1;
      n_in_title += term->in_title;
    }
  }
  float score = WEIGHT_SHARED * (float)n_shared / (sqrtf((float)n_terms) + 1);
  return n_title > 0 ? score + WEIGHT_TITLE * (float)n_in_title / (float)n_title : score;
}

static float capped(uint32_t n, uint32_t cap) {
  return (float)(n < cap ? n : cap);
}

/* place counts the sentences before it that were fit for a summary. */
static float sentence_score(const rank_scratch *scratch, const rank_words *words, const rank_input *input, uint32_t row,
                            uint32_t place, uint32_t n_title, const facts *f) {
  const rank_sentence *sentence = &scratch->sentences[row];
  float score = terms_score(scratch, sentence, n_title);
  score += place == 0 ? WEIGHT_FIRST : 0;
  score += WEIGHT_EARLY / (float)(1 + place);
  score += WEIGHT_LENGTH * capped(sentence->n_words, LONG_WORDS) / 20;
  score += sentence->n_words < SHORT_WORDS ? WEIGHT_SHORT : 0;
  score += WEIGHT_FIGURES * capped(f->n_figures, 4) + WEIGHT_NAMES * capped(f->n_names, 5);
  score += f->n_persons > 0 ? WEIGHT_PERSON : 0;
  if (f->quoted_bytes > 0) {
    uint32_t bytes = input->sentences.end[row] - input->sentences.begin[row];
    score += WEIGHT_QUOTES + WEIGHT_QUOTED * (float)f->quoted_bytes / (float)bytes;
  }
  qn_str first = qn_layer_str(&input->tokens, QN_TOKEN_FORM, sentence->first_token);
  return score + (wordset_has(&words->connecting, first.data, first.len) ? WEIGHT_LEANS : 0);
}

static void sentences_weigh(rank_scratch *scratch, const rank_words *words, const rank_input *input, uint32_t n_title) {
  facts f = { 0 };
  uint32_t place = 0;
  for (uint32_t row = 0; row < input->sentences.n_rows; row++) {
    rank_sentence *sentence = &scratch->sentences[row];
    uint32_t begin = input->sentences.begin[row];
    uint32_t end = input->sentences.end[row];
    facts_entities(&f, &input->entities, begin, end);
    facts_quotes(&f, &input->quotes, begin, end);
    sentence->eligible = eligible(scratch, input, row);
    if (sentence->eligible > 0) {
      sentence->score = sentence_score(scratch, words, input, row, place, n_title, &f);
      place += sentence->eligible == 2;
    }
  }
}

int rank_run(rank_scratch *scratch, const rank_words *words, const rank_input *input) {
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
  uint32_t mask = 0;
  if (fault == 0) {
    fault = terms_open(scratch, n_tokens, &mask);
  }
  if (fault != 0) {
    return fault;
  }
  uint32_t n_title = title_enter(scratch, mask, words, input->title);
  terms_count(scratch, mask, words, input);
  sentences_weigh(scratch, words, input, n_title);
  return 0;
}
