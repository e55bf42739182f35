/* SPDX-License-Identifier: Apache-2.0 */

/* Looks character references up. */
#include "decode/html_entity.h"

#include <string.h>

#include "decode/html_scan.h"
#include "text/utf8.h"

enum { NAME_MAX_BYTES = 33 }; /* CounterClockwiseContourIntegral; */

static bool is_alnum(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* --- numbers --- */

static int digit_value(uint8_t byte, uint32_t base) {
  int value = byte >= '0' && byte <= '9' ? byte - '0' : base == 16 && is_alnum(byte) ? (byte | 0x20) - 'a' + 10 : -1;
  return value < (int)base ? value : -1;
}

/* What a number stands for: the C1 range means windows-1252, and what is no character U+FFFD. */
static uint32_t meant_by(uint32_t code) {
  static const uint16_t windows[32] = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
  };
  if (code >= 0x80 && code < 0xA0) {
    return windows[code - 0x80];
  }
  return code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0xFFFD : code;
}

static uint32_t number(const uint8_t *text, uint32_t len, uint8_t *out, uint32_t *ret_len) {
  uint32_t base = len > 2 && (text[2] | 0x20) == 'x' ? 16 : 10;
  uint32_t at = base == 16 ? 3 : 2, first = at, code = 0;
  for (int value; at < len && (value = digit_value(text[at], base)) >= 0; at++) {
    code = code > 0x10FFFF ? code : code * base + (uint32_t)value;
  }
  if (at == first) {
    return 0;
  }
  *ret_len = utf8_encode(meant_by(code), out);
  return at + (at < len && text[at] == ';');
}

/* --- names --- */

/* The name that is exactly text[0..len), or NULL. */
static const html_entity_name *find_name(const uint8_t *text, uint32_t len) {
  uint32_t low = 0, high = html_entity_n_names;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const char *name = html_entity_names[middle].name;
    int order = strncmp(name, (const char *)text, len);
    if (order == 0 && name[len] == '\0') {
      return &html_entity_names[middle];
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return NULL;
}

/* The longest name wins: &notin; is one, &notit; is &not and "it;". */
static uint32_t named(const uint8_t *text, uint32_t len, bool in_attribute, uint8_t *out, uint32_t *ret_len) {
  uint32_t n = 0;
  while (n < NAME_MAX_BYTES && 1 + n < len && is_alnum(text[1 + n])) {
    n++;
  }
  n += 1 + n < len && text[1 + n] == ';';
  for (; n >= 2; n--) {
    const html_entity_name *found = find_name(text + 1, n);
    if (found == NULL) {
      continue;
    }
    uint8_t after = 1 + n < len ? text[1 + n] : 0;
    if (in_attribute && text[n] != ';' && (after == '=' || is_alnum(after))) {
      return 0;
    }
    *ret_len = (uint32_t)strlen(found->utf8);
    memcpy(out, found->utf8, *ret_len);
    return 1 + n;
  }
  return 0;
}

uint32_t html_entity(const uint8_t *text, uint32_t len, bool in_attribute, uint8_t out[HTML_ENTITY_BYTES],
                     uint32_t *ret_len) {
  if (len < 2 || text[0] != '&') {
    return 0;
  }
  return text[1] == '#' ? number(text, len, out, ret_len) : named(text, len, in_attribute, out, ret_len);
}

size_t html_entity_decode(const char *text, size_t len, bool in_attribute, char *out, size_t capacity) {
  const uint8_t *from = (const uint8_t *)text;
  size_t n = 0;
  bool space = false;
  for (size_t at = 0; at < len;) {
    uint8_t piece[HTML_ENTITY_BYTES];
    uint32_t piece_len = 0;
    uint32_t taken = html_entity(from + at, (uint32_t)(len - at), in_attribute, piece, &piece_len);
    if (taken == 0) {
      utf8_decode(from + at, len - at, &taken);
      memcpy(piece, from + at, taken);
      piece_len = taken;
    }
    at += taken;
    if (piece_len == 1 && (html_is_space(piece[0]) || piece[0] < 0x20)) {
      space = n > 0;
      continue;
    }
    if (n + space + piece_len > capacity) {
      break;
    }
    if (space) {
      out[n++] = ' ';
    }
    memcpy(out + n, piece, piece_len);
    n += piece_len;
    space = false;
  }
  return n;
}
