/* SPDX-License-Identifier: Apache-2.0 */

/* The judgement of stops. The rules are ordered by what stands behind a stop: the end of the line, a mark, a letter
 * glued to it, or a space and a word; and then by what stands before it. */
#include "stops.h"

#include "abbreviations.h"
#include "text/letters.h"
#include "text/utf8.h"

enum { LIST_BYTES_MAX = 600, ITEMS_MAX = 20 };

/* A character of a line, 0 where there is none. */
static uint32_t code_at(const stop_line *line, uint32_t pos) {
  return pos < line->end ? utf8_peek(line->text, pos) : 0;
}

static uint32_t code_before(const stop_line *line, uint32_t pos) {
  return pos > line->begin ? utf8_prev(line->text, &pos) : 0;
}

static uint32_t skip_spaces(const stop_line *line, uint32_t pos) {
  while (pos < line->end) {
    uint32_t after = pos;
    uint32_t kind = letters_kind(utf8_next(line->text, &after));
    if (kind != LETTERS_SPACE && kind != LETTERS_FORMAT) {
      break;
    }
    pos = after;
  }
  return pos;
}

static int is_space(uint32_t code) {
  return letters_kind(code) == LETTERS_SPACE;
}

static int is_word_code(uint32_t code) {
  uint32_t kind = letters_kind(code);
  return kind == LETTERS_LETTER || kind == LETTERS_DIGIT || kind == LETTERS_MARK || kind == LETTERS_TATWEEL;
}

/* --- reading a stop --- */

uint32_t stop_mark(const stop_line *line, uint32_t pos) {
  switch (code_at(line, pos)) {
  case '.':
  case '!':
  case '?':
    return 1;
  case 0x061F: /* ؟ */
  case 0x06D4: /* ۔ */
    return 2;
  case 0x2026: /* … */
  case 0x203D:
  case 0x2047:
  case 0x2048:
  case 0x2049:
  case 0x3002: /* 。 */
  case 0xFF01:
  case 0xFF0E:
  case 0xFF1F:
    return 3;
  default:
    return 0;
  }
}

static void count_mark(stop *mark, uint32_t code) {
  if (code == '.' || code == 0xFF0E || code == 0x06D4) {
    mark->n_points++;
  } else if (code == 0x2026) {
    mark->n_points += 3;
  } else {
    mark->n_hard++;
  }
}

static int is_closing_bracket(uint32_t code) {
  return code == ')' || code == ']' || code == '}' || code == 0xFD3E;
}

/* Marks that are single quotation marks when they stand so, and apostrophes when not. */
static int is_single_quote(uint32_t code) {
  return code == '\'' || code == 0x2018 || code == 0x2019 || code == 0x201A || code == 0x203A || code == 0x2039;
}

/* True if the quotation mark code at pos closes what the stop ends. Spaces beside it say most; then its own shape; for
 * straight ones, whether one is open. */
static int is_closing_quote(const stop_line *line, uint32_t pos, uint32_t code, uint32_t open_quotes) {
  uint32_t after = pos;
  utf8_next(line->text, &after);
  int space_before = is_space(code_before(line, pos));
  uint32_t next = code_at(line, after);
  int space_after = next == 0 || !is_word_code(next);
  if (is_single_quote(code)) {
    return !space_before && space_after;
  }
  if (space_before != space_after && code != '"') {
    return space_after;
  }
  if (code == '"') {
    return !space_before && space_after ? 1 : space_before && !space_after ? 0 : open_quotes % 2 == 1;
  }
  return code == 0xBB || code == 0x201D || code == 0x275E || code == 0xFD3E;
}

/* A footnote sign behind a stop: [12]. */
static uint32_t footnote_end(const stop_line *line, uint32_t pos) {
  uint32_t at = pos + 1;
  while (at < line->end && line->text[at] >= '0' && line->text[at] <= '9') {
    at++;
  }
  return at > pos + 1 && at < pos + 5 && code_at(line, at) == ']' ? at + 1 : pos;
}

/* The end of the closing mark at pos, or behind one space there; pos if there is none. */
static uint32_t closer_end(const stop_line *line, uint32_t pos, stop *mark, uint32_t open_quotes) {
  uint32_t at = pos;
  if (code_at(line, at) == ' ') {
    at++;
  }
  uint32_t code = code_at(line, at);
  uint32_t after = at;
  if (code == 0) {
    return pos;
  }
  utf8_next(line->text, &after);
  if (code == '[' && at == pos) {
    return footnote_end(line, pos);
  }
  if (is_closing_bracket(code)) {
    return after;
  }
  if (!letters_is_quote(code) && !is_single_quote(code)) {
    return pos;
  }
  if (!is_closing_quote(line, at, code, open_quotes + mark->n_straight)) {
    return pos;
  }
  mark->n_straight += code == '"';
  mark->closes_quote = 1;
  return after;
}

