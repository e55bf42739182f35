/* SPDX-License-Identifier: Apache-2.0 */

/* Where the article is, what its title is, and what role each line plays. */
#include "declutter/roles.h"

#include "declutter/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/fold.h"
#include "text/letters.h"
#include "text/utf8.h"

enum {
  PROSE_WORDS = 8,       /* a paragraph that ends like a sentence */
  LONG_PROSE_WORDS = 18, /* one that does not */
  HEADING_WORDS = 16,
  BYLINE_WORDS = 9,
  LIST_HEAD_WORDS = 6,
  SECTION_WORDS = 3,
  SHORT_PARAGRAPH_WORDS = 3,
  CREDIT_WORDS = 4,
  DATE_WORDS = 14,
  TITLE_WORDS = 30,
  TITLE_BYTES = 512
};

void roles_done(page_roles *roles) {
  lines_done(&roles->page);
  repeats_done(&roles->found);
  free(roles->role);
  free(roles->is_prose);
  free(roles->in_list);
  free(roles->is_cut);
  free(roles->score);
  memset(roles, 0, sizeof *roles);
}

static int grow(page_roles *roles, uint32_t n) {
  if (n <= roles->capacity) {
    return 0;
  }
  uint32_t capacity = n + n / 2;
  uint8_t *role = realloc(roles->role, capacity);
  roles->role = role == NULL ? roles->role : role;
  uint8_t *is_prose = realloc(roles->is_prose, capacity);
  roles->is_prose = is_prose == NULL ? roles->is_prose : is_prose;
  uint8_t *in_list = realloc(roles->in_list, capacity);
  roles->in_list = in_list == NULL ? roles->in_list : in_list;
  uint8_t *is_cut = realloc(roles->is_cut, capacity);
  roles->is_cut = is_cut == NULL ? roles->is_cut : is_cut;
  float *score = realloc(roles->score, capacity * sizeof *score);
  roles->score = score == NULL ? roles->score : score;
  if (role == NULL || is_prose == NULL || in_list == NULL || is_cut == NULL || score == NULL) {
    return -ENOMEM;
  }
  roles->capacity = capacity;
  return 0;
}

/* --- the article --- */

/* A line that reads like a paragraph of the story, whatever stands around it. */
static bool reads_like_prose(const page_line *line) {
  uint32_t n = line->n_words;
  bool notice = (line->first_kinds & PHRASE_NOTICE) != 0;
  if (notice || line->n_nav * 2 >= n || line->n_separators * 8 >= n || line->n_fused * 8 >= n) {
    return false;
  }
  if (n >= LONG_PROSE_WORDS) {
    return line->n_function * 20 >= n && !(line->n_inside > 0 && n < 30);
  }
  return n >= PROSE_WORDS && line->stops && !line->asks && !evidence_is_plain(line);
}

static void find_body(page_roles *roles) {
  const page_lines *page = &roles->page;
  uint32_t n_prose = 0, n_stops = 0, n_latin = 0;
  roles->body_begin = roles->body_end = 0;
  for (uint32_t i = 0; i < page->n_lines; i++) {
    const page_line *line = &page->lines[i];
    bool prose = reads_like_prose(line);
    roles->is_prose[i] = prose;
    n_latin += line->n_latin_words;
    if (prose) {
      roles->body_begin = n_prose == 0 ? i : roles->body_begin;
      roles->body_end = i + 1;
      n_stops += line->stops;
      n_prose++;
    }
  }
  roles->stop_share = n_prose == 0 ? 0 : n_stops * 100 / n_prose;
  roles->is_arabic = n_latin * 2 < page->n_words;
}

/* Notes which lines stand below the head of a list of links, with no paragraph between. */
static void find_lists(page_roles *roles) {
  bool in_list = false;
  for (uint32_t i = 0; i < roles->page.n_lines; i++) {
    const page_line *line = &roles->page.lines[i];
    roles->in_list[i] = in_list;
    in_list = !roles->is_prose[i] &&
              (in_list || ((line->first_kinds & PHRASE_LIST) != 0 && line->n_words <= LIST_HEAD_WORDS));
  }
}

static uint32_t bit_of(uint32_t stem) {
  return stem >> 9 & 0x7FFF;
}

/* Notes the words of the paragraphs. */
static void find_vocabulary(page_roles *roles) {
  const page_lines *page = &roles->page;
  memset(roles->vocabulary, 0, sizeof roles->vocabulary);
  uint32_t end = roles->body_end < roles->tail ? roles->body_end : roles->tail;
  for (uint32_t i = roles->body_begin; i < end; i++) {
    const page_line *line = &page->lines[i];
    for (uint32_t w = line->first_word; roles->is_prose[i] && w < line->first_word + line->n_words; w++) {
      if (page->word_flags[w] & WORD_CONTENT) {
        uint32_t bit = bit_of(page->words[w].stem);
        roles->vocabulary[bit >> 6] |= (uint64_t)1 << (bit & 63);
      }
    }
  }
}

