/* SPDX-License-Identifier: Apache-2.0 */

/* The writer's slower parts: growing, and strings, which are copied in blocks and words as long as nothing in them
 * needs an escape. */
#include "document/json_writer.h"

#include <math.h>
#include <stdlib.h>

enum { FIRST_BYTES = 16 * 1024, BLOCK_BYTES = 16 };

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

/* The same of a block. gcc and clang both make of this what the processor has. */
typedef uint8_t block_bytes __attribute__((vector_size(BLOCK_BYTES)));

static inline bool block_needs_escape(const char *text) {
  block_bytes block;
  memcpy(&block, text, sizeof block);
  block_bytes found = (block_bytes)(block < 0x20) | (block_bytes)(block == '"') | (block_bytes)(block == '\\');
  uint64_t halves[2];
  memcpy(halves, &found, sizeof halves);
  return (halves[0] | halves[1]) != 0;
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
  return out + JSON_ESCAPE_BYTES;
}

static char *escape_all(char *out, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    out = escape(out, (uint8_t)text[i]);
  }
  return out;
}

/* Copies less than eight bytes in two pieces that overlap. Returns them, or spaces, as one word. */
static uint64_t copy_short(char *out, const char *text, size_t len) {
  if (len >= 4) {
    uint32_t head, tail;
    memcpy(&head, text, sizeof head);
    memcpy(&tail, text + len - sizeof tail, sizeof tail);
    memcpy(out, &head, sizeof head);
    memcpy(out + len - sizeof tail, &tail, sizeof tail);
    return (uint64_t)head << 32 | tail;
  }
  uint64_t word = 0x2020202020202020u;
  for (size_t i = 0; i < len; i++) {
    out[i] = text[i];
    word = word << 8 | (uint8_t)text[i];
  }
  return word;
}

/* 8 to 15 bytes, as two words that overlap. */
static char *copy_words(char *out, const char *text, size_t len) {
  uint64_t head, tail;
  memcpy(&head, text, sizeof head);
  memcpy(&tail, text + len - sizeof tail, sizeof tail);
  if (needs_escape(head) || needs_escape(tail)) {
    return escape_all(out, text, len);
  }
  memcpy(out, &head, sizeof head);
  memcpy(out + len - sizeof tail, &tail, sizeof tail);
  return out + len;
}

/* The caller has made room for every byte to be escaped. */
static char *copy_escaped(char *out, const char *text, size_t len) {
  for (; len >= BLOCK_BYTES; text += BLOCK_BYTES, len -= BLOCK_BYTES) {
    if (block_needs_escape(text)) {
      out = escape_all(out, text, BLOCK_BYTES);
    } else {
      memcpy(out, text, BLOCK_BYTES);
      out += BLOCK_BYTES;
    }
  }
  if (len >= 8) {
    return copy_words(out, text, len);
  }
  return needs_escape(copy_short(out, text, len)) ? escape_all(out, text, len) : out + len;
}

char *json_put_string(char *out, const char *text, size_t len) {
  *out++ = '"';
  out = copy_escaped(out, text, len);
  *out++ = '"';
  return out;
}

/* Long texts go in slices, since room is made as if every byte were to be escaped. */
void json_string(json_writer *self, const char *text, size_t len) {
  size_t slice = len < JSON_PUT_MAX ? len : JSON_PUT_MAX;
  const size_t quotes = 2;
  if (!json_room(self, slice * JSON_ESCAPE_BYTES + quotes)) {
    return;
  }
  char *out = self->bytes + self->len;
  *out++ = '"';
  while (len > JSON_PUT_MAX) {
    self->len = (size_t)(copy_escaped(out, text, JSON_PUT_MAX) - self->bytes);
    text += JSON_PUT_MAX;
    len -= JSON_PUT_MAX;
    if (!json_room(self, (size_t)JSON_PUT_MAX * JSON_ESCAPE_BYTES + quotes)) {
      return;
    }
    out = self->bytes + self->len;
  }
  out = copy_escaped(out, text, len);
  *out++ = '"';
  self->len = (size_t)(out - self->bytes);
}

void json_key(json_writer *self, const char *name) {
  json_string(self, name, strlen(name));
  json_char(self, ':');
}
