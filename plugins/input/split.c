/* SPDX-License-Identifier: Apache-2.0 */

/* A line splitter over one growing buffer. */
#include "input/split.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 18, KEPT_OF_LONG = 64 };

void split_init(line_split *split, split_reader *read, void *arg, size_t limit) {
  memset(split, 0, sizeof *split);
  split->read = read;
  split->arg = arg;
  split->limit = limit;
}

void split_done(line_split *split) {
  free(split->buffer);
  split->buffer = NULL;
}

/* Makes room for another chunk after end: moves the line begun to the front, or grows. */
static int make_room(line_split *split) {
  if (split->begin > 0) {
    memmove(split->buffer, split->buffer + split->begin, split->end - split->begin);
    split->scanned -= split->begin;
    split->end -= split->begin;
    split->begin = 0;
  }
  if (split->capacity - split->end >= CHUNK_BYTES / 4) {
    return 0;
  }
  size_t larger = split->capacity < CHUNK_BYTES ? CHUNK_BYTES : split->capacity * 2;
  char *buffer = larger < split->capacity ? NULL : realloc(split->buffer, larger);
  if (buffer == NULL) {
    return -ENOMEM;
  }
  split->buffer = buffer;
  split->capacity = larger;
  return 0;
}

/* Throws away what a line over the limit has so far, but for its beginning, which names it. */
static void forget(line_split *split) {
  size_t keep = split->begin + KEPT_OF_LONG;
  if (split->end > keep) {
    split->skipped += split->end - keep;
    split->end = keep;
    split->scanned = keep;
  }
}

/* Leaves out a byte-order mark, as soon as the first bytes are there. */
static void skip_bom(line_split *split) {
  if (!split->bom_seen && split->n_lines == 0 && split->end >= 3) {
    split->bom_seen = true;
    if (memcmp(split->buffer, "\xEF\xBB\xBF", 3) == 0) {
      split->begin = 3;
      split->scanned = split->scanned < 3 ? 3 : split->scanned;
    }
  }
}

/* Reads until the line begun has its newline. 1 found (at scanned), 0 the input ended, negative errno. */
static int find_newline(line_split *split) {
  for (;;) {
    char *newline = NULL;
    skip_bom(split);
    if (split->end > split->scanned) {
      newline = memchr(split->buffer + split->scanned, '\n', split->end - split->scanned);
    }
    split->scanned = newline == NULL ? split->end : (size_t)(newline - split->buffer);
    if (newline != NULL || split->ended) {
      return newline != NULL;
    }
    if (split->end - split->begin > split->limit || split->skipped > 0) {
      forget(split);
    }
    int rc = make_room(split);
    if (rc != 0) {
      return rc;
    }
    ssize_t n = split->read(split->arg, split->buffer + split->end, split->capacity - split->end);
    if (n < 0) {
      return (int)n;
    }
    split->ended = n == 0;
    split->end += (size_t)n;
  }
}

int split_next(line_split *split, split_line *ret_line) {
  int rc = find_newline(split);
  if (rc < 0 || (rc == 0 && split->begin == split->end)) {
    return rc;
  }
  size_t len = split->scanned - split->begin;
  ret_line->data = split->buffer + split->begin;
  ret_line->bytes = len + split->skipped;
  ret_line->too_long = ret_line->bytes > split->limit;
  if (!ret_line->too_long && len > 0 && ret_line->data[len - 1] == '\r') {
    len--;
  }
  ret_line->len = ret_line->too_long && len > KEPT_OF_LONG ? KEPT_OF_LONG : len;
  ret_line->index = split->n_lines++;
  split->begin = split->scanned + (rc == 1);
  split->scanned = split->begin;
  split->skipped = 0;
  return 1;
}
