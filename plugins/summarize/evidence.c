/* SPDX-License-Identifier: Apache-2.0 */

/* Measures sentences: where they stand, what they share with the title and with others, how many figures and names they have,
 * and whether they are news or somebody's words about it. Linear in the text. */
#include "summarize/evidence.h"

#include <math.h>
#include <string.h>

#include "qanat/layers.h"
#include "summarize/weights.h"
#include "text/letters.h"
#include "text/utf8.h"

enum { BRIEF_WORDS = 8, LONG_WORDS = 40, SHARED_CAP = 8, SALIENT_CAP = 3 };

static float capped(uint32_t n, uint32_t cap) {
  return (float)(n < cap ? n : cap);
}

/* Entities that begin in a sentence, and how often the document has them. */
static void entities_measure(const rank_scratch *scratch, const rank_input *input, evidence_cursor *cursor,
                             uint32_t row, float features[N_FEATURES]) {
  const qn_layer *entities = &input->entities;
  uint32_t n[QN_ENTITY_TYPE_QUANTITY + 1] = { 0 };
  uint32_t n_names = 0;
  float salience = 0;
  uint32_t *next = &cursor->next_entity;
  while (*next < entities->n_rows && entities->begin[*next] < input->sentences.begin[row]) {
    ++*next;
  }
  for (; *next < entities->n_rows && entities->begin[*next] < input->sentences.end[row]; ++*next) {
    uint32_t type = qn_layer_u32(entities, QN_ENTITY_TYPE, *next);
    n[type <= QN_ENTITY_TYPE_QUANTITY ? type : QN_ENTITY_TYPE_EVENT]++;
    if (type <= QN_ENTITY_TYPE_EVENT) {
      uint32_t n_mentions = rank_mentions(scratch, input, *next);
      salience += capped(n_mentions > 0 ? n_mentions - 1 : 0, SALIENT_CAP);
      n_names++;
    }
  }
  features[FEATURE_money] = capped(n[QN_ENTITY_TYPE_MONEY], 2);
  features[FEATURE_percent] = capped(n[QN_ENTITY_TYPE_PERCENT], 2);
  features[FEATURE_quantity] = capped(n[QN_ENTITY_TYPE_QUANTITY], 2);
  features[FEATURE_organization] = capped(n[QN_ENTITY_TYPE_ORGANIZATION], 3);
  features[FEATURE_person] = capped(n[QN_ENTITY_TYPE_PERSON], 1);
  features[FEATURE_product] = capped(n[QN_ENTITY_TYPE_PRODUCT], 2);
  features[FEATURE_salient] = salience / (float)(1 + n_names);
}

static void quotes_measure(const rank_input *input, evidence_cursor *cursor, uint32_t row, float features[N_FEATURES]) {
  const qn_layer *quotes = &input->quotes;
  uint32_t begin = input->sentences.begin[row];
  uint32_t end = input->sentences.end[row];
  uint32_t n_bytes = 0;
  while (cursor->next_quote < quotes->n_rows && quotes->end[cursor->next_quote] <= begin) {
    cursor->next_quote++;
  }
  for (uint32_t i = cursor->next_quote; i < quotes->n_rows && quotes->begin[i] < end; i++) {
    uint32_t from = quotes->begin[i] > begin ? quotes->begin[i] : begin;
    uint32_t to = quotes->end[i] < end ? quotes->end[i] : end;
    n_bytes += to > from ? to - from : 0;
  }
  features[FEATURE_quotes] = n_bytes > 0;
  features[FEATURE_quoted] = end > begin ? (float)n_bytes / (float)(end - begin) : 0;
}

static void terms_measure(const rank_scratch *scratch, const rank_sentence *sentence, uint32_t n_title,
                          float features[N_FEATURES]) {
  uint32_t n_terms = 0;
  uint32_t n_shared = 0;
  uint32_t n_in_title = 0;
  for (uint32_t i = 0; i < sentence->n_tokens; i++) {
    uint32_t slot = scratch->token_terms[sentence->first_token + i];
    if (slot != 0) {
      const rank_term *term = &scratch->terms[slot - 1];
      n_terms++;
      n_shared += term->n_sentences > SHARED_CAP ? SHARED_CAP : term->n_sentences - 1;
      n_in_title += term->in_title;
    }
  }
  features[FEATURE_shared] = (float)n_shared / (sqrtf((float)n_terms) + 1);
  features[FEATURE_title] = n_title > 0 ? (float)n_in_title / (float)n_title : 0;
}

/* True if a line ends between two offsets. */
static int has_line_end(const rank_input *input, uint32_t from, uint32_t to) {
  return from < to && memchr(input->view.data + from, '\n', to - from) != NULL;
}

static int has_digits(const rank_input *input, const rank_sentence *sentence) {
  for (uint32_t i = 0; i < sentence->n_tokens; i++) {
    uint32_t token = sentence->first_token + i;
    if (qn_layer_u32(&input->tokens, QN_TOKEN_KIND, token) == QN_TOKEN_KIND_NUMBER) {
      return 1;
    }
  }
  return 0;
}

void evidence_of(const rank_scratch *scratch, const rank_words *words, const rank_input *input, evidence_cursor *cursor,
                 uint32_t row, uint32_t place, uint32_t n_title, float ret_features[N_FEATURES]) {
  const rank_sentence *sentence = &scratch->sentences[row];
  uint32_t n_rows = input->sentences.n_rows;
  memset(ret_features, 0, N_FEATURES * sizeof(*ret_features));
  ret_features[FEATURE_first] = place == 0;
  ret_features[FEATURE_depth] = n_rows > 1 ? (float)row / (float)(n_rows - 1) : 0;
  ret_features[FEATURE_opens] = row == 0 || has_line_end(input, cursor->last_end, input->sentences.begin[row]);
  ret_features[FEATURE_last] = row + 1 == n_rows;
  ret_features[FEATURE_length] = capped(sentence->n_words, LONG_WORDS) / 20;
  ret_features[FEATURE_brief] = sentence->n_words < BRIEF_WORDS;
  ret_features[FEATURE_digits] = (float)has_digits(input, sentence);
  terms_measure(scratch, sentence, n_title, ret_features);
  entities_measure(scratch, input, cursor, row, ret_features);
  quotes_measure(input, cursor, row, ret_features);
  if (sentence->n_tokens > 0) {
    qn_str first = qn_layer_str(&input->tokens, QN_TOKEN_FORM, sentence->first_token);
    ret_features[FEATURE_leans] = (float)(wordset_has(&words->connecting, first.data, first.len) != 0);
  }
  cursor->last_end = input->sentences.end[row];
}

float evidence_score(const float features[N_FEATURES]) {
  float score = 0;
  for (uint32_t i = 0; i < N_FEATURES; i++) {
    score += sentence_weights[i] * features[i];
  }
  return score;
}

float evidence_voice(const float features[N_FEATURES]) {
  return features[FEATURE_quotes] > 0
             ? evidence_score(features) - sentence_weights[FEATURE_quotes] * features[FEATURE_quotes] -
                   sentence_weights[FEATURE_quoted] * features[FEATURE_quoted]
             : -INFINITY;
}
