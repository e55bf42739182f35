/* SPDX-License-Identifier: Apache-2.0 */

/* One pass over the characters of a page, one over its words. */
#include "declutter/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text/fold.h"
#include "text/letters.h"
#include "text/utf8.h"

enum {
  FIRST_LINES = 64,
  FIRST_WORDS = 1024,
  LONG_LINE_WORDS = 60, /* phrases are looked for in the begin of longer lines only */
  PHRASE_WORDS = 8,
  QUOTE_WORDS = 14,       /* what ends with a quotation mark and is so long needs no stop to be a sentence */
  WRAPPED_WIDTH = 100,    /* no wider text is taken for wrapped */
  LONG_WORD_LETTERS = 16, /* no Arabic word is so long; two grown together are */
  TA_MARBUTA = 0x629,
  TA = 0x62A,
  TATWEEL = 0x640,
  WAW = 0x648,
  ALEF_MAKSURA = 0x649
};

/* The word that is being read. */
typedef struct open_word {
  uint32_t codes[WORD_CODES_MAX];
  uint32_t n_codes;
  uint32_t n_digits, n_latin, n_arabic;
  bool ended; /* a letter that only ends words has come */
  bool fused;
  uint32_t script; /* of the last letter */
} open_word;

void lines_done(page_lines *page) {
  free(page->lines);
  free(page->words);
  free(page->word_flags);
  memset(page, 0, sizeof *page);
}

/* --- growing --- */

static int grow_lines(page_lines *page) {
  if (page->n_lines < page->line_capacity) {
    return 0;
  }
  uint32_t capacity = page->line_capacity == 0 ? FIRST_LINES : page->line_capacity * 2;
  page_line *lines = realloc(page->lines, capacity * sizeof *lines);
  if (lines == NULL) {
    return -ENOMEM;
  }
  page->lines = lines;
  page->line_capacity = capacity;
  return 0;
}

static int grow_words(page_lines *page) {
  if (page->n_words < page->word_capacity) {
    return 0;
  }
  uint32_t capacity = page->word_capacity == 0 ? FIRST_WORDS : page->word_capacity * 2;
  word_hash *words = realloc(page->words, capacity * sizeof *words);
  page->words = words == NULL ? page->words : words;
  uint8_t *flags = realloc(page->word_flags, capacity);
  page->word_flags = flags == NULL ? page->word_flags : flags;
  if (words == NULL || flags == NULL) {
    return -ENOMEM;
  }
  page->word_capacity = capacity;
  return 0;
}

/* --- characters --- */

/* Marks that stand between the entries of menus. */
static bool is_separator(uint32_t code) {
  static const uint32_t separators[] = { '|',    '/',    '>',    '<',    0xAB,   0xB7,   0xBB,
                                         0x2022, 0x2039, 0x203A, 0x22C5, 0x25B8, 0x25CF, 0x25E6,
                                         0xFE19, 0x2013, 0x2014, '-',    0x2190, 0x2192, 0x2026 };
  for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++) {
    if (separators[i] == code) {
      return true;
    }
  }
  return false;
}

static bool is_stop(uint32_t code) {
  return code == '.' || code == '!' || code == '?' || code == 0x61F || code == 0x6D4 || code == 0x2026;
}

/* What may stand after the stop of a sentence. */
static bool closes(uint32_t code) {
  return letters_is_quote(code) || code == '\'' || code == 0x2019 || code == 0x2018 || code == ')' || code == ']';
}

/* The folded form of a word's character. Most Arabic letters are their own. */
static inline uint32_t fold_letter(uint32_t code) {
  return code >= TA && code <= WAW && code != TATWEEL ? code : fold_code(code);
}

/* The letters, by their place, that neither end words nor fold to others: ا and ب, ت to غ, ف to و, ي. */
static const uint64_t plain_letters = 0x5FE07FFFD80u;

/* Takes plain Arabic letters into the word as long as they follow each other: most characters of most pages. */
static inline uint32_t read_plain(const uint8_t *text, uint32_t at, uint32_t end, uint32_t *codes, uint32_t *n) {
  while (end - at >= 2 && *n < WORD_CODES_MAX) {
    uint32_t place = letters_arabic_place(text + at);
    if (place >= 64 || (plain_letters >> place & 1) == 0) {
      break;
    }
    codes[(*n)++] = 0x620 + place;
    at += 2;
  }
  return at;
}