void stop_read(const stop_line *line, uint32_t pos, uint32_t open_quotes, stop *ret_stop) {
  stop mark = { .begin = pos };
  uint32_t before;
  do {
    before = pos;
    uint32_t len;
    while ((len = stop_mark(line, pos)) > 0) {
      count_mark(&mark, code_at(line, pos));
      pos += len;
      mark.marks_end = pos;
    }
    pos = closer_end(line, pos, &mark, open_quotes);
  } while (pos > before);
  mark.end = pos;
  *ret_stop = mark;
}

/* --- words beside a stop --- */

/* The word that ends at pos: letters, digits, and the points inside it. At most 40 bytes back. */
static uint32_t word_begin(const stop_line *line, uint32_t pos) {
  uint32_t begin = pos;
  while (begin > line->begin && pos - begin < 40) {
    uint32_t at = begin;
    uint32_t code = utf8_prev(line->text, &at);
    if (!is_word_code(code) && !(code == '.' && begin < pos)) {
      break;
    }
    begin = at;
  }
  while (begin < pos && line->text[begin] == '.') {
    begin++;
  }
  return begin;
}

static uint32_t word_end(const stop_line *line, uint32_t pos) {
  uint32_t begin = pos;
  while (pos < line->end && pos - begin < 40) {
    uint32_t after = pos;
    if (!is_word_code(utf8_next(line->text, &after))) {
      break;
    }
    pos = after;
  }
  return pos;
}

static uint32_t count_letters(const stop_line *line, uint32_t begin, uint32_t end) {
  uint32_t n = 0;
  while (begin < end) {
    n += letters_kind(utf8_next(line->text, &begin)) == LETTERS_LETTER;
  }
  return n;
}

/* True for one letter, or a chain of them: د, أ.د, U.S. */
static int is_letter_chain(const stop_line *line, uint32_t begin, uint32_t end) {
  uint32_t n_in_part = 0;
  for (uint32_t at = begin; at < end;) {
    uint32_t code = utf8_next(line->text, &at);
    uint32_t kind = letters_kind(code);
    if (code == '.') {
      n_in_part = 0;
    } else if (kind == LETTERS_DIGIT || (kind == LETTERS_LETTER && ++n_in_part > 1)) {
      return 0;
    }
  }
  return begin < end;
}

/* An abbreviated title with "and" before it: ود. سامي. */
static int is_title_behind_and(const stop_line *line, uint32_t begin, uint32_t end) {
  if (end - begin != 4 || code_at(line, begin) != 0x0648) {
    return 0;
  }
  uint32_t letter = code_at(line, begin + 2);
  return letter == 0x062F || letter == 0x0623 || letter == 0x0627 || letter == 0x0645 || letter == 0x0635;
}

/* True for a chain of letters' names: تي.إس.إم.سي. */
static int is_spelled_chain(const stop_line *line, uint32_t begin, uint32_t end) {
  while (begin < end) {
    uint32_t part = begin;
    while (part < end && line->text[part] != '.') {
      part++;
    }
    if (abbreviation_of(line->text + begin, part - begin) != ABBREVIATION_LETTER &&
        count_letters(line, begin, part) != 1) {
      return 0;
    }
    begin = part + 1;
  }
  return 1;
}

/* --- judgements --- */

static int is_upper(uint32_t code) {
  return (letters_class(code) & LETTERS_UPPER) != 0;
}

static int is_arabic_letter(uint32_t code) {
  return letters_kind(code) == LETTERS_LETTER && letters_script(code) == LETTERS_SCRIPT_ARABIC;
}

/* A Latin word in lower case goes on with a sentence; names such as iPhone do not count. */
static int is_lower_latin(const stop_line *line, uint32_t pos) {
  uint32_t after = pos;
  uint32_t code = utf8_next(line->text, &after);
  return letters_script(code) == LETTERS_SCRIPT_LATIN && !is_upper(code) && !is_upper(code_at(line, after));
}

/* An Arabic word that opens a clause more often than it goes on: و, with a word attached to it. */
static int begins_with_and(const stop_line *line, uint32_t pos) {
  return code_at(line, pos) == 0x0648 && count_letters(line, pos, word_end(line, pos)) > 3;
}

/* An abbreviation that can end a sentence stands before: does what follows begin a new one? */
static int begins_sentence(const stop_line *line, uint32_t pos) {
  uint32_t code = code_at(line, pos);
  if (is_arabic_letter(code)) {
    return begins_with_and(line, pos);
  }
  if (letters_kind(code) == LETTERS_LETTER) {
    uint32_t end = word_end(line, pos);
    return is_upper(code) && abbreviation_is_starter(line->text + pos, end - pos);
  }
  return letters_kind(code) != LETTERS_DIGIT && code != '(';
}

