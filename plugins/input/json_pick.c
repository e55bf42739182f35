/* SPDX-License-Identifier: Apache-2.0 */

/* A JSON scanner that remembers only what was asked for. */
#include "input/json_pick.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "text/utf8.h"

enum { PATH_BYTES = 512 };

typedef struct scanner {
  const char *text, *at, *end;
  const char *const *names;
  json_value *values;
  uint32_t n_names;
  uint32_t depth, depth_max;
  json_fault *fault;
  size_t path_len;       /* of the object being read, dots between names; over PATH_BYTES: nothing below is picked */
  char path[PATH_BYTES]; /* not NUL-terminated */
} scanner;

static int scan_value(scanner *scan, json_value *ret_value);

static int fail_at(scanner *scan, const char *at, const char *text) {
  scan->fault->offset = (size_t)(at - scan->text);
  scan->fault->text = text;
  return -EINVAL;
}

static void skip_space(scanner *scan) {
  while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r')) {
    scan->at++;
  }
}

static char peek(const scanner *scan) {
  return scan->at < scan->end ? *scan->at : '\0';
}

/* --- leaves --- */

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  digit |= 0x20;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int scan_escape(scanner *scan) {
  const char *at = scan->at + 1;
  if (at == scan->end || strchr("\"\\/bfnrtu", *at) == NULL || *at == '\0') {
    return fail_at(scan, scan->at, "unknown escape in a string");
  }
  scan->at += 2;
  if (*at != 'u') {
    return 0;
  }
  for (int i = 0; i < 4; i++, scan->at++) {
    if (scan->at == scan->end || hex_value(*scan->at) < 0) {
      return fail_at(scan, at - 1, "\\u needs four hexadecimal digits");
    }
  }
  return 0;
}

static int scan_string(scanner *scan, json_value *ret_value) {
  const char *begin = ++scan->at;
  while (scan->at < scan->end && *scan->at != '"') {
    if (*scan->at != '\\') {
      scan->at++;
      continue;
    }
    int rc = scan_escape(scan);
    if (rc != 0) {
      return rc;
    }
  }
  if (scan->at == scan->end) {
    return fail_at(scan, begin - 1, "string without an end");
  }
  *ret_value = (json_value){ JSON_STRING, begin, (size_t)(scan->at - begin) };
  scan->at++;
  return 0;
}

static size_t skip_digits(scanner *scan) {
  const char *begin = scan->at;
  while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
    scan->at++;
  }
  return (size_t)(scan->at - begin);
}

static int scan_number(scanner *scan, json_value *ret_value) {
  const char *begin = scan->at;
  scan->at += peek(scan) == '-';
  bool zero = peek(scan) == '0';
  size_t n_digits = skip_digits(scan);
  bool good = n_digits > 0 && (!zero || n_digits == 1);
  if (good && peek(scan) == '.') {
    scan->at++;
    good = skip_digits(scan) > 0;
  }
  if (good && (peek(scan) == 'e' || peek(scan) == 'E')) {
    scan->at++;
    scan->at += peek(scan) == '+' || peek(scan) == '-';
    good = skip_digits(scan) > 0;
  }
  if (!good) {
    return fail_at(scan, begin, "malformed number");
  }
  *ret_value = (json_value){ JSON_NUMBER, begin, (size_t)(scan->at - begin) };
  return 0;
}

static int scan_word(scanner *scan, json_value *ret_value) {
  static const struct {
    const char *word;
    size_t len;
    json_kind kind;
  } words[] = { { "null", 4, JSON_NULL }, { "true", 4, JSON_TRUE }, { "false", 5, JSON_FALSE } };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if ((size_t)(scan->end - scan->at) >= words[i].len && memcmp(scan->at, words[i].word, words[i].len) == 0) {
      *ret_value = (json_value){ words[i].kind, scan->at, words[i].len };
      scan->at += words[i].len;
      return 0;
    }
  }
  return fail_at(scan, scan->at, scan->at == scan->end ? "the value is missing" : "no JSON value begins here");
}

/* --- objects and arrays --- */

/* Appends a member's name to the path. Returns the length before, to be put back. */
static size_t enter_member(scanner *scan, const json_value *key) {
  size_t before = scan->path_len, dot = before > 0;
  if (before + dot + key->len > PATH_BYTES) {
    scan->path_len = PATH_BYTES + 1;
    return before;
  }
  if (dot) {
    scan->path[before] = '.';
  }
  scan->path_len = before + dot + json_string_decode(key, scan->path + before + dot);
  return before;
}

static int pick(scanner *scan, const json_value *value, const char *at) {
  for (uint32_t i = 0; i < scan->n_names && scan->path_len <= PATH_BYTES; i++) {
    if (strlen(scan->names[i]) != scan->path_len || memcmp(scan->names[i], scan->path, scan->path_len) != 0) {
      continue;
    }
    if (scan->values[i].kind != JSON_NONE) {
      return fail_at(scan, at, "a member that is to be read occurs twice");
    }
    scan->values[i] = *value;
  }
  return 0;
}

