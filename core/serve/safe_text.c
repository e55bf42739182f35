/* SPDX-License-Identifier: Apache-2.0 */

/* Text is mended first, as a whole, so that the writers need not look for what is broken. */
#include "serve/safe_text.h"

#include "document/utf8.h"

/* Calls piece for each run of good text, and for U+FFFD in place of each byte that is none. */
static void each_piece(const char *text, size_t len, void (*piece)(json_writer *to, const char *text, size_t len),
                       json_writer *to) {
  size_t begin = 0;
  size_t at = 0;
  if (len == 0) {
    return;
  }
  while (at < len) {
    size_t step = utf8_step((const uint8_t *)text + at, len - at);
    if (step > 0) {
      at += step;
      continue;
    }
    piece(to, text + begin, at - begin);
    piece(to, "\xEF\xBF\xBD", 3);
    begin = ++at;
  }
  piece(to, text + begin, at - begin);
}

/* The writer puts quotes around each piece: they are taken off again. */
static void json_piece(json_writer *to, const char *text, size_t len) {
  size_t before = to->len;
  json_string(to, text, len);
  if (!to->failed && to->len >= before + 2) {
    memmove(to->bytes + before, to->bytes + before + 1, to->len - before - 2);
    to->len -= 2;
  }
}

void safe_json_string(json_writer *to, const char *text, size_t len) {
  json_char(to, '"');
  each_piece(text, len, json_piece, to);
  json_char(to, '"');
}

void safe_json_member(json_writer *to, const char *name, const char *text) {
  json_key(to, name);
  safe_json_string(to, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
  json_char(to, ',');
}

static void label_piece(json_writer *to, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    switch (text[i]) {
    case '\n':
      JSON_RAW(to, "\\n");
      break;
    case '"':
      JSON_RAW(to, "\\\"");
      break;
    case '\\':
      JSON_RAW(to, "\\\\");
      break;
    default:
      json_char(to, text[i]);
      break;
    }
  }
}

void safe_label(json_writer *to, const char *text) {
  json_char(to, '"');
  each_piece(text, strlen(text), label_piece, to);
  json_char(to, '"');
}