/* A number or letter at the begin of the line that numbers it: "1. النص". */
static int numbers_the_line(const stop_line *line, uint32_t word, uint32_t end) {
  return word - line->begin <= 64 && end - word <= 4 && skip_spaces(line, line->begin) == word;
}

/* The value of one or two digits, or -1. */
static int small_number(const stop_line *line, uint32_t begin, uint32_t end) {
  int value = 0;
  int n_digits = 0;
  for (; begin < end; n_digits++) {
    int digit = letters_digit(utf8_next(line->text, &begin));
    if (digit < 0 || n_digits == 2) {
      return -1;
    }
    value = value * 10 + digit;
  }
  return n_digits > 0 ? value : -1;
}

/* True if a colon stands before pos, perhaps with spaces between. */
static int is_behind_colon(const stop_line *line, uint32_t pos) {
  while (pos > line->begin && is_space(code_before(line, pos))) {
    utf8_prev(line->text, &pos);
  }
  return code_before(line, pos) == ':';
}

/* "الخطوات: 1. الشراء 2. التدريب": the first of a list stands behind a colon, and the others behind the first. */
static int numbers_an_item(const stop_line *line, uint32_t word, uint32_t end) {
  int value = small_number(line, word, end);
  uint32_t from = word - line->begin > LIST_BYTES_MAX ? word - LIST_BYTES_MAX : line->begin;
  if (value < 1 || value > ITEMS_MAX) {
    return 0;
  }
  for (uint32_t at = word; value > 1 && at > from; at--) {
    if (line->text[at - 1] == '.') {
      uint32_t begin = word_begin(line, at - 1);
      if (small_number(line, begin, at - 1) == 1 && is_behind_colon(line, begin)) {
        return 1;
      }
    }
  }
  return value == 1 && is_behind_colon(line, word);
}

/* ش.م.م, U.A.E: more than one letter, with points between. */
static int is_acronym(const stop_line *line, uint32_t end) {
  uint32_t begin = word_begin(line, end);
  return is_letter_chain(line, begin, end) && count_letters(line, begin, end) > 1;
}

/* A letter and a stop are a unit or an era behind a number ("1447 هـ."), the last letter of an acronym behind another
 * letter ("أ ف ب."), an initial or a title elsewhere. */
static int ends_at_letter(const stop_line *line, uint32_t letter) {
  if (!is_space(code_before(line, letter))) {
    return 0;
  }
  uint32_t end = letter;
  utf8_prev(line->text, &end);
  uint32_t begin = word_begin(line, end);
  if (letters_kind(code_before(line, end)) == LETTERS_DIGIT) {
    return 1;
  }
  return is_arabic_letter(code_at(line, begin)) && begin < end && count_letters(line, begin, end) == 1;
}

/* The Arabic name of a letter at begin: an initial ("جون إف. كينيدي"), but the end of an acronym ("كيو آر.") if another
 * letter's name stands before it, perhaps with a clitic. */
static int ends_at_letter_name(const stop_line *line, uint32_t begin, uint32_t next) {
  if (!is_space(code_before(line, begin)) || !is_arabic_letter(code_at(line, next))) {
    return 1;
  }
  uint32_t end = begin;
  utf8_prev(line->text, &end);
  uint32_t before = word_begin(line, end);
  const uint8_t *word = line->text + before;
  uint32_t len = end - before;
  if (abbreviation_of(word, len) == ABBREVIATION_LETTER ||
      (len > 2 && abbreviation_of(word + 2, len - 2) == ABBREVIATION_LETTER)) {
    return 1;
  }
  return begins_with_and(line, next);
}

/* One point, a space and a word: everything turns on the word before. */
static int ends_at_spaced_point(const stop_line *line, const stop *mark, uint32_t next) {
  uint32_t end = mark->begin;
  uint32_t begin = word_begin(line, end);
  const uint8_t *word = line->text + begin;
  uint32_t first = code_at(line, begin);
  if (begin == end) {
    return 1;
  }
  if (letters_kind(first) == LETTERS_DIGIT) {
    return !numbers_the_line(line, begin, end) && !numbers_an_item(line, begin, end);
  }
  if (is_title_behind_and(line, begin, end)) {
    return 0;
  }
  if (is_letter_chain(line, begin, end)) {
    if (is_arabic_letter(first) && count_letters(line, begin, end) == 1) {
      return ends_at_letter(line, begin);
    }
    return !numbers_the_line(line, begin, end) && begins_sentence(line, next);
  }
  switch (abbreviation_of(word, end - begin)) {
  case ABBREVIATION_TITLE:
    return letters_kind(code_at(line, next)) == LETTERS_PUNCT;
  case ABBREVIATION_NUMBER:
    return letters_kind(code_at(line, next)) != LETTERS_DIGIT;
  case ABBREVIATION_SUFFIX:
    return begins_sentence(line, next);
  case ABBREVIATION_LETTER:
    return ends_at_letter_name(line, begin, next);
  default:
    break;
  }
  return letters_script(first) != LETTERS_SCRIPT_LATIN || !is_lower_latin(line, next);
}