/* Reads characters from `at` as long as they belong to one word. Returns where it ends. */
static uint32_t read_word(const uint8_t *text, uint32_t at, uint32_t end, open_word *word) {
  uint32_t n = word->n_codes, n_arabic = 0, n_latin = 0, n_digits = 0, script = word->script;
  bool ended = word->ended, fused = word->fused;
  while (at < end) {
    if (!ended && (script == LETTERS_SCRIPT_ARABIC || n == 0)) {
      uint32_t before = n;
      at = read_plain(text, at, end, word->codes, &n);
      n_arabic += n - before;
      script = n > before ? LETTERS_SCRIPT_ARABIC : script;
      if (at == end) {
        break;
      }
    }
    uint32_t next = at, code = utf8_next(text, &next);
    uint8_t class = letters_class(code);
    uint32_t kind = class & LETTERS_KIND_MASK;
    if (!word_has(kind) || (kind == LETTERS_DIGIT && script == LETTERS_SCRIPT_ARABIC && n > 2 && n_digits == 0)) {
      break; /* "شاهد الفيديو02:31": a word, and what stood beside it */
    }
    if (kind == LETTERS_LETTER) {
      uint32_t mine = letters_class_script(class);
      fused |= ended || (mine != script && script != LETTERS_SCRIPT_NONE && n > 1);
      ended = code == TA_MARBUTA || code == ALEF_MAKSURA;
      script = mine;
      n_arabic += mine == LETTERS_SCRIPT_ARABIC;
      n_latin += mine == LETTERS_SCRIPT_LATIN;
    }
    n_digits += kind == LETTERS_DIGIT;
    uint32_t folded = fold_letter(code);
    if (folded != 0 && n < WORD_CODES_MAX) {
      word->codes[n++] = folded;
    }
    at = next;
  }
  word->n_codes = n;
  word->n_arabic += n_arabic;
  word->n_latin += n_latin;
  word->n_digits += n_digits;
  word->script = script;
  word->ended = ended;
  word->fused = fused;
  return at;
}

/* Its code points need not be cleared. */
static void clear_word(open_word *word) {
  word->n_codes = word->n_digits = word->n_latin = word->n_arabic = 0;
  word->ended = word->fused = false;
  word->script = LETTERS_SCRIPT_NONE;
}

/* Takes the word into the page. One clitic before a Latin word is no fusion: وOpenAI. */
static int end_word(page_lines *page, page_line *line, open_word *word) {
  if (word->n_codes == 0) {
    return 0;
  }
  int rc = grow_words(page);
  if (rc != 0) {
    return rc;
  }
  bool number = word->n_digits > 0 && word->n_latin + word->n_arabic == 0;
  bool latin = word->n_latin > word->n_arabic;
  page->words[page->n_words] = word_hash_of(word->codes, word->n_codes);
  page->word_flags[page->n_words] = (uint8_t)((number ? WORD_NUMBER : 0) | (latin ? WORD_LATIN : 0) |
                                              (!number && word->n_codes >= 3 ? WORD_CONTENT : 0));
  page->n_words++;
  line->n_words++;
  line->n_number_words += number;
  line->n_latin_words += latin;
  line->n_fused += (word->fused && word->n_codes >= 8) || word->n_arabic >= LONG_WORD_LETTERS;
  line->n_digits += word->n_digits;
  clear_word(word);
  return 0;
}

static uint32_t code_before(const uint8_t *text, uint32_t at) {
  return utf8_prev(text, &at);
}

/* Counts a character that is no part of a word. prev and next are its neighbours, 0 at the ends. */
static void add_mark(page_line *line, uint32_t code, uint32_t prev, uint32_t next, bool first) {
  uint32_t kind = letters_kind(code);
  bool between_spaces =
      (prev == 0 || letters_kind(prev) == LETTERS_SPACE) && (next == 0 || letters_kind(next) == LETTERS_SPACE);
  line->n_separators += is_separator(code) && (between_spaces || code == '|' || code == 0xB7 || code == '>');
  line->n_symbols += kind == LETTERS_SYMBOL && code != '$' && code != '%' && code != '|' && code != '+' &&
                     code != '>' && code != '<' && !(code >= 0xA2 && code <= 0xA5) && code != 0x20AC;
  line->n_times += code == ':' && letters_digit(prev) >= 0 && letters_digit(next) >= 0;
  line->has_stop_inside |= is_stop(code) && letters_kind(next) == LETTERS_SPACE;
  line->has_colon |= code == ':' && letters_kind(next) == LETTERS_SPACE;
  line->has_hashtag |= code == '#' && letters_kind(next) == LETTERS_LETTER;
  line->has_address |= code == '@' && letters_kind(next) == LETTERS_LETTER;
  line->has_address |= code == ':' && next == '/';
  line->has_quotes |= letters_is_quote(code);
  line->starts_marked |=
      first && (kind == LETTERS_SYMBOL ||
                (kind == LETTERS_PUNCT && !letters_is_quote(code) && code != '(' && code != '-') || code == '[');
}

