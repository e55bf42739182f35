/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts tokens by the classes of characters. Arabic words, most of the text, take the first branch; joiners inside of
 * other words are judged by their neighbours alone. */
#include "cut.h"

#include <string.h>

#include "address.h"
#include "qanat/layers.h"
#include "text/letters.h"
#include "text/utf8.h"

_Static_assert((int)LETTERS_SCRIPT_ARABIC == (int)QN_TOKEN_SCRIPT_ARABIC &&
                   (int)LETTERS_SCRIPT_LATIN == (int)QN_TOKEN_SCRIPT_LATIN &&
                   (int)LETTERS_SCRIPT_OTHER == (int)QN_TOKEN_SCRIPT_OTHER,
               "scripts are copied from classes to rows");

typedef struct cutter {
  const uint8_t *text;
  uint32_t end;
} cutter;

static inline uint8_t class_at(const cutter *c, uint32_t pos, uint32_t *ret_after) {
  uint8_t lead = c->text[pos];
  if ((lead & 0xFC) == 0xD8) {
    *ret_after = pos + 2;
    return letters_class_arabic(lead, c->text[pos + 1]);
  }
  *ret_after = pos;
  return letters_class(utf8_next(c->text, ret_after));
}

static uint32_t code_at(const cutter *c, uint32_t pos) {
  return pos < c->end ? utf8_peek(c->text, pos) : 0;
}

static uint32_t kind_of(uint8_t class) {
  return class & LETTERS_KIND_MASK;
}

static int is_arabic(uint8_t class) {
  return letters_class_script(class) == LETTERS_SCRIPT_ARABIC;
}

/* --- Arabic words --- */

/* Letters, marks and tatweel; an invisible character only between two of them. */
static uint32_t arabic_end(const cutter *c, uint32_t pos) {
  uint32_t end = pos = letters_arabic_run(c->text, pos, c->end);
  while (pos < c->end && c->text[pos] >= 0xD8) {
    uint32_t after;
    uint8_t class = class_at(c, pos, &after);
    uint32_t kind = kind_of(class);
    if (is_arabic(class) && kind != LETTERS_DIGIT) {
      end = after;
    } else if (kind != LETTERS_FORMAT) {
      break;
    }
    pos = after;
  }
  return end;
}

static int has_letter(const cutter *c, uint32_t pos, uint32_t end) {
  while (pos < end) {
    if (letters_kind(utf8_next(c->text, &pos)) == LETTERS_LETTER) {
      return 1;
    }
  }
  return 0;
}

/* --- words of other scripts --- */

/* What a word may be made of: letters, their marks and digits, but none of the Arabic script. */
static int is_word_class(uint8_t class) {
  uint32_t kind = kind_of(class);
  return (kind == LETTERS_LETTER || kind == LETTERS_DIGIT || kind == LETTERS_MARK) && !is_arabic(class) &&
         !(class & LETTERS_DENSE);
}

static uint32_t plain_end(const cutter *c, uint32_t pos) {
  while (pos < c->end) {
    uint32_t after;
    if (!is_word_class(class_at(c, pos, &after))) {
      break;
    }
    pos = after;
  }
  return pos;
}

static uint8_t class_before(const cutter *c, uint32_t pos) {
  return letters_class(utf8_prev(c->text, &pos));
}

/* "the end.The next": a stop whose space was lost. */
static int is_lost_space(const cutter *c, uint32_t part, uint32_t point) {
  uint32_t after;
  uint8_t next = class_at(c, point + 1, &after);
  return point - part > 1 && !(class_before(c, point) & LETTERS_UPPER) && (next & LETTERS_UPPER) && after < c->end &&
         kind_of(letters_class(code_at(c, after))) == LETTERS_LETTER &&
         !(letters_class(code_at(c, after)) & LETTERS_UPPER);
}

/* The end of an English possessive at pos, which is a token of its own: 's. pos if there is none. */
static uint32_t possessive_end(const cutter *c, uint32_t pos) {
  uint32_t code = code_at(c, pos);
  if (code != '\'' && code != 0x2019) {
    return pos;
  }
  uint32_t letter = pos + utf8_len(c->text[pos]);
  if (letter >= c->end || (c->text[letter] | 0x20) != 's') {
    return pos;
  }
  return letter + 1 < c->end && is_word_class(letters_class(code_at(c, letter + 1))) ? pos : letter + 1;
}

