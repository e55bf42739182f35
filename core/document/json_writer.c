/* SPDX-License-Identifier: Apache-2.0 */

/* The writer's slower parts: growing, and strings, which are copied eight bytes at a time as long as none of them
 * needs an escape. */
#include "document/json_writer.h"

#include <math.h>
#include <stdlib.h>

enum { FIRST_BYTES = 16 * 1024, SLICE_BYTES = 4096, ESCAPE_BYTES = 6 };

void json_writer_done(json_writer *self) {
  free(self->bytes);
  *self = (json_writer){ 0 };
}

bool json_writer_grow(json_writer *self, size_t more) {
  if (self->failed) {
    return false;
  }
  size_t capacity = self->capacity + self->capacity / 2;
  capacity = capacity < self->len + more ? self->len + more : capacity;
  capacity = capacity < FIRST_BYTES ? FIRST_BYTES : capacity;
  char *bytes = realloc(self->bytes, capacity);
  if (bytes == NULL) {
    self->failed = true;
    self->capacity = self->len; /* every later call comes here and fails too */
    return false;
  }
  self->bytes = bytes;
  self->capacity = capacity;
  return true;
}

void json_i64(json_writer *self, int64_t value) {
  if (value < 0) {
    json_char(self, '-');
  }
  json_u64(self, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_f64(json_writer *self, double value) {
  if (!isfinite(value)) {
    JSON_RAW(self, "null");
  } else if (json_room(self, DECIMAL_BYTES_MAX)) {
    self->len += decimal_write_f64(value, self->bytes + self->len);
  }
}

/* True if one of the eight bytes is a quote, a backslash or a control character. */
static bool needs_escape(uint64_t word) {
  const uint64_t ones = 0x0101010101010101u;
  const uint64_t tops = 0x8080808080808080u;
  uint64_t quote = word ^ (ones * '"');
  uint64_t backslash = word ^ (ones * '\\');
  uint64_t below = (word - ones * 0x20) & ~word;
  uint64_t found = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | below;
  return (found & tops) != 0;
}

/* For bytes below 0x60: 0 as it stands, 'u' in hexadecimal, otherwise the letter behind the backslash. */
static const char escapes[0x60] = {
  'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',         'u',
  'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

static char *escape(char *out, uint8_t byte) {
  static const char hex[] = "0123456789abcdef";
  char form = byte < sizeof escapes ? escapes[byte] : 0;
  if (form == 0) {
    *out = (char)byte;
    return out + 1;
  }
  out[0] = '\\';
  out[1] = form;
  if (form != 'u') {
    return out + 2;
  }
  memcpy(out + 2, "00", 2);
  out[4] = hex[byte >> 4];
  out[5] = hex[byte & 15];
  return out + ESCAPE_BYTES;
}

/* The caller has made room for every byte to be escaped, and eight more. */
static char *copy_escaped(char *out, const char *text, size_t len) {
  size_t at = 0;
  for (; len - at >= 8; at += 8) {
    uint64_t word;
    memcpy(&word, text + at, sizeof word);
    if (!needs_escape(word)) {
      memcpy(out, &word, sizeof word);
      out += 8;
      continue;
    }
    for (size_t i = at; i < at + 8; i++) {
      out = escape(out, (uint8_t)text[i]);
    }
  }
  for (; at < len; at++) {
    out = escape(out, (uint8_t)text[at]);
  }
  return out;
}

void json_string(json_writer *self, const char *text, size_t len) {
  json_char(self, '"');
  while (len > 0) {
    size_t slice = len < SLICE_BYTES ? len : SLICE_BYTES;
    if (!json_room(self, slice * ESCAPE_BYTES + 8)) {
      return;
    }
    char *start = self->bytes + self->len;
    self->len += (size_t)(copy_escaped(start, text, slice) - start);
    text += slice;
    len -= slice;
  }
  json_char(self, '"');
}

void json_key(json_writer *self, const char *name) {
  json_string(self, name, strlen(name));
  json_char(self, ':');
}
