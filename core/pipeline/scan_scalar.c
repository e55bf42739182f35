/* SPDX-License-Identifier: Apache-2.0 */

/* Scans strings, numbers and words.
 *
 * Its messages are the first thing a composer meets, so the usual slips (single quotes, comments, True, a typographic
 * quotation mark) each get a sentence of their own. */
#include "pipeline/scan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool scan_ahead(const scanner *s, const char *word) {
  size_t len = strlen(word);
  return s->len - s->at >= len && memcmp(s->text + s->at, word, len) == 0;
}

text_range scan_range(const scanner *s, size_t len) {
  size_t end = s->at + len;
  return (text_range){ s->at, end < s->len ? end : s->len };
}

text_range scan_word_range(const scanner *s) {
  size_t len = 0;
  while (s->at + len < s->len && scan_is_name(s->text[s->at + len])) {
    len++;
  }
  return scan_range(s, len > 0 ? len : 1);
}

/* --- strings --- */

static int hex4(const scanner *s, size_t at, uint32_t *ret_value) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; i++) {
    char c = i < s->len ? s->text[i] : '\0';
    uint32_t digit = 0;
    if (scan_is_digit(c)) {
      digit = (uint32_t)(c - '0');
    } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
      digit = (uint32_t)((c | 32) - 'a') + 10;
    } else {
      return -EINVAL;
    }
    value = value * 16 + digit;
  }
  *ret_value = value;
  return 0;
}

/* At the u of \u; leaves at behind the escape (both halves of a surrogate pair). */
static int scan_unicode(scanner *s, uint32_t self, uint32_t *ret_code) {
  uint32_t code = 0;
  uint32_t low = 0;
  text_range range = { s->at - 1, s->at + 5 < s->len ? s->at + 5 : s->len };
  if (hex4(s, s->at + 1, &code) != 0) {
    return scan_fail(s, self, range, "\\u takes four hexadecimal digits, e.g. \\u0627");
  }
  if (code == 0) {
    return scan_fail(s, self, range, "\\u0000 is not allowed: no string of a pipeline holds a NUL");
  }
  s->at += 5;
  if (code < 0xD800 || code > 0xDFFF) {
    *ret_code = code;
    return 0;
  }
  if (code > 0xDBFF || !scan_ahead(s, "\\u") || hex4(s, s->at + 2, &low) != 0 || low < 0xDC00 || low > 0xDFFF) {
    return scan_fail(s, self, range, "half of a surrogate pair: write the character itself, or both halves");
  }
  s->at += 6;
  *ret_code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  return 0;
}

