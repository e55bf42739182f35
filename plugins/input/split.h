/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts a stream of bytes into lines, whatever pieces the bytes come in. Memory is one line, at most the limit. */
#ifndef INPUT_SPLIT_H
#define INPUT_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the bytes come from: up to capacity of them, 0 at the end, negative errno. */
typedef ssize_t split_reader(void *arg, void *buffer, size_t capacity);

typedef struct line_split {
  split_reader *read;
  void *arg;
  size_t limit; /* the longest line, in bytes */
  char *buffer;
  size_t capacity;
  size_t begin, scanned, end; /* the line begun, how far it has no newline, what was read */
  uint64_t n_lines;
  uint64_t skipped; /* bytes of a line over the limit that are gone already */
  bool ended;
  bool bom_seen; /* the first bytes have been looked at for a mark */
} line_split;

typedef struct split_line {
  const char *data;
  size_t len;     /* without the line end (LF or CR LF) */
  uint64_t index; /* from 0 */
  uint64_t bytes; /* of the whole line; more than len if it was too long */
  bool too_long;  /* data is only its beginning */
} split_line;

void split_init(line_split *split, split_reader *read, void *arg, size_t limit);
void split_done(line_split *split);

/* 1 and the next line, which holds until the next call; 0 at the end; negative errno of reading, -ENOMEM. A last line
 * without a newline counts. A byte-order mark before the first is left out. */
int split_next(line_split *split, split_line *ret_line);

#endif