float roles_overlap(const page_roles *roles, const page_line *line) {
  const page_lines *page = &roles->page;
  uint32_t common = 0;
  for (uint32_t w = line->first_word; w < line->first_word + line->n_words; w++) {
    uint32_t bit = bit_of(page->words[w].stem);
    common += (page->word_flags[w] & WORD_CONTENT) != 0 && (roles->vocabulary[bit >> 6] >> (bit & 63) & 1) != 0;
  }
  return line->n_content == 0 ? 0 : (float)common / (float)line->n_content;
}

/* --- the title --- */

/* Below this nothing above the article is its title. */
static const float TITLE_ENOUGH = 0.6F;

/* True if the line is the title that the source gave, perhaps without what the site adds to it. */
static bool is_given_title(const uint8_t *text, const page_line *line, const roles_options *options) {
  uint8_t mine[FOLD_BOUND(TITLE_BYTES)], given[FOLD_BOUND(TITLE_BYTES)];
  if (options->title == NULL || line->end - line->begin > TITLE_BYTES || options->title_len > TITLE_BYTES ||
      line->n_words < 3) {
    return false;
  }
  size_t mine_len = fold_key(text + line->begin, line->end - line->begin, mine);
  size_t given_len = fold_key(options->title, options->title_len, given);
  return mine_len > 0 && mine_len <= given_len && memcmp(mine, given, mine_len) == 0;
}

static float title_score(const page_roles *roles, const uint8_t *text, const page_line *line) {
  float score = 2 * roles_overlap(roles, line);
  uint32_t n = line->n_words;
  line_date date = { .found = false };
  if (n <= DATE_WORDS && line->n_digits > 0) {
    date_find(text, line->begin, line->end, &date);
  }
  score -= date.only ? 3.0F : date.found ? 0.7F : 0;
  score -= (line->kinds & PHRASE_AGENCY) != 0 && n <= BYLINE_WORDS ? 0.7F : 0;
  score += n >= 4 && n <= 20 ? 1.0F : n >= 3 ? 0.2F : -1.0F;
  score -= line->stops && !line->asks ? 0.4F : 0;
  score -= line->starts_marked ? 0.7F : 0;
  score -= (float)(line->n_separators + line->n_times + line->n_fused) * 0.5F;
  score -= (line->first_kinds & (PHRASE_PROMPT | PHRASE_LIST | PHRASE_BYLINE)) != 0 ? 0.7F : 0;
  score -= (line->kinds & PHRASE_CAPTION) != 0 ? 0.5F : 0;
  return score - (float)line->n_nav / (float)(n == 0 ? 1 : n);
}

/* True if the line looks like what stands below a title: author, place and agency, date. */
static bool looks_like_byline(const page_line *line) {
  bool begins = (line->first_kinds & PHRASE_BYLINE) != 0;
  if (line->n_words > BYLINE_WORDS || line->stops || line->n_inside > 0 ||
      line->n_nav > (begins ? line->first_len : 0)) { /* كتب is "wrote" as well as "books" */
    return false;
  }
  return begins || (line->kinds & PHRASE_AGENCY) != 0 ||
         ((line->first_kinds & PHRASE_PROMPT) == 0 && (line->n_separators == 1 || line->n_separators == 2));
}

/* The title stands above the first paragraph; without an article the first line that is no furniture is it. */
static void find_title(page_roles *roles, const uint8_t *text, const roles_options *options) {
  const page_lines *page = &roles->page;
  float best = TITLE_ENOUGH, later = 0;
  roles->title = REPEAT_NONE;
  roles->title_given = false;
  for (uint32_t i = 0; i < page->n_lines && (i < roles->body_end || roles->body_end == 0); i++) {
    const page_line *line = &page->lines[i];
    if (is_given_title(text, line, options)) {
      roles->title = i;
      roles->title_given = true;
      return;
    }
    if (i >= roles->body_begin || line->n_words > TITLE_WORDS || evidence_is_plain(line)) {
      continue;
    }
    float score = title_score(roles, text, line) - later;
    score += i + 1 < page->n_lines && looks_like_byline(line + 1) ? 0.5F : 0;
    later += score > TITLE_ENOUGH ? 0.4F : 0; /* bylines and captions below the title speak of the same things */
    if (score > best) {
      best = score;
      roles->title = i;
    }
  }
}