static size_t utf8_encode(uint32_t code, char *bytes) {
  if (code < 0x80) {
    bytes[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    bytes[0] = (char)(0xC0 | code >> 6);
    bytes[1] = (char)(0x80 | (code & 63));
    return 2;
  }
  if (code < 0x10000) {
    bytes[0] = (char)(0xE0 | code >> 12);
    bytes[1] = (char)(0x80 | (code >> 6 & 63));
    bytes[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  bytes[0] = (char)(0xF0 | code >> 18);
  bytes[1] = (char)(0x80 | (code >> 12 & 63));
  bytes[2] = (char)(0x80 | (code >> 6 & 63));
  bytes[3] = (char)(0x80 | (code & 63));
  return 4;
}

/* At a backslash; decodes into bytes (room for 4) and leaves at behind the escape. */
static int scan_escape(scanner *s, uint32_t self, char *bytes, size_t *ret_len) {
  static const char names[] = "\"\\/bfnrt";
  static const char values[] = "\"\\/\b\f\n\r\t";
  s->at++;
  char c = s->at < s->len ? s->text[s->at] : '\0';
  const char *found = c == '\0' ? NULL : strchr(names, c);
  if (found != NULL) {
    bytes[0] = values[found - names];
    *ret_len = 1;
    s->at++;
    return 0;
  }
  if (c == 'u') {
    uint32_t code = 0;
    int result = scan_unicode(s, self, &code);
    if (result == 0) {
      *ret_len = utf8_encode(code, bytes);
    }
    return result;
  }
  text_range range = { s->at - 1, s->at + 1 < s->len ? s->at + 1 : s->len };
  return scan_fail(s, self, range, "not an escape of JSON; a backslash itself is written \\\\");
}

/* At the opening quotation mark. into: where the decoded bytes go (room for as many as the text has), or NULL. */
int scan_string(scanner *s, uint32_t self, char *into, size_t *ret_len) {
  size_t begin = s->at++;
  size_t len = 0;
  while (s->at < s->len && s->text[s->at] != '"') {
    unsigned char c = (unsigned char)s->text[s->at];
    char bytes[4] = { (char)c };
    size_t n_bytes = 1;
    if (c == '\n' || c == '\r') {
      break;
    }
    if (c < 0x20) {
      return scan_fail(s, self, scan_range(s, 1), "a control character in a string: write %s",
                       c == '\t' ? "\\t" : "it as \\u00XX");
    }
    if (c == '\\') {
      int result = scan_escape(s, self, bytes, &n_bytes);
      if (result != 0) {
        return result;
      }
    } else {
      s->at++;
    }
    if (into != NULL) {
      memcpy(into + len, bytes, n_bytes);
    }
    len += n_bytes;
  }
  if (s->at == s->len || s->text[s->at] != '"') {
    return scan_fail(s, self, (text_range){ begin, s->at },
                     "this string has no closing \" on its line; a line break in a string is written \\n");
  }
  s->at++;
  *ret_len = len;
  return 0;
}

/* --- scalars --- */

static void skip_digits(scanner *s) {
  while (s->at < s->len && scan_is_digit(s->text[s->at])) {
    s->at++;
  }
}

int scan_number(scanner *s, uint32_t self) {
  size_t begin = s->at;
  text_range word = scan_word_range(s);
  s->at += s->text[s->at] == '-';
  size_t digits = s->at;
  skip_digits(s);
  if (s->at == digits || (s->text[digits] == '0' && s->at - digits > 1)) {
    return scan_fail(s, self, word, "a number has digits before its point and no leading zero: 0.5, 7, -3");
  }
  if (scan_ahead(s, ".")) {
    digits = ++s->at;
    skip_digits(s);
    if (s->at == digits) {
      return scan_fail(s, self, (text_range){ begin, s->at }, "digits are missing after the point");
    }
  }
  if (scan_ahead(s, "e") || scan_ahead(s, "E")) {
    s->at++;
    s->at += scan_ahead(s, "+") || scan_ahead(s, "-");
    digits = s->at;
    skip_digits(s);
    if (s->at == digits) {
      return scan_fail(s, self, (text_range){ begin, s->at }, "digits are missing in the exponent");
    }
  }
  if (s->at < s->len && (scan_is_name(s->text[s->at]) || s->text[s->at] == '.')) {
    return scan_fail(s, self, (text_range){ begin, s->at + 1 },
                     "not a number; text and sizes like \"64MiB\" stand in double quotes");
  }
  if (s->at - begin > 63 || !isfinite(strtod(s->text + begin, NULL))) {
    return scan_fail(s, self, (text_range){ begin, s->at }, "a number too long or too large");
  }
  return 0;
}

int scan_word(scanner *s, uint32_t self) {
  static const struct {
    const char *wrong, *right;
  } slips[] = { { "True", "true" },   { "False", "false" }, { "None", "null" },     { "TRUE", "true" },
                { "FALSE", "false" }, { "NULL", "null" },   { "Null", "null" },     { "nil", "null" },
                { "yes", "true" },    { "no", "false" },    { "undefined", "null" } };
  text_range word = scan_word_range(s);
  size_t len = word.end - word.begin;
  static const char *const words[] = { "true", "false", "null" };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (len == strlen(words[i]) && scan_ahead(s, words[i])) {
      s->at += len;
      return 0;
    }
  }
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    if (len == strlen(slips[i].wrong) && scan_ahead(s, slips[i].wrong)) {
      return scan_fail(s, self, word, "JSON writes this as %s", slips[i].right);
    }
  }
  return scan_fail(s, self, word, "text stands in double quotes: \"%.*s\"", (int)(len < 40 ? len : 40),
                   s->text + word.begin);
}

const char *scan_slip(const scanner *s) {
  static const struct {
    const char *start, *message;
  } slips[] = { { "'", "strings stand in double quotes (\"), not in single ones" },
                { "//", "JSON has no comments: say it in a \"description\" instead" },
                { "/*", "JSON has no comments: say it in a \"description\" instead" },
                { "#", "JSON has no comments: say it in a \"description\" instead" },
                { "\xE2\x80\x9C", "a typographic quotation mark: JSON strings stand between plain ones (\")" },
                { "\xE2\x80\x9D", "a typographic quotation mark: JSON strings stand between plain ones (\")" },
                { "\xC2\xAB", "a typographic quotation mark: JSON strings stand between plain ones (\")" },
                { "\xD8\x8C", "an Arabic comma: JSON separates with a plain one (,)" },
                { "\xC2\xA0", "a no-break space: JSON knows only plain spaces, tabs and line breaks" },
                { "+", "a number has no plus sign in front" },
                { ".", "a number has a digit before its point: 0.5" } };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    if (scan_ahead(s, slips[i].start)) {
      return slips[i].message;
    }
  }
  return NULL;
}
