/* SPDX-License-Identifier: Apache-2.0 */

/* Walks over lines, asks stops.c about every stop and hands out what lies between. */
#include "split.h"

#include <string.h>

#include "stops.h"
#include "text/letters.h"
#include "text/utf8.h"

typedef struct splitter {
  const uint8_t *text;
  uint32_t max_words;
  split_take take;
  void *arg;
  qn_span waiting; /* the last sentence of the line, which loose closing marks may still join; empty if there is none */
  int error;
} splitter;

/* The span without white space and invisible characters at both ends. */
static qn_span trimmed(const uint8_t *text, qn_span span) {
  while (span.begin < span.end) {
    uint32_t after = span.begin;
    uint32_t kind = letters_kind(utf8_next(text, &after));
    if (kind != LETTERS_SPACE && kind != LETTERS_FORMAT && kind != LETTERS_CONTROL) {
      break;
    }
    span.begin = after;
  }
  while (span.end > span.begin) {
    uint32_t before = span.end;
    uint32_t kind = letters_kind(utf8_prev(text, &before));
    if (kind != LETTERS_SPACE && kind != LETTERS_FORMAT && kind != LETTERS_CONTROL) {
      break;
    }
    span.end = before;
  }
  return span;
}

static int has_word(const uint8_t *text, qn_span span) {
  while (span.begin < span.end) {
    uint32_t kind = letters_kind(utf8_next(text, &span.begin));
    if (kind == LETTERS_LETTER || kind == LETTERS_DIGIT) {
      return 1;
    }
  }
  return 0;
}

/* --- sentences that are too long --- */

/* How good a place between two words is for a cut: 3 behind ؛ or an ellipsis, 2 behind a comma before و, 1 behind a
 * comma, 0 elsewhere. pos is where the later word begins. */
static uint32_t cut_rank(const uint8_t *text, uint32_t begin, uint32_t pos) {
  uint32_t at = pos;
  uint32_t code = ' ';
  while (at > begin && letters_kind(code) == LETTERS_SPACE) {
    code = utf8_prev(text, &at);
  }
  if (code == 0x061B || code == ';' || code == 0x2026 || code == '.') {
    return 3;
  }
  if (code == 0x060C || code == ',') {
    return utf8_peek(text, pos) == 0x0648 ? 2 : 1;
  }
  return 0;
}

/* True if the span cannot have more than max_words words: cheap, since nearly all sentences pass. */
static int is_short(const splitter *s, qn_span span) {
  uint32_t n = 1;
  if (s->max_words == 0 || (span.end - span.begin) / 2 < s->max_words) {
    return 1;
  }
  for (uint32_t pos = span.begin; pos < span.end && n <= s->max_words; pos++) {
    uint8_t byte = s->text[pos];
    n += (byte <= ' ') | (byte == 0xC2) | (byte == 0xE1) | (byte == 0xE2) | (byte == 0xE3); /* leads of wide spaces */
  }
  return n <= s->max_words;
}

/* The best place to cut within the first max_words words, in their second half; the sentence's end if it is short
 * enough. Ties go to the later place. */
static uint32_t cut_place(const splitter *s, qn_span span) {
  uint32_t n_words = 0;
  uint32_t best = span.end;
  uint32_t best_rank = 0;
  int in_word = 0;
  for (uint32_t pos = span.begin; pos < span.end;) {
    uint32_t at = pos;
    int space = letters_kind(utf8_next(s->text, &pos)) == LETTERS_SPACE;
    if (!space && !in_word && ++n_words > s->max_words) {
      return best < span.end ? best : at;
    }
    if (!space && !in_word && n_words > s->max_words / 2) {
      uint32_t rank = cut_rank(s->text, span.begin, at);
      if (rank > 0 && rank >= best_rank) {
        best = at;
        best_rank = rank;
      }
    }
    in_word = !space;
  }
  return span.end;
}

/* --- handing out --- */