/* Looks at the last characters: how the line ends. */
static void read_end(page_line *line, const uint8_t *text) {
  uint32_t at = line->end, code = 0, first_at = line->begin;
  uint32_t last = at > line->begin ? utf8_prev(text, &at) : 0;
  uint32_t first = utf8_next(text, &first_at);
  line->in_brackets = (first == '[' && last == ']') || (first == '(' && last == ')');
  at = line->end;
  while (at > line->begin) {
    code = utf8_prev(text, &at);
    if (!closes(code) && letters_kind(code) != LETTERS_SPACE && letters_kind(code) != LETTERS_FORMAT) {
      break;
    }
    line->stops |= letters_is_quote(code) && (line->has_stop_inside || line->has_colon || line->n_words >= QUOTE_WORDS);
  }
  line->stops |= is_stop(code);
  line->asks = code == 0x61F || code == '?';
  line->ends_colon = code == ':';
}

static int read_characters(page_lines *page, page_line *line, const uint8_t *text) {
  open_word word;
  int rc = 0;
  clear_word(&word);
  for (uint32_t at = line->begin; rc == 0 && at < line->end;) {
    at = read_word(text, at, line->end, &word);
    if (at == line->end) {
      break;
    }
    uint32_t from = at, code = utf8_next(text, &at), kind = letters_kind(code);
    if (kind == LETTERS_FORMAT) {
      continue; /* zero-width characters stand inside words */
    }
    rc = end_word(page, line, &word);
    if (word_has(kind)) {
      at = from; /* digits fused to a word begin one of their own */
    } else if (kind != LETTERS_SPACE) {
      add_mark(line, code, from > line->begin ? code_before(text, from) : 0, at < line->end ? utf8_peek(text, at) : 0,
               from == line->begin);
    }
  }
  rc = rc == 0 ? end_word(page, line, &word) : rc;
  read_end(line, text);
  return rc;
}

/* --- words --- */

/* Keeps, of each of a few ways to shuffle all words there are, the first word of the line. */
static void read_sketch(page_line *line, const word_hash *words) {
  static const uint32_t shuffles[LINE_SKETCH] = { 0x9E3779B1u, 0x85EBCA6Bu, 0xC2B2AE35u,
                                                  0x27D4EB2Fu, 0x165667B1u, 0xD3A2646Du };
  uint32_t least[LINE_SKETCH];
  memset(least, 0xFF, sizeof least);
  for (uint32_t i = 0; i < line->n_words; i++) {
    uint32_t stem = words[i].stem ^ words[i].stem >> 15;
    for (uint32_t k = 0; k < LINE_SKETCH; k++) {
      uint32_t place = stem * shuffles[k];
      least[k] = place < least[k] ? place : least[k];
    }
  }
  memcpy(line->sketch, least, sizeof least);
}

static void read_phrases(page_line *line, const word_hash *words, uint8_t *flags, const phrase_table *phrases) {
  uint32_t n = line->n_words < LONG_LINE_WORDS ? line->n_words : LONG_LINE_WORDS;
  for (uint32_t i = 0; i < n;) {
    uint32_t left = n - i < PHRASE_WORDS ? n - i : PHRASE_WORDS, len;
    uint32_t kinds = phrases_match(phrases, words + i, left, &len);
    line->kinds |= kinds;
    if (i == 0) {
      line->first_kinds = kinds;
      line->first_len = len;
    }
    if ((kinds & (PHRASE_NAV | PHRASE_PLATFORM)) != 0) {
      line->n_nav += len;
    }
    if ((kinds & (PHRASE_INSIDE | PHRASE_LIST)) != 0) {
      line->n_inside += len;
    }
    if ((kinds & PHRASE_FUNCTION) != 0) {
      line->n_function++;
      flags[i] &= (uint8_t)~WORD_CONTENT;
    }
    i += len > 0 ? len : 1;
  }
  for (uint32_t i = 0; i < line->n_words; i++) {
    line->n_content += (flags[i] & WORD_CONTENT) != 0;
  }
  read_sketch(line, words);
}

