/* SPDX-License-Identifier: Apache-2.0 */

/* A page as lines: where each stands, its words as hashes, and what can be counted in it. */
#ifndef DECLUTTER_LINES_H
#define DECLUTTER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "declutter/phrases.h"

enum { LINE_SKETCH = 6 };

typedef struct page_line {
  uint32_t begin, end; /* in the text, without white space around */
  uint32_t first_word, n_words;

  /* what its characters are */
  uint32_t n_separators; /* | · » › / and their kin, between words */
  uint32_t n_symbols;    /* ▲ ☰ © emoji */
  uint32_t n_number_words, n_latin_words;
  uint32_t n_digits;
  uint32_t n_fused;   /* words grown together: a letter that only ends words inside one, two scripts in one */
  uint32_t n_times;   /* 14:05 */
  bool starts_marked; /* with a bullet, an arrow, a bracket, a symbol */
  bool stops;         /* ends with a full stop, question or exclamation mark, or an ellipsis, quotes left aside */
  bool ends_colon;
  bool asks; /* ends with a question mark */
  bool has_stop_inside;
  bool has_colon;   /* inside, as before a quotation */
  bool has_address; /* URL, e-mail, @name */
  bool has_hashtag;
  bool in_brackets;
  bool has_quotes;

  /* what its words are */
  uint32_t kinds;       /* PHRASE_* of all phrases in it */
  uint32_t first_kinds; /* of the phrase it begins with */
  uint32_t first_len;   /* words of that phrase */
  uint32_t n_nav;       /* words in nav and platform phrases */
  uint32_t n_inside;    /* words in inside and list phrases */
  uint32_t n_function;
  uint32_t n_content;           /* words that are no function words, no numbers and long enough to mean something */
  uint32_t sketch[LINE_SKETCH]; /* least hashes of its words: lines with many words in common share most of them */
} page_line;

/* All arrays are kept from document to document. */
typedef struct page_lines {
  page_line *lines;
  uint32_t n_lines, line_capacity;
  word_hash *words;
  uint8_t *word_flags;
  uint32_t n_words, word_capacity;
} page_lines;

enum { WORD_CONTENT = 1, WORD_NUMBER = 2, WORD_LATIN = 4 };

/* Cuts valid UTF-8 text into lines; empty ones are left out. 0, -ENOMEM. */
int lines_read(page_lines *page, const uint8_t *text, uint32_t len, const phrase_table *phrases);
void lines_done(page_lines *page);

#endif