/* --- furniture --- */

static void place_of(const page_roles *roles, const uint8_t *text, uint32_t i, line_place *place) {
  const page_lines *page = &roles->page;
  const page_line *line = &page->lines[i];
  line_date date = { .found = false };
  bool has_body = roles->body_end > roles->body_begin;
  uint32_t first = roles->title != REPEAT_NONE ? roles->title : roles->body_begin;
  bool above = i > 0 && !roles->is_prose[i - 1], below = i + 1 < page->n_lines && !roles->is_prose[i + 1];
  if (line->n_words <= DATE_WORDS && line->n_digits > 0) {
    date_find(text, line->begin, line->end, &date);
  }
  *place = (line_place){
    .before_title = has_body && i < first,
    .before_body = has_body && i > first && i < roles->body_begin,
    .after_body = has_body && i >= roles->body_end,
    .beside_furniture = (above && i - 1 != roles->title && evidence_is_plain(line - 1)) ||
                        (below && i + 1 != roles->title && evidence_is_plain(line + 1)),
    .beside_short = (i == 0 || above) && (i + 1 == page->n_lines || below),
    .in_list = roles->in_list[i],
    .date_only = date.only,
    .page_is_arabic = roles->is_arabic,
    .page_stops = roles->stop_share >= 60,
    .overlap = roles_overlap(roles, line),
  };
}

void roles_features(const page_roles *roles, const uint8_t *text, uint32_t line, float ret_features[N_FEATURES]) {
  line_place place;
  place_of(roles, text, line, &place);
  evidence_of(&roles->page.lines[line], &place, ret_features);
}

/* "نعم." between two paragraphs: it ends like a sentence, and nothing speaks against it but that it is short. */
static bool is_short_paragraph(const page_line *line, const float *features) {
  static const uint8_t against[] = { FEATURE_before_title, FEATURE_before_body, FEATURE_after_body,
                                     FEATURE_beside_short, FEATURE_inside_any,  FEATURE_prompt,
                                     FEATURE_list_head,    FEATURE_in_list,     FEATURE_separators,
                                     FEATURE_symbols,      FEATURE_address,     FEATURE_hashtag,
                                     FEATURE_times,        FEATURE_foreign,     FEATURE_brackets,
                                     FEATURE_nav_many };
  float sum = 0;
  for (size_t i = 0; i < sizeof against / sizeof against[0]; i++) {
    sum += features[against[i]];
  }
  return sum <= 0 && line->stops && line->n_words <= SHORT_PARAGRAPH_WORDS && line->n_number_words == 0;
}

/* What is beyond doubt whatever the sum says: notices, however long; the site's name and the section above the title;
 * and a byline that says it is one. */
static float correct(const page_line *line, const float *features, float score) {
  bool above = features[FEATURE_before_title] > 0 && line->n_words <= SECTION_WORDS && !line->stops;
  if (features[FEATURE_notice] > 0 || above) {
    return score < 1 ? 1 : score;
  }
  if (is_short_paragraph(line, features)) {
    return score < -1 ? score : -1;
  }
  bool byline = features[FEATURE_before_body] > 0 && (line->first_kinds & PHRASE_BYLINE) != 0;
  return byline && looks_like_byline(line) && line->n_symbols == 0 && score > -1 ? -1 : score;
}

static void score_lines(page_roles *roles, const uint8_t *text) {
  float features[N_FEATURES];
  for (uint32_t i = 0; i < roles->page.n_lines; i++) {
    const page_line *line = &roles->page.lines[i];
    if (i == roles->title || (roles->is_prose[i] && line->n_inside == 0)) {
      roles->score[i] = -9;
      continue;
    }
    if (roles->is_cut[i]) {
      roles->score[i] = 9;
      continue;
    }
    roles_features(roles, text, i, features);
    roles->score[i] = correct(line, features, evidence_score(features));
  }
}

/* --- roles --- */

static const float SPEAKS_SHARE = 0.4F;

static bool is_byline(const page_roles *roles, uint32_t i) {
  const page_line *line = &roles->page.lines[i];
  bool near_title = roles->title == REPEAT_NONE ? i < roles->body_begin : i > roles->title && i < roles->body_begin;
  bool at_end = i >= roles->body_end && i <= roles->body_end + 1;
  if (line->n_words > BYLINE_WORDS || line->stops) {
    return false;
  }
  /* A first sub-heading speaks of the story, an author does not. */
  bool speaks = !looks_like_byline(line) && roles_overlap(roles, line) > SPEAKS_SHARE;
  return (near_title && !speaks) || (at_end && (line->first_kinds & PHRASE_BYLINE) != 0);
}