/* --- lines --- */

static bool is_blank(const uint8_t *text, uint32_t at, uint32_t *ret_next) {
  *ret_next = at;
  uint32_t kind = letters_kind(utf8_next(text, ret_next));
  return kind == LETTERS_SPACE || kind == LETTERS_FORMAT || kind == LETTERS_CONTROL;
}

/* The line [begin, end) without white space and invisible characters around it. */
static void trim(const uint8_t *text, uint32_t *begin, uint32_t *end) {
  uint32_t next;
  while (*begin < *end && is_blank(text, *begin, &next)) {
    *begin = next;
  }
  while (*end > *begin) {
    uint32_t at = *end;
    utf8_prev(text, &at);
    if (!is_blank(text, at, &next)) {
      break;
    }
    *end = at;
  }
}

static int add_line(page_lines *page, const uint8_t *text, uint32_t begin, uint32_t end, const phrase_table *phrases) {
  trim(text, &begin, &end);
  if (begin == end) {
    return 0;
  }
  int rc = grow_lines(page);
  if (rc != 0) {
    return rc;
  }
  page_line *line = &page->lines[page->n_lines];
  *line = (page_line){ .begin = begin, .end = end, .first_word = page->n_words };
  rc = read_characters(page, line, text);
  if (rc == 0) {
    read_phrases(line, page->words + line->first_word, page->word_flags + line->first_word, phrases);
    page->n_lines++;
  }
  return rc;
}

/* The end of the line that begins at `at`: its newline, or the end of the text. */
static uint32_t line_end(const uint8_t *text, uint32_t at, uint32_t len) {
  const uint8_t *newline = at < len ? memchr(text + at, '\n', len - at) : NULL;
  return newline == NULL ? len : (uint32_t)(newline - text);
}

/* True if the text was broken into lines of even width, so that a paragraph is all lines up to an empty one: nearly
 * every line that another follows is then about as wide as the widest and does not end a sentence. */
static bool is_wrapped(const uint8_t *text, uint32_t len) {
  uint32_t widest = 0, n_followed = 0, n_full = 0, sum = 0;
  for (uint32_t at = 0; at < len;) {
    uint32_t end = line_end(text, at, len), begin = at, stop = end, next = end + 1;
    trim(text, &begin, &stop);
    at = next;
    uint32_t width = (uint32_t)utf8_count(text + begin, stop - begin);
    if (width > WRAPPED_WIDTH) {
      return false;
    }
    widest = width > widest ? width : widest;
    uint32_t next_end = line_end(text, next < len ? next : len, len);
    trim(text, &next, &next_end);
    if (next >= next_end || next >= len || width == 0) {
      continue;
    }
    n_followed++;
    sum += width;
    n_full += width * 10 >= WRAPPED_WIDTH * 4 && strchr(".!?:", text[stop - 1]) == NULL;
  }
  return n_followed >= 4 && n_full * 10 >= n_followed * 7 && sum * 10 >= widest * n_followed * 7;
}

/* Where the paragraph that begins at `at` ends in wrapped text: before the next empty line. */
static uint32_t paragraph_end(const uint8_t *text, uint32_t at, uint32_t len) {
  uint32_t end = line_end(text, at, len);
  while (end < len) {
    uint32_t next = end + 1, next_end = line_end(text, end + 1 < len ? end + 1 : len, len), stop = next_end;
    trim(text, &next, &stop);
    if (next >= stop) {
      break;
    }
    end = next_end;
  }
  return end;
}

int lines_read(page_lines *page, const uint8_t *text, uint32_t len, const phrase_table *phrases) {
  bool wrapped = is_wrapped(text, len);
  page->n_lines = 0;
  page->n_words = 0;
  int rc = grow_words(page); /* so that there is an array to point into, even without words */
  for (uint32_t at = 0; rc == 0 && at < len;) {
    uint32_t end = wrapped ? paragraph_end(text, at, len) : line_end(text, at, len);
    rc = add_line(page, text, at, end, phrases);
    at = end + 1;
  }
  return rc;
}
