/* SPDX-License-Identifier: Apache-2.0 */

/* Pairs quotation marks. A pair stays within its line and does not cross a cut; a mark that nothing closes is none. The
 * marks of Arabic news come in every shape and either way round. */
#include "find.h"

#include "text/blocks.h"
#include "text/lent.h"
#include "text/letters.h"
#include "text/utf8.h"

enum { QUOTE_MAX_BYTES = 4000 };

/* The marks that close what a mark opens; 0 ends the list. */
typedef struct mark_pair {
  uint32_t opens;
  uint32_t closes[3];
} mark_pair;

enum { N_PAIRS = 15 };

static const mark_pair pairs[N_PAIRS] = {
  { '"', { '"', 0xFF02, 0 } },       { '\'', { '\'', 0x2019, 0 } },
  { 0xAB, { 0xBB, 0, 0 } },          { 0x2018, { 0x2019, 0, 0 } },
  { 0x201A, { 0x2018, 0x2019, 0 } }, { 0x201B, { 0x2019, 0, 0 } },
  { 0x201C, { 0x201D, 0x201C, 0 } }, { 0x201D, { 0x201C, 0x201D, 0 } },
  { 0x201E, { 0x201C, 0x201D, 0 } }, { 0x201F, { 0x201D, 0x201F, 0x201C } },
  { 0x2039, { 0x203A, 0, 0 } },      { 0x275D, { 0x275E, 0, 0 } },
  { 0x275E, { 0x275D, 0, 0 } },      { 0xFD3E, { 0xFD3F, 0, 0 } },
  { 0xFF02, { 0xFF02, '"', 0 } },
};

/* Bytes that begin no quotation mark are skipped without decoding. */
static int may_begin_mark(uint8_t byte) {
  return byte == '"' || byte == '\'' || byte == '<' || byte == '>' || byte == 0xC2 || byte == 0xE2 || byte == 0xEF;
}

/* Where the next byte is, from at on, that may begin a mark; or end. */
static uint32_t next_candidate(const uint8_t *text, uint32_t at, uint32_t end) {
  for (; end - at >= TEXT_BLOCK; at += TEXT_BLOCK) {
    text_block b = block_load(text + at);
    text_block found = block_is(b, '"') | block_is(b, '\'') | block_is(b, '<') | block_is(b, '>') | block_is(b, 0xC2) |
                       block_is(b, 0xE2) | block_is(b, 0xEF);
    if (block_any(found)) {
      break;
    }
  }
  while (at < end && !may_begin_mark(text[at])) {
    at++;
  }
  return at;
}

/* The mark or character at *at, which moves behind it. Typed in a hurry, « and » are << and >>. */
static uint32_t mark_next(const qn_view *view, uint32_t *at) {
  uint8_t byte = view->data[*at];
  if ((byte == '<' || byte == '>') && *at + 1 < view->len && view->data[*at + 1] == byte) {
    *at += 2;
    return byte == '<' ? 0xAB : 0xBB;
  }
  return utf8_next(view->data, at);
}

static const mark_pair *pair_of(uint32_t code) {
  for (uint32_t i = 0; i < N_PAIRS; i++) {
    if (pairs[i].opens == code) {
      return &pairs[i];
    }
  }
  return NULL;
}

static int is_single(uint32_t code) {
  return code == '\'' || code == 0x2018 || code == 0x2019 || code == 0x201B;
}

static int is_wordlike(uint32_t code) {
  uint32_t kind = letters_kind(code);
  return kind == LETTERS_LETTER || kind == LETTERS_DIGIT || kind == LETTERS_MARK;
}

/* Single marks are apostrophes unless they stand at the border of a word. */
static int may_open(const qn_view *view, uint32_t at, uint32_t code) {
  uint32_t before = at;
  return !is_single(code) || at == 0 || !is_wordlike(utf8_prev(view->data, &before));
}

static int may_close(const qn_view *view, uint32_t after, uint32_t code) {
  return !is_single(code) || after >= view->len || !is_wordlike(utf8_peek(view->data, after));
}

static int closes(const mark_pair *pair, uint32_t code) {
  return code == pair->closes[0] || (code != 0 && (code == pair->closes[1] || code == pair->closes[2]));
}

/* Where the mark that closes pair stands, before end; 0 if nothing does, and then how far it was looked for. */
static uint32_t closing_find(const qn_view *view, const mark_pair *pair, uint32_t at, uint32_t end,
                             uint32_t *ret_after) {
  while (at < end && view->data[at] != '\n') {
    if (!may_begin_mark(view->data[at])) {
      at++;
      continue;
    }
    uint32_t after = at;
    uint32_t code = mark_next(view, &after);
    if (closes(pair, code) && may_close(view, after, code)) {
      *ret_after = after;
      return at;
    }
    at = after;
  }
  *ret_after = at;
  return 0;
}

static int marks_push(quote_scratch *scratch, const quote_marks *marks) {
  void *room = scratch->marks;
  int fault =
      lent_room(scratch->host, scratch->env, &room, &scratch->marks_capacity, scratch->n_marks + 1, sizeof(*marks));
  scratch->marks = room;
  if (fault != 0) {
    return fault;
  }
  scratch->marks[scratch->n_marks++] = *marks;
  return 0;
}

static void trim(const qn_view *view, quote_marks *marks) {
  while (marks->begin < marks->end) {
    uint32_t after = marks->begin;
    if (letters_kind(utf8_next(view->data, &after)) != LETTERS_SPACE) {
      break;
    }
    marks->begin = after;
  }
  while (marks->end > marks->begin) {
    uint32_t before = marks->end;
    if (letters_kind(utf8_prev(view->data, &before)) != LETTERS_SPACE) {
      break;
    }
    marks->end = before;
  }
}

/* Reads the pair that may begin at *at, and moves *at past it or past the mark. unclosed tells for each pair up to where
 * nothing closes it, so that a row of marks that open costs no more than one look at the text. */
static int mark_read(quote_scratch *scratch, const qn_view *view, uint32_t cut, uint32_t *unclosed, uint32_t *at) {
  uint32_t begin = *at;
  uint32_t inner = begin;
  uint32_t code = mark_next(view, &inner);
  const mark_pair *pair = pair_of(code);
  *at = inner;
  if (pair == NULL || !may_open(view, begin, code)) {
    return 0;
  }
  uint32_t end = cut - inner > QUOTE_MAX_BYTES ? inner + QUOTE_MAX_BYTES : cut;
  uint32_t after = 0;
  uint32_t *looked = &unclosed[pair - pairs];
  uint32_t inner_end = closing_find(view, pair, inner > *looked ? inner : *looked, end, &after);
  if (inner_end == 0) {
    *looked = after > *looked ? after : *looked;
    return 0;
  }
  quote_marks marks = { begin, after, inner, inner_end };
  trim(view, &marks);
  *at = after;
  return marks.begin < marks.end ? marks_push(scratch, &marks) : 0;
}

int marks_find(quote_scratch *scratch, const qn_view *view) {
  uint32_t unclosed[N_PAIRS] = { 0 };
  uint32_t next_break = 0;
  uint32_t at = 0;
  scratch->n_marks = 0;
  while ((at = next_candidate(view->data, at, view->len)) < view->len) {
    while (next_break < view->n_breaks && view->breaks[next_break] <= at) {
      next_break++;
    }
    int fault =
        mark_read(scratch, view, next_break < view->n_breaks ? view->breaks[next_break] : view->len, unclosed, &at);
    if (fault != 0) {
      return fault;
    }
  }
  return 0;
}
