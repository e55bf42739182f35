/* SPDX-License-Identifier: Apache-2.0 */

/* A line cutter over one buffer. */
#include "socket/lines.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 4096, ROOM_LEAST = 2048, KEPT_MAX = 1 << 16 };

void lines_init(lines *self, size_t limit) {
  *self = (lines){ .limit = limit };
}

void lines_done(lines *self) {
  free(self->bytes);
  self->bytes = NULL;
}

/* Moves the line begun to the front; gives back memory that a long line took. */
static void tidy(lines *self) {
  size_t len = self->end - self->begin;
  if (len == 0 && self->capacity > KEPT_MAX) {
    free(self->bytes);
    self->bytes = NULL;
    self->capacity = 0;
  } else if (self->begin > 0 && len > 0) {
    memmove(self->bytes, self->bytes + self->begin, len);
  }
  self->scanned -= self->begin;
  self->begin = 0;
  self->end = len;
}

/* Throws away what a line over the limit has so far. */
static void forget(lines *self) {
  if (self->n_forgotten == 0 && self->end - self->begin <= self->limit) {
    return;
  }
  self->n_forgotten += self->scanned - self->begin;
  self->begin = self->scanned;
}

static void scan(lines *self) {
  if (self->end > self->scanned) {
    const char *newline = memchr(self->bytes + self->scanned, '\n', self->end - self->scanned);
    self->scanned = newline == NULL ? self->end : (size_t)(newline - self->bytes);
  }
}

static bool is_whole(const lines *self) {
  return self->scanned < self->end || (self->ended && self->end - self->begin + self->n_forgotten > 0);
}

size_t lines_lend(lines *self, size_t more_bytes, char **ret_room) {
  scan(self);
  if (!is_whole(self)) {
    forget(self);
  }
  tidy(self);
  if (self->capacity - self->end < ROOM_LEAST) {
    size_t larger = self->capacity == 0 ? ROOM_FIRST : self->capacity * 2;
    char *bytes = larger - self->capacity > more_bytes ? NULL : realloc(self->bytes, larger);
    if (bytes == NULL) {
      return 0;
    }
    self->bytes = bytes;
    self->capacity = larger;
  }
  *ret_room = self->bytes + self->end;
  return self->capacity - self->end;
}

void lines_filled(lines *self, size_t n_bytes) {
  self->end += n_bytes;
}

void lines_end(lines *self) {
  self->ended = true;
}

int lines_peek(lines *self, line *ret_line) {
  scan(self);
  if (!is_whole(self)) {
    return 0;
  }
  size_t len = self->scanned - self->begin;
  line found = { .number = self->n_taken + 1, .bytes = len + self->n_forgotten };
  found.too_long = found.bytes > self->limit;
  if (!found.too_long) {
    found.data = self->bytes + self->begin;
    found.len = len > 0 && found.data[len - 1] == '\r' ? len - 1 : len;
  }
  *ret_line = found;
  return 1;
}

void lines_take(lines *self) {
  self->begin = self->scanned + (self->scanned < self->end);
  self->scanned = self->begin;
  self->n_forgotten = 0;
  self->n_taken++;
}

uint64_t lines_begun(const lines *self) {
  return self->end - self->begin + self->n_forgotten;
}
