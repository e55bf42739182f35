/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts what reads like the story and is not. Both cuts are shy: a paragraph too many is a blemish, one too few a loss. */
#include "declutter/tail.h"

#include <string.h>

enum { LIST_HEAD_WORDS = 6, STORY_TENTHS = 6, STORY_PARAGRAPHS = 2, TEASERS = 2, TEASER_WORDS = 32 };

/* The share of its content words that a teaser may have in common with the story. */
static const float STRANGE_SHARE = 0.25F;

/* "التعليقات (3)": the phrase and a number, and nothing else. */
static bool heads_comments(const page_line *line) {
  return (line->first_kinds & PHRASE_TAIL) != 0 && line->n_words <= line->first_len + line->n_number_words &&
         !line->stops;
}

static bool heads_list(const page_line *line) {
  return (line->first_kinds & PHRASE_LIST) != 0 && line->n_words <= LIST_HEAD_WORDS && !line->stops;
}

static void take_out(page_roles *roles, uint32_t line) {
  roles->is_prose[line] = 0;
  roles->is_cut[line] = 1;
}

static void end_body(page_roles *roles) {
  while (roles->body_end > roles->body_begin && !roles->is_prose[roles->body_end - 1]) {
    roles->body_end--;
  }
}

/* Everything below the head of comments, if that is no more than stands above. */
static void cut_comments(page_roles *roles, uint32_t head) {
  for (uint32_t i = head; i < roles->page.n_lines; i++) {
    take_out(roles, i);
  }
  end_body(roles);
}

static uint32_t count_prose(const page_roles *roles) {
  uint32_t n_words = 0;
  for (uint32_t i = 0; i < roles->page.n_lines; i++) {
    n_words += roles->is_prose[i] ? roles->page.lines[i].n_words : 0;
  }
  return n_words;
}

void tail_find(page_roles *roles) {
  uint32_t n_all = count_prose(roles);
  uint32_t n_above = 0;
  uint32_t n_paragraphs = 0;
  roles->tail = roles->page.n_lines;
  for (uint32_t i = 0; i < roles->page.n_lines; i++) {
    const page_line *line = &roles->page.lines[i];
    roles->is_cut[i] = 0;
    if (roles->is_prose[i]) {
      n_above += line->n_words;
      n_paragraphs++;
    } else if (n_paragraphs >= STORY_PARAGRAPHS && n_above * 10 >= n_all * STORY_TENTHS && heads_list(line) &&
               roles->tail == roles->page.n_lines) {
      roles->tail = i;
    } else if (n_paragraphs >= STORY_PARAGRAPHS && n_above * 2 >= n_all && heads_comments(line)) {
      for (uint32_t k = i; k < roles->page.n_lines; k++) {
        roles->is_cut[k] = 0;
      }
      cut_comments(roles, i);
      return;
    }
  }
}

/* A paragraph that stands below a headline of its own, speaks of other things and does not go on with "و". */
static bool is_teaser(const page_roles *roles, const uint8_t *text, uint32_t i) {
  static const uint8_t waw[] = { 0xD9, 0x88 };
  const page_line *line = &roles->page.lines[i];
  bool is_headed = !roles->is_prose[i - 1] && i - 1 > roles->tail;
  bool goes_on = line->end - line->begin > sizeof waw && memcmp(text + line->begin, waw, sizeof waw) == 0;
  return is_headed && !goes_on && line->n_words <= TEASER_WORDS && roles_overlap(roles, line) <= STRANGE_SHARE;
}

void tail_cut(page_roles *roles, const uint8_t *text) {
  uint32_t n_teasers = 0;
  for (uint32_t i = roles->tail + 1; i < roles->page.n_lines; i++) {
    if (roles->is_prose[i] && !is_teaser(roles, text, i)) {
      return; /* the story goes on below the list */
    }
    n_teasers += roles->is_prose[i] != 0;
  }
  for (uint32_t i = roles->tail + 1; i < roles->page.n_lines && n_teasers >= TEASERS; i++) {
    if (roles->is_prose[i]) {
      take_out(roles, i);
    }
  }
  end_body(roles);
}