/* The length of a joiner at pos, which stands between the part that began at `part` and more of the word; 0 if the word
 * ends here. */
static uint32_t joiner_len(const cutter *c, uint32_t part, uint32_t pos) {
  uint32_t code = code_at(c, pos);
  uint32_t len = utf8_len(c->text[pos]);
  uint32_t after;
  if (pos + len >= c->end) {
    return 0;
  }
  uint8_t next = class_at(c, pos + len, &after);
  uint32_t before = kind_of(class_before(c, pos));
  if (!is_word_class(next) || kind_of(next) == LETTERS_MARK) {
    return 0;
  }
  switch (code) {
  case '\'':
  case 0x2019:
    if (possessive_end(c, pos) > pos) {
      return 0;
    }
    return before != LETTERS_DIGIT && kind_of(next) == LETTERS_LETTER ? len : 0;
  case '&':
    return before != LETTERS_DIGIT && kind_of(next) == LETTERS_LETTER ? len : 0;
  case '-':
  case '_':
  case 0x2010:
  case 0x2011:
    return len;
  case '.':
    if (kind_of(next) == LETTERS_DIGIT) {
      return before == LETTERS_DIGIT ? len : 0;
    }
    return is_lost_space(c, part, pos) ? 0 : len;
  default:
    return 0;
  }
}

/* U.S. keeps its last point. */
static int is_initials(const cutter *c, uint32_t begin, uint32_t end) {
  uint32_t n_points = 0;
  for (uint32_t pos = begin; pos < end; pos++) {
    if (((pos - begin) % 2 == 1) != (c->text[pos] == '.') || c->text[pos] >= 0x80) {
      return 0;
    }
    n_points += c->text[pos] == '.';
  }
  return n_points > 0;
}

/* Signs that names end with: C++, C#, Canal+. */
static uint32_t trailing_signs(const cutter *c, uint32_t begin, uint32_t pos) {
  uint32_t end = pos;
  while (end < c->end && c->text[end] == '+' && end - pos < 2) {
    end++;
  }
  if (end == pos && end < c->end && c->text[end] == '#' && pos - begin == 1) {
    end++;
  }
  return end < c->end && is_word_class(letters_class(code_at(c, end))) ? pos : end;
}

/* The end of a word of letters and digits that begins at pos. */
static uint32_t word_end(const cutter *c, uint32_t begin) {
  uint32_t part = begin;
  uint32_t pos = plain_end(c, begin);
  uint32_t len;
  while (pos < c->end && (len = joiner_len(c, part, pos)) > 0) {
    part = pos + len;
    pos = plain_end(c, part);
  }
  if (pos < c->end && c->text[pos] == '.' && is_initials(c, begin, pos)) {
    return pos + 1;
  }
  return kind_of(class_before(c, pos)) == LETTERS_LETTER ? trailing_signs(c, begin, pos) : pos;
}

static uint32_t script_of(const cutter *c, uint32_t pos, uint32_t end) {
  uint32_t script = QN_TOKEN_SCRIPT_NONE;
  while (pos < end) {
    uint8_t class = letters_class(utf8_next(c->text, &pos));
    uint32_t own = letters_class_script(class);
    if (kind_of(class) != LETTERS_LETTER || own == script) {
      continue;
    }
    script = script == QN_TOKEN_SCRIPT_NONE ? own : QN_TOKEN_SCRIPT_MIXED;
    if (script == QN_TOKEN_SCRIPT_MIXED) {
      break;
    }
  }
  return script;
}

static void cut_word(const cutter *c, cut_token *token) {
  token->end = word_end(c, token->begin);
  token->kind = QN_TOKEN_KIND_WORD;
  uint32_t address = address_end(c->text, token->begin, token->end, c->end);
  if (address > token->begin) {
    token->kind = QN_TOKEN_KIND_ADDRESS;
    token->end = address;
  }
  token->script = script_of(c, token->begin, token->end);
}

