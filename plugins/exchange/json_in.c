/* SPDX-License-Identifier: Apache-2.0 */

/* The pull reader. Strict: what RFC 8259 does not allow is refused, and so are NUL and halves of surrogate pairs, which no
 * text of a document may hold. */
#include "exchange/json_in.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

enum { DEPTH_MAX = 64, NUMBER_MAX = 64 };

bool json_in_fail(json_in *in, const char *fault) {
  in->fault = in->fault == NULL ? fault : in->fault;
  return false;
}

bool json_in_open(json_in *in, char *bytes, size_t len) {
  *in = (json_in){ .at = bytes, .end = bytes + len };
  if (utf8_valid_prefix((const uint8_t *)bytes, len) != len) {
    return json_in_fail(in, "it is not UTF-8");
  }
  return true;
}

static void skip_space(json_in *in) {
  while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r')) {
    in->at++;
  }
}

bool json_in_at_end(json_in *in) {
  skip_space(in);
  return in->fault == NULL && in->at == in->end;
}

json_in_kind json_in_peek(json_in *in) {
  skip_space(in);
  if (in->fault != NULL || in->at == in->end) {
    return JSON_IN_NOTHING;
  }
  switch (*in->at) {
  case 'n':
    return JSON_IN_NULL;
  case 't':
  case 'f':
    return JSON_IN_BOOL;
  case '"':
    return JSON_IN_STRING;
  case '[':
    return JSON_IN_ARRAY;
  case '{':
    return JSON_IN_OBJECT;
  default:
    return *in->at == '-' || (*in->at >= '0' && *in->at <= '9') ? JSON_IN_NUMBER : JSON_IN_NOTHING;
  }
}

bool json_in_enter(json_in *in, char open) {
  skip_space(in);
  if (in->fault != NULL) {
    return false;
  }
  if (in->at == in->end || *in->at != open) {
    return json_in_fail(in, open == '{' ? "an object is expected" : "an array is expected");
  }
  in->at++;
  return true;
}

bool json_in_more(json_in *in, char close, uint32_t n_before) {
  skip_space(in);
  if (in->fault != NULL) {
    return false;
  }
  if (in->at == in->end) {
    return json_in_fail(in, "it ends too soon");
  }
  if (*in->at == close) {
    in->at++;
    return false;
  }
  if (n_before == 0) {
    return true;
  }
  if (*in->at != ',') {
    return json_in_fail(in, "a comma or a closing bracket is missing");
  }
  in->at++;
  return true;
}

/* --- strings --- */

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  digit |= 0x20;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The four digits of \uXXXX, or -1. */
static int32_t hex4(const char *at, const char *end) {
  int32_t code = 0;
  if (end - at < 4) {
    return -1;
  }
  for (int i = 0; i < 4; i++) {
    int digit = hex_value(at[i]);
    if (digit < 0) {
      return -1;
    }
    code = code << 4 | digit;
  }
  return code;
}

/* One \u escape, or two that make a pair; at stands behind the u. The code point, or -1 with a fault. */
static int32_t scan_code(json_in *in) {
  int32_t code = hex4(in->at, in->end);
  if (code < 0) {
    json_in_fail(in, "\\u needs four hexadecimal digits");
    return -1;
  }
  in->at += 4;
  if (code == 0) {
    json_in_fail(in, "a string holds NUL");
    return -1;
  }
  if (code < 0xD800 || code > 0xDFFF) {
    return code;
  }
  int32_t low = -1;
  if (code < 0xDC00 && in->end - in->at >= 6 && in->at[0] == '\\' && in->at[1] == 'u') {
    low = hex4(in->at + 2, in->end);
  }
  if (low < 0xDC00 || low > 0xDFFF) {
    json_in_fail(in, "a string holds half of a surrogate pair");
    return -1;
  }
  in->at += 6;
  return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

/* One escape; at stands on the backslash. Its code point, or -1 with a fault. */
static int32_t scan_escape(json_in *in) {
  static const char names[] = "\"\\/bfnrt";
  static const char codes[] = "\"\\/\b\f\n\r\t";
  if (in->end - in->at < 2) {
    json_in_fail(in, "a string has no end");
    return -1;
  }
  char name = in->at[1];
  in->at += 2;
  if (name == 'u') {
    return scan_code(in);
  }
  const char *found = name == '\0' ? NULL : strchr(names, name);
  if (found == NULL) {
    json_in_fail(in, "a string has an unknown escape");
    return -1;
  }
  return codes[found - names];
}

/* A string; with write, its text is put where it began (it never grows). */
static bool scan_string(json_in *in, bool write, qn_str *ret_text) {
  skip_space(in);
  if (in->fault != NULL) {
    return false;
  }
  if (in->at == in->end || *in->at != '"') {
    return json_in_fail(in, "a string is expected");
  }
  char *begin = ++in->at;
  char *out = begin;
  while (in->at < in->end && *in->at != '"') {
    if (*in->at != '\\') {
      if ((unsigned char)*in->at < 0x20) {
        return json_in_fail(in, "a string holds a control character");
      }
      if (write) {
        *out = *in->at;
      }
      out++;
      in->at++;
      continue;
    }
    int32_t code = scan_escape(in);
    uint8_t bytes[UTF8_MAX];
    if (code < 0) {
      return false;
    }
    uint32_t len = utf8_encode((uint32_t)code, bytes);
    if (write) {
      memcpy(out, bytes, len);
    }
    out += len;
  }
  if (in->at == in->end) {
    return json_in_fail(in, "a string has no end");
  }
  in->at++;
  *ret_text = (qn_str){ begin, (size_t)(out - begin) };
  return true;
}

bool json_in_string(json_in *in, qn_str *ret_text) {
  return scan_string(in, true, ret_text);
}

static bool colon(json_in *in) {
  skip_space(in);
  if (in->fault != NULL || in->at == in->end || *in->at != ':') {
    return json_in_fail(in, "a colon is missing");
  }
  in->at++;
  return true;
}

bool json_in_key(json_in *in, qn_str *ret_key) {
  return scan_string(in, true, ret_key) && colon(in);
}

/* --- numbers and words --- */

static size_t skip_digits(json_in *in) {
  const char *begin = in->at;
  while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
    in->at++;
  }
  return (size_t)(in->at - begin);
}