static int scan_member(scanner *scan) {
  json_value key, value;
  skip_space(scan);
  const char *at = scan->at;
  if (peek(scan) != '"') {
    return fail_at(scan, at, "a member's name in quotes is missing");
  }
  int rc = scan_string(scan, &key);
  if (rc != 0) {
    return rc;
  }
  skip_space(scan);
  if (peek(scan) != ':') {
    return fail_at(scan, scan->at, "':' is missing after a member's name");
  }
  scan->at++;
  size_t before = enter_member(scan, &key);
  rc = scan_value(scan, &value);
  if (rc == 0) {
    rc = pick(scan, &value, at);
  }
  scan->path_len = before;
  return rc;
}

/* What stands between the brackets of an object or an array; at is past the opening one. */
static int scan_items(scanner *scan, bool object) {
  char close = object ? '}' : ']';
  json_value item;
  skip_space(scan);
  if (peek(scan) == close) {
    scan->at++;
    return 0;
  }
  for (;;) {
    int rc = object ? scan_member(scan) : scan_value(scan, &item);
    if (rc != 0) {
      return rc;
    }
    skip_space(scan);
    char next = peek(scan);
    if (next != close && next != ',') {
      return fail_at(scan, scan->at, object ? "',' or '}' is missing" : "',' or ']' is missing");
    }
    scan->at++;
    if (next == close) {
      return 0;
    }
  }
}

static int scan_container(scanner *scan, json_value *ret_value) {
  const char *begin = scan->at++;
  bool object = *begin == '{';
  size_t path_len = scan->path_len;
  if (scan->depth == scan->depth_max) {
    return fail_at(scan, begin,
                   scan->depth_max == JSON_DEPTH_MAX ? "nested more than 128 deep" : "nested deeper than allowed");
  }
  scan->depth++;
  if (!object) {
    scan->path_len = PATH_BYTES + 1; /* members of objects in an array have no name of their own */
  }
  int rc = scan_items(scan, object);
  scan->path_len = path_len;
  scan->depth--;
  if (rc == 0) {
    *ret_value = (json_value){ object ? JSON_OBJECT : JSON_ARRAY, begin, (size_t)(scan->at - begin) };
  }
  return rc;
}

static int scan_value(scanner *scan, json_value *ret_value) {
  skip_space(scan);
  char first = peek(scan);
  if (first == '{' || first == '[') {
    return scan_container(scan, ret_value);
  }
  if (first == '"') {
    return scan_string(scan, ret_value);
  }
  return first == '-' || (first >= '0' && first <= '9') ? scan_number(scan, ret_value) : scan_word(scan, ret_value);
}

int json_pick_within(const char *text, size_t len, uint32_t depth_max, const char *const *names, json_value *ret_values,
                     uint32_t n_names, json_fault *fault) {
  scanner scan = { .text = text, .at = text, .end = text + len, .names = names, .values = ret_values };
  json_value whole;
  scan.n_names = n_names;
  scan.depth_max = depth_max < JSON_DEPTH_MAX ? depth_max : JSON_DEPTH_MAX;
  scan.fault = fault;
  for (uint32_t i = 0; i < n_names; i++) {
    ret_values[i] = (json_value){ JSON_NONE, NULL, 0 };
  }
  int rc = scan_value(&scan, &whole);
  if (rc != 0) {
    return rc;
  }
  skip_space(&scan);
  if (scan.at != scan.end) {
    return fail_at(&scan, scan.at, "something follows the value");
  }
  return whole.kind == JSON_OBJECT ? 0 : fail_at(&scan, text, "the value is no object");
}

int json_pick(const char *text, size_t len, const char *const *names, json_value *ret_values, uint32_t n_names,
              json_fault *fault) {
  return json_pick_within(text, len, JSON_DEPTH_MAX, names, ret_values, n_names, fault);
}

/* --- strings --- */

static uint32_t read_hex4(const char *at) {
  uint32_t unit = 0;
  for (int i = 0; i < 4; i++) {
    unit = unit << 4 | (uint32_t)hex_value(at[i]);
  }
  return unit;
}

/* Decodes the \u escape at `at` (past the u), with the other half of its pair. Returns how far it reaches. */
static const char *decode_unicode(const char *at, const char *end, uint32_t *ret_code) {
  uint32_t unit = read_hex4(at);
  at += 4;
  *ret_code = unit;
  if (unit >= 0xD800 && unit < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    uint32_t low = read_hex4(at + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      *ret_code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      return at + 6;
    }
  }
  return at;
}

static char unescape(char letter) {
  switch (letter) {
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  default:
    return letter;
  }
}

size_t json_string_decode(const json_value *value, char *out) {
  const char *at = value->data, *end = value->data + value->len;
  char *to = out;
  while (at < end) {
    const char *escape = memchr(at, '\\', (size_t)(end - at));
    size_t plain = (size_t)((escape == NULL ? end : escape) - at);
    memmove(to, at, plain);
    to += plain;
    at += plain;
    if (escape == NULL) {
      break;
    }
    if (at[1] == 'u') {
      uint32_t code;
      at = decode_unicode(at + 2, end, &code);
      to += utf8_encode(code, (uint8_t *)to);
    } else {
      *to++ = unescape(at[1]);
      at += 2;
    }
  }
  return (size_t)(to - out);
}