/* Scripts without spaces: a Han character is a token, of other ones a run. */
static void cut_dense(const cutter *c, cut_token *token, uint32_t code, uint32_t pos) {
  int is_han = (code >= 0x3400 && code < 0xA000) || (code >= 0xF900 && code < 0xFB00) || code >= 0x20000;
  while (pos < c->end) {
    uint32_t after;
    uint8_t class = class_at(c, pos, &after);
    uint32_t next = code_at(c, pos);
    int next_is_han = (next >= 0x3400 && next < 0xA000) || (next >= 0xF900 && next < 0xFB00) || next >= 0x20000;
    int goes_on = kind_of(class) == LETTERS_MARK || (!is_han && (class & LETTERS_DENSE) && !next_is_han);
    if (!goes_on) {
      break;
    }
    pos = after;
  }
  token->end = pos;
  token->kind = QN_TOKEN_KIND_WORD;
  token->script = QN_TOKEN_SCRIPT_OTHER;
}

/* --- numbers --- */

static int is_number_joiner(uint32_t code) {
  return code == '.' || code == ',' || code == 0x066B || code == 0x066C;
}

static uint32_t number_end(const cutter *c, uint32_t pos) {
  for (;;) {
    uint32_t after;
    while (pos < c->end && kind_of(class_at(c, pos, &after)) == LETTERS_DIGIT) {
      pos = after;
    }
    uint32_t code = code_at(c, pos);
    if (code == 0 || !is_number_joiner(code)) {
      return pos;
    }
    uint32_t next = pos + utf8_len(c->text[pos]);
    if (next >= c->end || letters_kind(code_at(c, next)) != LETTERS_DIGIT) {
      return pos;
    }
    pos = next;
  }
}

/* Units that are written onto their number, longest first where one begins another. */
static int is_unit(const uint8_t *text, uint32_t len) {
  static const char *const units[] = { "nm",  "mm",  "cm",  "km",   "kg",   "mg",   "ml", "GB", "TB", "MB",
                                       "KB",  "PB",  "GHz", "MHz",  "kHz",  "THz",  "Hz", "kW", "MW", "GW",
                                       "TW",  "kWh", "MWh", "GWh",  "TWh",  "mAh",  "Wh", "bn", "mn", "tn",
                                       "mph", "kph", "fps", "Gbps", "Mbps", "Tbps", "ms", "am", "pm" };
  for (uint32_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strlen(units[i]) == len && memcmp(units[i], text, len) == 0) {
      return 1;
    }
  }
  return 0;
}

static void cut_number(const cutter *c, cut_token *token) {
  uint32_t end = number_end(c, token->begin);
  token->end = end;
  token->kind = QN_TOKEN_KIND_NUMBER;
  token->script = QN_TOKEN_SCRIPT_NONE;
  uint32_t after = end;
  uint8_t next = end < c->end ? class_at(c, end, &after) : 0;
  if (kind_of(next) != LETTERS_LETTER || !is_word_class(next) || c->text[token->begin] >= 0x80) {
    return;
  }
  uint32_t letters = plain_end(c, end);
  if (!is_unit(c->text + end, letters - end) && word_end(c, token->begin) > end) {
    cut_word(c, token); /* 5G; but of 1,500x the number stands alone, as words have no commas */
  }
}

/* --- marks --- */

/* Marks that Unicode calls punctuation and that stand for a word. */
static int is_sign(uint32_t code) {
  if (code < 0x80) {
    return strchr("%&@#*/\\_", (int)code) != NULL;
  }
  return code == 0x066A || code == 0x2030 || code == 0x2022 || code == 0xA7 || code == 0xB6 || code == 0x2020 ||
         code == 0x2021;
}

static int is_paired(uint32_t code) {
  return letters_is_quote(code) || code == '\'' || (code < 0x80 && strchr("()[]{}", (int)code) != NULL);
}

