/* SPDX-License-Identifier: Apache-2.0 */

/* The tokenizer: a reading of section 13.2.5 of the HTML standard that only keeps where things are. */
#include "decode/html_scan.h"

#include <string.h>

static bool is_letter(uint8_t byte) {
  return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static uint8_t lower(uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/* Where byte occurs at or after `at`, or the end. */
static uint32_t find(const html_scan *scan, uint32_t at, uint8_t byte) {
  const uint8_t *found = at < scan->len ? memchr(scan->source + at, byte, scan->len - at) : NULL;
  return found == NULL ? scan->len : (uint32_t)(found - scan->source);
}

static bool starts_with(const html_scan *scan, uint32_t at, const char *text) {
  size_t len = strlen(text);
  return scan->len - at >= len && memcmp(scan->source + at, text, len) == 0;
}

/* --- tags --- */

/* One attribute; begin == end: there is none before the tag's end. */
typedef struct attribute {
  uint32_t name_begin, name_end;
  uint32_t value_begin, value_end;
} attribute;

static uint32_t skip_space(const html_scan *scan, uint32_t at) {
  while (at < scan->len && html_is_space(scan->source[at])) {
    at++;
  }
  return at;
}

/* Reads the value after '='. Returns where it ends, its closing quote included. */
static uint32_t read_value(const html_scan *scan, uint32_t at, attribute *found) {
  at = skip_space(scan, at);
  uint8_t quote = at < scan->len ? scan->source[at] : 0;
  if (quote == '"' || quote == '\'') {
    found->value_begin = at + 1;
    found->value_end = find(scan, at + 1, quote);
    return found->value_end < scan->len ? found->value_end + 1 : scan->len;
  }
  found->value_begin = at;
  while (at < scan->len && !html_is_space(scan->source[at]) && scan->source[at] != '>') {
    at++;
  }
  found->value_end = at;
  return at;
}

/* Reads the attribute at or after `at`. Returns where it ends; at the tag's '>' or at the end it is empty. */
static uint32_t read_attribute(const html_scan *scan, uint32_t at, attribute *found) {
  while (at < scan->len && (html_is_space(scan->source[at]) || scan->source[at] == '/')) {
    at++;
  }
  *found = (attribute){ at, at, at, at };
  if (at == scan->len || scan->source[at] == '>') {
    return at;
  }
  do { /* a name may begin with '=' */
    at++;
  } while (at < scan->len && !html_is_space(scan->source[at]) && strchr("/>=", scan->source[at]) == NULL);
  found->name_end = at;
  uint32_t after = skip_space(scan, at);
  if (after < scan->len && scan->source[after] == '=') {
    return read_value(scan, after + 1, found);
  }
  return at;
}

/* Reads a tag whose name begins at `at`. False if the input ends in it: then it is no tag at all. */
static bool read_tag(html_scan *scan, uint32_t at, html_token *token) {
  attribute each;
  size_t n = 0;
  while (at < scan->len && !html_is_space(scan->source[at]) && scan->source[at] != '/' && scan->source[at] != '>') {
    if (n < HTML_NAME_MAX - 1) {
      token->name[n++] = (char)lower(scan->source[at]);
    }
    at++;
  }
  token->name[n] = '\0';
  token->attributes_begin = at;
  do {
    at = read_attribute(scan, at, &each);
  } while (each.name_end > each.name_begin);
  token->attributes_end = at;
  if (at == scan->len) {
    return false;
  }
  token->end = at + 1;
  return true;
}

bool html_attribute(const html_scan *scan, const html_token *tag, const char *name, qn_str *ret_value) {
  attribute each;
  size_t name_len = strlen(name);
  for (uint32_t at = tag->attributes_begin; at < tag->attributes_end;) {
    at = read_attribute(scan, at, &each);
    bool same = each.name_end - each.name_begin == name_len && name_len > 0;
    for (size_t i = 0; same && i < name_len; i++) {
      same = lower(scan->source[each.name_begin + i]) == (uint8_t)name[i];
    }
    if (same) {
      *ret_value = (qn_str){ (const char *)scan->source + each.value_begin, each.value_end - each.value_begin };
      return true;
    }
    if (each.name_end == each.name_begin) {
      return false;
    }
  }
  return false;
}

/* --- what is no text --- */

/* Where the comment that begins at `at` ends: <!-- --> and its mistakes, or what is taken for one up to '>'. */
static uint32_t comment_end(const html_scan *scan, uint32_t at) {
  if (!starts_with(scan, at, "<!--")) {
    uint32_t end = find(scan, at, '>');
    return end < scan->len ? end + 1 : scan->len;
  }
  if (starts_with(scan, at, "<!-->")) {
    return at + 5;
  }
  if (starts_with(scan, at, "<!--->")) {
    return at + 6;
  }
  for (uint32_t dash = find(scan, at + 4, '-'); dash < scan->len; dash = find(scan, dash + 1, '-')) {
    if (starts_with(scan, dash, "-->")) {
      return dash + 3;
    }
    if (starts_with(scan, dash, "--!>")) {
      return dash + 4;
    }
  }
  return scan->len;
}

/* What the '<' at `at` begins. */
typedef enum markup { MARKUP_NONE, MARKUP_OPEN, MARKUP_CLOSE, MARKUP_COMMENT } markup;

static markup markup_at(const html_scan *scan, uint32_t at) {
  uint8_t next = at + 1 < scan->len ? scan->source[at + 1] : 0;
  if (is_letter(next)) {
    return MARKUP_OPEN;
  }
  if (next == '/') {
    uint8_t after = at + 2 < scan->len ? scan->source[at + 2] : 0;
    return is_letter(after) ? MARKUP_CLOSE : after == 0 ? MARKUP_NONE : MARKUP_COMMENT;
  }
  return next == '!' || next == '?' ? MARKUP_COMMENT : MARKUP_NONE;
}

/* Where the text that begins at `at` ends: before the first '<' that begins something. */
static uint32_t text_end(const html_scan *scan, uint32_t at) {
  do {
    at = find(scan, at, '<');
  } while (at < scan->len && markup_at(scan, at) == MARKUP_NONE && ++at);
  return at;
}

bool html_scan_next(html_scan *scan, html_token *ret_token) {
  html_token token = { .kind = HTML_TEXT };
  while (scan->at < scan->len) {
    markup what = scan->source[scan->at] == '<' ? markup_at(scan, scan->at) : MARKUP_NONE;
    token.begin = scan->at;
    if (what == MARKUP_NONE) {
      token.end = text_end(scan, scan->at);
      break;
    }
    if (what == MARKUP_COMMENT) {
      scan->at = comment_end(scan, scan->at);
      continue;
    }
    token.kind = what == MARKUP_OPEN ? HTML_OPEN : HTML_CLOSE;
    if (!read_tag(scan, scan->at + (what == MARKUP_OPEN ? 1 : 2), &token)) {
      scan->at = scan->len;
    }
    break;
  }
  if (scan->at >= scan->len) {
    return false;
  }
  scan->at = token.end;
  *ret_token = token;
  return true;
}

/* True if the '<' at `at` begins the end tag of name. */
static bool is_end_tag(const html_scan *scan, uint32_t at, const char *name) {
  size_t len = strlen(name);
  if (scan->len - at < len + 3 || scan->source[at + 1] != '/') {
    return false;
  }
  for (size_t i = 0; i < len; i++) {
    if (lower(scan->source[at + 2 + i]) != (uint8_t)name[i]) {
      return false;
    }
  }
  uint8_t after = scan->source[at + 2 + len];
  return html_is_space(after) || after == '/' || after == '>';
}

void html_scan_raw(html_scan *scan, const char *name, html_token *ret_text) {
  uint32_t end = find(scan, scan->at, '<');
  while (end < scan->len && !is_end_tag(scan, end, name)) {
    end = find(scan, end + 1, '<');
  }
  *ret_text = (html_token){ .kind = HTML_TEXT, .begin = scan->at, .end = end };
  scan->at = end;
}