/* "حافلة أمام المستشفى ليلا (وكالات)": what a picture shows, and whose it is. */
static bool ends_with_credit(const page_line *line, const uint8_t *text) {
  return line->n_words > CREDIT_WORDS && (line->kinds & PHRASE_AGENCY) != 0 &&
         (line->first_kinds & PHRASE_AGENCY) == 0 && text[line->end - 1] == ')' && line->n_separators == 0;
}

static bool is_caption(const page_line *line, const uint8_t *text) {
  uint32_t first = line->first_kinds & PHRASE_CAPTION;
  if (ends_with_credit(line, text)) {
    return true;
  }
  return line->n_words <= 2 * HEADING_WORDS && (first != 0 || ((line->kinds & PHRASE_CAPTION) != 0 && !line->stops));
}

static uint8_t role_of(const page_roles *roles, const uint8_t *text, uint32_t i) {
  const page_line *line = &roles->page.lines[i];
  if (i == roles->title) {
    return QN_BLOCK_ROLE_TITLE;
  }
  if (roles->score[i] > 0) {
    return QN_BLOCK_ROLE_FURNITURE;
  }
  if (roles->is_prose[i] || line->stops) {
    return QN_BLOCK_ROLE_PARAGRAPH;
  }
  if (is_caption(line, text)) {
    return QN_BLOCK_ROLE_CAPTION;
  }
  if (is_byline(roles, i)) {
    return QN_BLOCK_ROLE_BYLINE;
  }
  if (line->starts_marked && line->n_words > 2) {
    return QN_BLOCK_ROLE_LIST;
  }
  return line->n_words <= HEADING_WORDS && i > roles->body_begin && i + 1 < roles->body_end ? QN_BLOCK_ROLE_HEADING
                                                                                            : QN_BLOCK_ROLE_PARAGRAPH;
}

/* A line that repeats furniture is furniture; one that repeats anything else is a duplicate. */
static void mark_repeats(page_roles *roles) {
  for (uint32_t i = 0; i < roles->page.n_lines; i++) {
    uint32_t of = roles->found.of[i];
    if (of == REPEAT_NONE) {
      continue;
    }
    if (i == roles->title) { /* the headline itself stands second: what stood above it is the copy */
      roles->found.of[i] = REPEAT_NONE;
      roles->role[of] = QN_BLOCK_ROLE_FURNITURE;
    } else if (roles->role[of] == QN_BLOCK_ROLE_FURNITURE) {
      roles->role[i] = QN_BLOCK_ROLE_FURNITURE;
      roles->found.of[i] = REPEAT_NONE;
    } else {
      roles->role[i] = QN_BLOCK_ROLE_DUPLICATE;
    }
  }
}

/* The date of publication stands above the article or right below it. */
static void find_date(page_roles *roles, const uint8_t *text) {
  uint32_t n = roles->page.n_lines;
  roles->date = (line_date){ .found = false };
  for (uint32_t i = 0; i < n && roles->date.iso[0] == '\0'; i++) {
    const page_line *line = &roles->page.lines[i];
    bool outside = i < roles->body_begin || i >= roles->body_end;
    if (outside && i != roles->title && line->n_words <= DATE_WORDS && line->n_digits > 0 &&
        (line->first_kinds & PHRASE_NOTICE) == 0) {
      date_find(text, line->begin, line->end, &roles->date);
    }
  }
}

static void find_byline(page_roles *roles) {
  roles->byline = REPEAT_NONE;
  for (uint32_t i = 0; i < roles->page.n_lines && roles->byline == REPEAT_NONE; i++) {
    if (roles->role[i] == QN_BLOCK_ROLE_BYLINE) {
      roles->byline = i;
    }
  }
}

int roles_find(page_roles *roles, const uint8_t *text, uint32_t len, const phrase_table *phrases,
               const roles_options *options) {
  int rc = lines_read(&roles->page, text, len, phrases);
  if (rc == 0) {
    rc = grow(roles, roles->page.n_lines);
  }
  if (rc == 0) {
    rc = repeats_find(&roles->found, &roles->page, options->min_duplicate_words, options->duplicate_similarity);
  }
  if (rc != 0) {
    return rc;
  }
  find_body(roles);
  find_lists(roles);
  tail_find(roles);
  find_vocabulary(roles);
  tail_cut(roles, text);
  find_title(roles, text, options);
  score_lines(roles, text);
  for (uint32_t i = 0; i < roles->page.n_lines; i++) {
    roles->role[i] = role_of(roles, text, i);
  }
  mark_repeats(roles);
  find_date(roles, text);
  find_byline(roles);
  return 0;
}