/* The end of an emoji that began with the symbol before pos: variation selectors, skin tones, flags, joined ones. */
static uint32_t emoji_end(const cutter *c, uint32_t first, uint32_t pos) {
  int flags = first >= 0x1F1E6 && first <= 0x1F1FF;
  while (pos < c->end) {
    uint32_t after;
    uint8_t class = class_at(c, pos, &after);
    uint32_t code = code_at(c, pos);
    if (code == 0x200D && kind_of(letters_class(code_at(c, after))) == LETTERS_SYMBOL) {
      utf8_next(c->text, &after);
    } else if (flags && code >= 0x1F1E6 && code <= 0x1F1FF) {
      flags = 0;
    } else if (kind_of(class) != LETTERS_MARK && !(code >= 0x1F3FB && code <= 0x1F3FF) &&
               !(code >= 0xE0020 && code <= 0xE007F)) {
      break;
    }
    pos = after;
  }
  return pos;
}

static void cut_mark(const cutter *c, cut_token *token, uint32_t code, uint32_t kind, uint32_t pos) {
  token->kind = kind == LETTERS_PUNCT && !is_sign(code) ? QN_TOKEN_KIND_PUNCTUATION : QN_TOKEN_KIND_SYMBOL;
  token->script = QN_TOKEN_SCRIPT_NONE;
  token->end = pos;
  if (code >= 0x2190 && kind == LETTERS_SYMBOL) {
    token->end = emoji_end(c, code, pos);
    return;
  }
  uint32_t end = pos;
  uint32_t n = 1;
  while (!is_paired(code) && code_at(c, end) == code) {
    end += utf8_len(c->text[end]);
    n++;
  }
  if (n >= 3 || (n == 2 && code == '.')) {
    token->end = end;
  }
}

static void cut_tag_or_mark(const cutter *c, cut_token *token, uint32_t code, uint32_t kind, uint32_t pos) {
  if (code == '@' || code == '#') {
    uint32_t end = address_tag_end(c->text, token->begin, c->end);
    if (end > token->begin && has_letter(c, token->begin, end)) {
      token->end = end;
      token->kind = QN_TOKEN_KIND_ADDRESS;
      token->script = script_of(c, token->begin, end);
      return;
    }
  }
  uint32_t possessive = possessive_end(c, token->begin);
  if (possessive > token->begin) {
    token->end = possessive;
    token->kind = QN_TOKEN_KIND_WORD;
    token->script = QN_TOKEN_SCRIPT_LATIN;
    return;
  }
  cut_mark(c, token, code, kind, pos);
}

/* --- any token --- */

static void cut_arabic(const cutter *c, cut_token *token) {
  token->end = arabic_end(c, token->begin);
  int is_word = has_letter(c, token->begin, token->end);
  token->kind = is_word ? QN_TOKEN_KIND_WORD : QN_TOKEN_KIND_PUNCTUATION; /* a dash of tatweel, loose harakat */
  token->script = is_word ? QN_TOKEN_SCRIPT_ARABIC : QN_TOKEN_SCRIPT_NONE;
}

int cut_next(const uint8_t *text, uint32_t pos, uint32_t end, cut_token *ret_token) {
  cutter c = { text, end };
  while (pos < end) {
    if (text[pos] == ' ') {
      pos++;
      continue;
    }
    uint32_t after = pos;
    uint32_t code = utf8_next(text, &after);
    uint8_t class = letters_class(code);
    uint32_t kind = kind_of(class);
    ret_token->begin = pos;
    switch (kind) {
    case LETTERS_SPACE:
    case LETTERS_FORMAT:
    case LETTERS_CONTROL:
      pos = after;
      continue;
    case LETTERS_DIGIT:
      cut_number(&c, ret_token);
      return 1;
    case LETTERS_LETTER:
    case LETTERS_MARK:
    case LETTERS_TATWEEL:
      if (is_arabic(class)) {
        cut_arabic(&c, ret_token);
      } else if (class & LETTERS_DENSE) {
        cut_dense(&c, ret_token, code, after);
      } else {
        cut_word(&c, ret_token);
      }
      return 1;
    default:
      cut_tag_or_mark(&c, ret_token, code, kind, after);
      return 1;
    }
  }
  return 0;
}