/* One point between two characters: a decimal, a name, an address, or a stop without its space. */
static int ends_at_glued_point(const stop_line *line, const stop *mark) {
  uint32_t begin = word_begin(line, mark->begin);
  uint32_t next = mark->marks_end;
  uint32_t after = next;
  uint32_t code = utf8_next(line->text, &after);
  uint32_t before = code_before(line, mark->begin);
  uint32_t last = letters_script(before);
  if (letters_kind(code) == LETTERS_DIGIT) {
    return is_arabic_letter(before) && count_letters(line, begin, mark->begin) > 2;
  }
  if (is_arabic_letter(code)) {
    uint32_t end = word_end(line, next);
    while (code_at(line, end) == '.' && is_word_code(code_at(line, end + 1)) && end - next < 64) {
      end = word_end(line, end + 1);
    }
    if (is_letter_chain(line, begin, mark->begin) || is_spelled_chain(line, begin, end)) {
      return 0;
    }
    return !(letters_kind(before) == LETTERS_DIGIT && numbers_the_line(line, begin, mark->begin));
  }
  if (!is_upper(code)) {
    return 0;
  }
  if (last == LETTERS_SCRIPT_ARABIC) {
    return !is_letter_chain(line, begin, mark->begin);
  }
  /* "the end.The next": lower case, then a capital and lower case, and no other point in either word. */
  uint32_t end = word_end(line, next);
  return last == LETTERS_SCRIPT_LATIN && !is_upper(before) && count_letters(line, begin, mark->begin) > 1 &&
         !is_upper(code_at(line, after)) && letters_kind(code_at(line, after)) == LETTERS_LETTER &&
         code_at(line, end) != '.' && code_at(line, end) != '/' && code_at(line, end) != '@' &&
         abbreviation_is_starter(line->text + next, end - next);
}

/* A question or exclamation mark. */
static int ends_at_hard_mark(const stop_line *line, const stop *mark, uint32_t next) {
  uint32_t before = code_before(line, mark->begin);
  int glued = next == mark->end;
  if (before == '(' || before == '[') { /* a remark: (!) */
    return 0;
  }
  if (glued && before < 0x80 && code_at(line, next) < 0x80 && is_word_code(before)) { /* an address: ?id= */
    return 0;
  }
  uint32_t end = word_end(line, next);
  if (mark->closes_quote && (abbreviation_is_speech(line->text + next, end - next) || is_lower_latin(line, next))) {
    return 0;
  }
  /* Yahoo! and its like: a Latin name in the middle of a sentence. */
  if (!mark->closes_quote && mark->n_hard == 1 && code_before(line, mark->marks_end) == '!' && is_word_code(before) &&
      before < 0x80) {
    return is_arabic_letter(code_at(line, next)) ? begins_with_and(line, next) : begins_sentence(line, next);
  }
  return 1;
}

int stop_ends_sentence(const stop_line *line, const stop *mark) {
  uint32_t next = skip_spaces(line, mark->end);
  if (next >= line->end) {
    return 1;
  }
  uint32_t code = code_at(line, next);
  if (code == ',' || code == 0x060C || code == ':' || code == ';' || code == 0x061B || is_closing_bracket(code)) {
    return 0;
  }
  if (mark->n_hard > 0) {
    return ends_at_hard_mark(line, mark, next);
  }
  if (mark->n_points > 1) { /* an ellipsis is a pause */
    return mark->closes_quote ? !is_arabic_letter(code) || begins_with_and(line, next)
                              : is_upper(code) && letters_script(code) == LETTERS_SCRIPT_LATIN &&
                                    !is_arabic_letter(code_before(line, mark->begin));
  }
  if (mark->end > mark->marks_end) {
    return mark->closes_quote || !is_acronym(line, mark->begin) || begins_sentence(line, next);
  }
  if (next == mark->end) {
    if (!is_word_code(code)) { /* a quotation opens, or the point belongs to a sign */
      return letters_is_quote(code) || code == '(';
    }
    if (is_space(code_before(line, mark->begin)) && letters_script(code) == LETTERS_SCRIPT_LATIN) {
      return 0; /* .NET */
    }
    return ends_at_glued_point(line, mark);
  }
  return ends_at_spaced_point(line, mark, next);
}
