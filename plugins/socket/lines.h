/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts bytes that arrive as they like into lines. Memory is one line, at most the limit; of a longer one only its length is
 * kept. */
#ifndef SOCKET_LINES_H
#define SOCKET_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lines {
  char *bytes;
  size_t capacity;
  size_t begin, scanned, end; /* the line begun, how far it has no newline, what has arrived */
  size_t limit;
  uint64_t n_taken;
  uint64_t n_forgotten; /* bytes of the line begun that are gone, since it is too long */
  bool ended;           /* nothing more will arrive */
} lines;

typedef struct line {
  const char *data;
  size_t len;      /* without its line end (LF or CR LF) */
  uint64_t number; /* from 1 */
  uint64_t bytes;  /* of the whole line; more than len if it was too long */
  bool too_long;   /* data is nothing */
} line;

void lines_init(lines *lines, size_t limit);
void lines_done(lines *lines);

/* Room for bytes that arrive; more_bytes is how much memory may be added for it. 0: no memory, or not so much. */
size_t lines_lend(lines *lines, size_t more_bytes, char **ret_room);
void lines_filled(lines *lines, size_t n_bytes); /* of the room lent last */
void lines_end(lines *lines);                    /* what stands behind the last newline is a line too */

/* 1 and the line begun, if it is whole; it holds until it is taken. Else 0. */
int lines_peek(lines *lines, line *ret_line);
void lines_take(lines *lines); /* the line peeked */

/* Bytes of a line that has begun and is not whole. */
uint64_t lines_begun(const lines *lines);

#endif
