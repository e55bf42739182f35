/* SPDX-License-Identifier: Apache-2.0 */

/* A growing text with JSON's quoting. */
#include "input/json_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

enum { FIRST = 256 };

static bool make_room(json_text *text, size_t len) {
  if (text->spoilt || len <= text->capacity - text->len) {
    return !text->spoilt;
  }
  size_t wanted = text->capacity == 0 ? FIRST : text->capacity;
  while (wanted - text->len < len) {
    if (wanted > SIZE_MAX / 2) {
      text->spoilt = true;
      return false;
    }
    wanted *= 2;
  }
  char *grown = realloc(text->data, wanted);
  text->spoilt = grown == NULL;
  if (grown != NULL) {
    text->data = grown;
    text->capacity = wanted;
  }
  return grown != NULL;
}

void json_text_add(json_text *text, const char *bytes, size_t len) {
  if (len > 0 && make_room(text, len)) {
    memcpy(text->data + text->len, bytes, len);
    text->len += len;
  }
}

void json_text_plain(json_text *text, const char *plain) {
  json_text_add(text, plain, strlen(plain));
}

static void add_special(json_text *text, uint8_t byte) {
  static const char names[] = "\"\\\b\f\n\r\t";
  static const char letters[] = "\"\\bfnrt";
  char escape[8];
  const char *found = byte == 0 ? NULL : strchr(names, byte);
  int len = found != NULL ? snprintf(escape, sizeof escape, "\\%c", letters[found - names])
                          : snprintf(escape, sizeof escape, "\\u%04x", byte);
  json_text_add(text, escape, (size_t)len);
}

void json_text_string(json_text *text, qn_str string) {
  const uint8_t *bytes = (const uint8_t *)string.data;
  size_t begin = 0;
  json_text_plain(text, "\"");
  for (size_t at = 0; at < string.len;) {
    uint32_t n = 1;
    bool special = bytes[at] < 0x20 || bytes[at] == '"' || bytes[at] == '\\';
    bool bad = bytes[at] >= 0x80 && utf8_decode(bytes + at, string.len - at, &n) == UTF8_INVALID;
    if (special || bad) {
      json_text_add(text, string.data + begin, at - begin);
      begin = at + 1;
    }
    if (special) {
      add_special(text, bytes[at]);
    } else if (bad) {
      json_text_plain(text, "\xEF\xBF\xBD");
    }
    at += n;
  }
  if (string.len > begin) {
    json_text_add(text, string.data + begin, string.len - begin);
  }
  json_text_plain(text, "\"");
}

void json_text_u64(json_text *text, uint64_t number) {
  char digits[24];
  json_text_add(text, digits, (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number));
}

char *json_text_take(json_text *text, size_t *ret_len) {
  char *data = text->spoilt ? NULL : text->data;
  size_t len = text->len;
  if (data == NULL) {
    free(text->data);
  }
  *text = (json_text){ 0 };
  *ret_len = data == NULL ? 0 : len;
  return data;
}

void json_text_done(json_text *text) {
  free(text->data);
  *text = (json_text){ 0 };
}
