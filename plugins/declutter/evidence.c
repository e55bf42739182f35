/* SPDX-License-Identifier: Apache-2.0 */

/* Counts turned into numbers between 0 and 1, and the weights they get. */
#include "declutter/evidence.h"

#include "declutter/weights.h"

enum { SHORT_WORDS = 16, MEDIUM_WORDS = 25, NOTICE_WORDS = 90, DATELINE_WORDS = 9 };

static float share(uint32_t part, uint32_t whole) {
  return whole == 0 ? 0 : part >= whole ? 1 : (float)part / (float)whole;
}

static float flag(bool is) {
  return is ? 1 : 0;
}

/* A prompt that may as well be a verb of the story (شارك، تابع، سجل) needs a short line that is no sentence. */
static bool is_prompt(const page_line *line) {
  return (line->first_kinds & PHRASE_PROMPT) != 0 && line->n_words <= SHORT_WORDS &&
         (!line->stops || line->asks || line->n_words <= 3 || line->first_len >= 2);
}

static void words_of(const page_line *line, float *f) {
  uint32_t n = line->n_words;
  f[FEATURE_words_1] = flag(n <= 1);
  f[FEATURE_words_3] = flag(n == 2 || n == 3);
  f[FEATURE_words_7] = flag(n >= 4 && n <= 7);
  f[FEATURE_words_14] = flag(n >= 8 && n <= 14);
  f[FEATURE_words_15] = flag(n >= 15);
}

static void signs_of(const page_line *line, float *f) {
  f[FEATURE_separators] = share(line->n_separators, 3);
  f[FEATURE_marked] = flag(line->starts_marked);
  f[FEATURE_symbols] = flag(line->n_symbols > 0);
  f[FEATURE_address] = flag(line->has_address);
  f[FEATURE_hashtag] = flag(line->has_hashtag);
  f[FEATURE_numbers] = share(line->n_number_words, line->n_words);
  f[FEATURE_times] = flag(line->n_times > 0);
  f[FEATURE_fused] = flag(line->n_fused > 0);
  f[FEATURE_brackets] = flag(line->in_brackets);
  f[FEATURE_stops] = flag(line->stops && !line->asks);
  f[FEATURE_asks] = flag(line->asks);
  f[FEATURE_colon] = flag(line->ends_colon);
}

static void phrases_of(const page_line *line, float *f) {
  uint32_t n = line->n_words;
  f[FEATURE_notice] = flag((line->first_kinds & PHRASE_NOTICE) != 0 && n <= NOTICE_WORDS);
  f[FEATURE_inside] = share(line->n_inside, n);
  f[FEATURE_inside_any] = flag(line->n_inside > 0 && n <= MEDIUM_WORDS);
  f[FEATURE_prompt] = flag(is_prompt(line));
  f[FEATURE_prompt_alone] = flag(is_prompt(line) && (line->first_len * 2 >= n || line->ends_colon));
  f[FEATURE_list_head] = flag((line->first_kinds & PHRASE_LIST) != 0 && n <= SHORT_WORDS);
  f[FEATURE_nav] = share(line->n_nav, n);
  f[FEATURE_nav_many] = flag(line->n_nav >= 3 && line->n_nav * 2 >= n);
  f[FEATURE_names] = flag((line->kinds & (PHRASE_CAPTION | PHRASE_BYLINE | PHRASE_AGENCY)) != 0);
}

/* وارسو – من ماجد العلي */
static bool is_dateline(const page_line *line, const line_place *place) {
  return place->before_body && line->n_words >= 2 && line->n_words <= DATELINE_WORDS && !line->stops &&
         line->n_separators >= 1 && line->n_separators <= 2 && line->n_nav + line->n_inside == 0 &&
         (line->first_kinds & (PHRASE_PROMPT | PHRASE_LIST)) == 0;
}

void evidence_of(const page_line *line, const line_place *place, float ret_features[N_FEATURES]) {
  float *f = ret_features;
  f[FEATURE_bias] = 1;
  phrases_of(line, f);
  signs_of(line, f);
  words_of(line, f);
  f[FEATURE_foreign] = flag(place->page_is_arabic && line->n_words > 0 && line->n_latin_words == line->n_words);
  f[FEATURE_overlap] = place->overlap;
  f[FEATURE_strange] = flag(line->n_content >= 2 && place->overlap <= 0);
  f[FEATURE_before_title] = flag(place->before_title);
  f[FEATURE_before_body] = flag(place->before_body);
  f[FEATURE_after_body] = flag(place->after_body);
  f[FEATURE_in_list] = flag(place->in_list);
  f[FEATURE_beside_furniture] = flag(place->beside_furniture);
  f[FEATURE_beside_short] = flag(place->beside_short);
  f[FEATURE_date_only] = flag(place->date_only);
  f[FEATURE_no_stops] = flag(place->page_stops && !line->stops);
  f[FEATURE_tail] = flag(place->after_body && place->page_stops && !line->stops);
  f[FEATURE_dateline] = flag(is_dateline(line, place));
}

float evidence_score(const float features[N_FEATURES]) {
  float sum = 0;
  for (uint32_t i = 0; i < N_FEATURES; i++) {
    sum += features[i] * furniture_weights[i];
  }
  return sum;
}

bool evidence_is_plain(const page_line *line) {
  uint32_t n = line->n_words;
  bool notice = (line->first_kinds & PHRASE_NOTICE) != 0 && n <= NOTICE_WORDS;
  bool inside = line->n_inside > 0 && n <= MEDIUM_WORDS && (line->n_inside * 4 >= n || !line->stops);
  bool menu = n >= 3 && line->n_nav * 5 >= n * 3 && !line->stops;
  bool prompt = is_prompt(line) && (line->first_len * 2 >= n || line->ends_colon);
  bool signs = n <= SHORT_WORDS && !line->stops && (line->n_separators >= 3 || (line->n_fused > 0 && n <= 10));
  return n == 0 || notice || inside || menu || prompt || signs;
}
