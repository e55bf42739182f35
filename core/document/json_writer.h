/* SPDX-License-Identifier: Apache-2.0 */

/* Appends JSON to one growing buffer. Knows tokens of JSON; does not know documents.
 *
 * Running out of memory is remembered rather than reported by each call; whoever finishes a text looks at `failed`. */
#ifndef CORE_DOCUMENT_JSON_WRITER_H
#define CORE_DOCUMENT_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "document/decimal.h"
#include "qanat/doc.h"

typedef struct json_writer {
  char *bytes;
  size_t len, capacity;
  bool failed;
} json_writer;

void json_writer_done(json_writer *self);
/* Room for more bytes; false once memory has run out. */
bool json_writer_grow(json_writer *self, size_t more);

static inline bool json_room(json_writer *self, size_t more) {
  return self->capacity - self->len >= more || json_writer_grow(self, more);
}

static inline void json_raw(json_writer *self, const char *text, size_t len) {
  if (json_room(self, len)) {
    memcpy(self->bytes + self->len, text, len);
    self->len += len;
  }
}

/* A literal as it stands. */
#define JSON_RAW(self, literal) json_raw((self), "" literal, sizeof(literal) - 1)

static inline void json_char(json_writer *self, char c) {
  if (json_room(self, 1)) {
    self->bytes[self->len++] = c;
  }
}

static inline void json_u64(json_writer *self, uint64_t value) {
  if (json_room(self, DECIMAL_BYTES_MAX)) {
    self->len += decimal_write_u64(value, self->bytes + self->len);
  }
}

/* Takes back a comma at the end, so that members can each end with one. */
static inline void json_drop_comma(json_writer *self) {
  if (self->len > 0 && self->bytes[self->len - 1] == ',') {
    self->len--;
  }
}

/* For what is written of every token: room for the whole is made once, and what is put into it is counted at the end.
 * NULL: no memory. */
static inline char *json_open(json_writer *self, size_t most) {
  return json_room(self, most) ? self->bytes + self->len : NULL;
}

static inline void json_close(json_writer *self, const char *end) {
  self->len = (size_t)(end - self->bytes);
}

/* Each returns the end of what it put. */
static inline char *json_put(char *out, const char *text, size_t len) {
  memcpy(out, text, len);
  return out + len;
}

#define JSON_PUT(out, literal) json_put((out), "" literal, sizeof(literal) - 1)

static inline char *json_put_u64(char *out, uint64_t value) {
  return out + decimal_write_u64(value, out);
}

/* A string with its quotes takes up to JSON_STRING_BYTES(len). len is at most JSON_PUT_MAX. */
enum { JSON_PUT_MAX = 4096, JSON_ESCAPE_BYTES = 6 };
#define JSON_STRING_BYTES(len) ((size_t)(len)*JSON_ESCAPE_BYTES + 2)
char *json_put_string(char *out, const char *text, size_t len);

void json_i64(json_writer *self, int64_t value);
void json_f64(json_writer *self, double value); /* null if not finite */
/* A string with its quotes. text must be UTF-8. */
void json_string(json_writer *self, const char *text, size_t len);
/* ,"name": of a name that needs no escapes. */
#define JSON_NEXT_KEY(self, name) JSON_RAW((self), ",\"" name "\":")

/* "name": with the colon. */
void json_key(json_writer *self, const char *name);

#endif