static bool at_char(const json_in *in, char c) {
  return in->at < in->end && *in->at == c;
}

static bool scan_number(json_in *in, bool *ret_whole) {
  if (json_in_peek(in) != JSON_IN_NUMBER) {
    return json_in_fail(in, "a number is expected");
  }
  in->at += *in->at == '-';
  bool zero = at_char(in, '0');
  size_t n_digits = skip_digits(in);
  bool good = n_digits > 0 && (!zero || n_digits == 1);
  bool whole = true;
  if (good && at_char(in, '.')) {
    whole = false;
    in->at++;
    good = skip_digits(in) > 0;
  }
  if (good && (at_char(in, 'e') || at_char(in, 'E'))) {
    whole = false;
    in->at++;
    in->at += at_char(in, '+') || at_char(in, '-');
    good = skip_digits(in) > 0;
  }
  *ret_whole = whole;
  return good || json_in_fail(in, "a number is malformed");
}

/* No locale may change what a point is. */
static double number_of(const char *text) {
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  double value = plain == (locale_t)0 ? strtod(text, NULL) : strtod_l(text, NULL, plain);
  if (plain != (locale_t)0) {
    freelocale(plain);
  }
  return value;
}

/* True if the digits are a whole number that i64 holds. */
static bool whole_of(const char *text, size_t len, int64_t *ret_value) {
  bool negative = text[0] == '-';
  uint64_t value = 0;
  if (len - negative > 18) {
    return false;
  }
  for (size_t i = negative; i < len; i++) {
    value = value * 10 + (uint64_t)(text[i] - '0');
  }
  *ret_value = negative ? -(int64_t)value : (int64_t)value;
  return true;
}

bool json_in_number(json_in *in, json_number *ret_number) {
  char text[NUMBER_MAX + 1];
  bool whole = false;
  skip_space(in);
  const char *begin = in->at;
  if (!scan_number(in, &whole)) {
    return false;
  }
  size_t len = (size_t)(in->at - begin);
  json_number number = { 0 };
  number.whole = whole && whole_of(begin, len, &number.i64);
  if (number.whole) {
    number.f64 = (double)number.i64;
  } else if (len > NUMBER_MAX) {
    return json_in_fail(in, "a number is too long");
  } else {
    memcpy(text, begin, len);
    text[len] = '\0';
    number.f64 = number_of(text);
    if (!isfinite(number.f64)) {
      return json_in_fail(in, "a number is too large");
    }
  }
  *ret_number = number;
  return true;
}

static bool scan_word(json_in *in, const char *word) {
  size_t len = strlen(word);
  if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0) {
    return json_in_fail(in, "no JSON value begins here");
  }
  in->at += len;
  return true;
}

bool json_in_bool(json_in *in, bool *ret_value) {
  if (json_in_peek(in) != JSON_IN_BOOL) {
    return json_in_fail(in, "true or false is expected");
  }
  bool value = *in->at == 't';
  if (!scan_word(in, value ? "true" : "false")) {
    return false;
  }
  *ret_value = value;
  return true;
}

bool json_in_null(json_in *in) {
  return json_in_peek(in) == JSON_IN_NULL ? scan_word(in, "null") : json_in_fail(in, "null is expected");
}

/* --- skipping --- */

static bool skip_leaf(json_in *in, json_in_kind kind) {
  qn_str text;
  bool flag = false;
  switch (kind) {
  case JSON_IN_STRING:
    return scan_string(in, false, &text);
  case JSON_IN_NUMBER:
    return scan_number(in, &flag);
  case JSON_IN_BOOL:
    return json_in_bool(in, &flag);
  case JSON_IN_NULL:
    return json_in_null(in);
  default:
    return json_in_fail(in, in->at == in->end ? "it ends too soon" : "no JSON value begins here");
  }
}

/* Without recursion: closers is the stack of brackets that are open. */
static bool skip_value(json_in *in) {
  char closers[DEPTH_MAX];
  uint32_t counts[DEPTH_MAX];
  uint32_t depth = 0;
  qn_str key;
  do {
    json_in_kind kind = json_in_peek(in);
    if (kind == JSON_IN_ARRAY || kind == JSON_IN_OBJECT) {
      if (depth == DEPTH_MAX) {
        return json_in_fail(in, "it is nested too deep");
      }
      in->at++;
      closers[depth] = kind == JSON_IN_ARRAY ? ']' : '}';
      counts[depth++] = 0;
    } else if (!skip_leaf(in, kind)) {
      return false;
    }
    while (depth > 0 && !json_in_more(in, closers[depth - 1], counts[depth - 1])) {
      if (in->fault != NULL) {
        return false;
      }
      depth--;
    }
    if (depth > 0) {
      counts[depth - 1] = 1;
      if (closers[depth - 1] == '}' && !(scan_string(in, false, &key) && colon(in))) {
        return false;
      }
    }
  } while (depth > 0);
  return true;
}

bool json_in_skip(json_in *in, qn_str *ret_value) {
  skip_space(in);
  char *begin = in->at;
  if (in->fault != NULL || !skip_value(in)) {
    return false;
  }
  if (ret_value != NULL) {
    *ret_value = (qn_str){ begin, (size_t)(in->at - begin) };
  }
  return true;
}