static void hand_out(splitter *s) {
  while (s->error == 0 && s->waiting.begin < s->waiting.end) {
    uint32_t cut = is_short(s, s->waiting) ? s->waiting.end : cut_place(s, s->waiting);
    qn_span piece = trimmed(s->text, (qn_span){ s->waiting.begin, cut });
    if (piece.begin < piece.end) {
      s->error = s->take(s->arg, piece);
    }
    s->waiting.begin = cut;
  }
  s->waiting = (qn_span){ 0, 0 };
}

/* Ends a sentence; a piece without words joins the one before it on the same line. */
static void close_sentence(splitter *s, uint32_t begin, uint32_t end) {
  qn_span span = trimmed(s->text, (qn_span){ begin, end });
  if (span.begin == span.end) {
    return;
  }
  if (!has_word(s->text, span)) {
    if (s->waiting.end > 0) {
      s->waiting.end = span.end;
    }
    return;
  }
  hand_out(s);
  s->waiting = span;
}

/* 1 at bytes worth a look: those of a stop or a straight quotation mark. ؟ and ۔ are known by their second byte, since
 * their first begins half of all Arabic letters and would be guessed wrong all the time. */
static const uint8_t worth_a_look[256] = {
  ['.'] = 1, ['!'] = 1, ['?'] = 1, ['"'] = 1, [0x9F] = 1, [0x94] = 1, [0xE2] = 1, [0xE3] = 1, [0xEF] = 1,
};

/* The begin of the next character worth a look; the line's end if there is none. */
static uint32_t next_look(const stop_line *line, uint32_t pos) {
  const uint8_t *text = line->text;
  for (; pos < line->end; pos++) {
    if (!worth_a_look[text[pos]]) {
      continue;
    }
    if (utf8_is_lead(text[pos])) {
      return pos;
    }
    if (text[pos - 1] == 0xD8 || text[pos - 1] == 0xDB) {
      return pos - 1;
    }
  }
  return line->end;
}

static void split_line(splitter *s, const stop_line *line) {
  uint32_t begin = line->begin;
  uint32_t n_quotes = 0;
  uint32_t pos = line->begin;
  while (s->error == 0 && (pos = next_look(line, pos)) < line->end) {
    n_quotes += s->text[pos] == '"';
    if (stop_mark(line, pos) == 0) {
      pos += utf8_len(s->text[pos]);
      continue;
    }
    stop mark;
    stop_read(line, pos, n_quotes, &mark);
    if (!stop_ends_sentence(line, &mark)) {
      pos = mark.marks_end;
      continue;
    }
    n_quotes += mark.n_straight;
    close_sentence(s, begin, mark.end);
    begin = pos = mark.end;
  }
  close_sentence(s, begin, line->end);
  hand_out(s);
}

static uint32_t line_end(const uint8_t *text, uint32_t begin, uint32_t end) {
  const uint8_t *newline = memchr(text + begin, '\n', end - begin);
  return newline == NULL ? end : (uint32_t)(newline - text);
}

int split_sentences(const uint8_t *text, qn_span stretch, uint32_t max_words, split_take take, void *arg) {
  splitter s = { .text = text, .max_words = max_words, .take = take, .arg = arg };
  for (uint32_t begin = stretch.begin; begin < stretch.end && s.error == 0;) {
    uint32_t end = line_end(text, begin, stretch.end);
    split_line(&s, &(stop_line){ text, begin, end });
    begin = end + 1;
  }
  return s.error;
}

int split_lines(const uint8_t *text, qn_span stretch, split_take take, void *arg) {
  int error = 0;
  for (uint32_t begin = stretch.begin; begin < stretch.end && error == 0;) {
    uint32_t end = line_end(text, begin, stretch.end);
    qn_span line = trimmed(text, (qn_span){ begin, end });
    if (has_word(text, line)) {
      error = take(arg, line);
    }
    begin = end + 1;
  }
  return error;
}
