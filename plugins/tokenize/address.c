/* SPDX-License-Identifier: Apache-2.0 */

/* Recognises addresses by their shape; nothing is looked up. */
#include "address.h"

#include <string.h>

#include "text/letters.h"
#include "text/utf8.h"

static int is_alnum(uint8_t byte) {
  return (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10;
}

static int is_word_code(uint32_t code) {
  uint32_t kind = letters_kind(code);
  return kind == LETTERS_LETTER || kind == LETTERS_DIGIT || kind == LETTERS_MARK || kind == LETTERS_TATWEEL;
}

/* True for what ends a URL wherever it stands. */
static int ends_url(uint32_t code) {
  uint32_t kind = letters_kind(code);
  if (code < 0x80) {
    return code <= ' ' || code == 0x7F || strchr("\"<>\\^`{|}", (int)code) != NULL;
  }
  return kind != LETTERS_LETTER && kind != LETTERS_MARK && kind != LETTERS_DIGIT && kind != LETTERS_TATWEEL &&
         code != 0x2013;
}

/* The end of a URL that is under way at pos: marks at its end belong to the sentence. */
static uint32_t url_end(const uint8_t *text, uint32_t begin, uint32_t pos, uint32_t end) {
  int open = 0;
  while (pos < end) {
    uint32_t after = pos;
    uint32_t code = utf8_next(text, &after);
    if (ends_url(code)) {
      break;
    }
    open |= code == '(';
    pos = after;
  }
  while (pos > begin) {
    uint8_t last = text[pos - 1];
    if (strchr(".,;:!?'*]", last) == NULL && (last != ')' || open)) {
      break;
    }
    pos--;
  }
  return pos;
}

/* The end of the host at pos if it is letters, digits, points and hyphens with a point and a letter at its end. */
static uint32_t host_end(const uint8_t *text, uint32_t pos, uint32_t end) {
  uint32_t begin = pos;
  uint32_t point = 0;
  while (pos < end && (is_alnum(text[pos]) || text[pos] == '-' || text[pos] == '.')) {
    point = text[pos] == '.' && pos > begin ? pos : point;
    pos++;
  }
  while (pos > begin && !is_alnum(text[pos - 1])) {
    pos--;
  }
  return point > begin && point + 2 < pos + 1 ? pos : begin;
}

uint32_t address_end(const uint8_t *text, uint32_t begin, uint32_t word_end, uint32_t end) {
  uint32_t len = word_end - begin;
  if (word_end < end) {
    uint8_t next = text[word_end];
    if (next == ':' && len >= 3 && len <= 8 && end - word_end > 3 && memcmp(text + word_end, "://", 3) == 0 &&
        is_word_code(utf8_peek(text, word_end + 3))) {
      return url_end(text, begin, word_end + 3, end);
    }
    if (next == '@') {
      uint32_t host = host_end(text, word_end + 1, end);
      return host > word_end + 1 ? host : begin;
    }
    if (next == '/' && memchr(text + begin, '.', len) != NULL && end - word_end > 1 && is_alnum(text[word_end + 1]) &&
        host_end(text, begin, word_end) == word_end && (uint8_t)((text[word_end - 1] | 0x20) - 'a') < 26) {
      return url_end(text, begin, word_end, end);
    }
  }
  if (len > 4 && (memcmp(text + begin, "www.", 4) == 0 || memcmp(text + begin, "WWW.", 4) == 0)) {
    return url_end(text, begin, word_end, end);
  }
  return begin;
}

uint32_t address_tag_end(const uint8_t *text, uint32_t pos, uint32_t end) {
  uint32_t at = pos + 1;
  while (at < end) {
    uint32_t after = at;
    uint32_t code = utf8_next(text, &after);
    if (!is_word_code(code) && code != '_') {
      break;
    }
    at = after;
  }
  return at > pos + 1 ? at : pos;
}
