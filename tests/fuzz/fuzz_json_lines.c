/* SPDX-License-Identifier: Apache-2.0 */

/* Reads hostile JSON Lines: split whole, in pieces of seven bytes and byte by byte, the lines must be the same; what
 * is picked out of them must lie inside and decode into its own room. */
#include <stdlib.h>
#include <string.h>

#include "input/json_pick.h"
#include "input/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct feed {
  const uint8_t *bytes;
  size_t len, at, piece;
} feed;

static ssize_t feed_read(void *arg, void *buffer, size_t capacity) {
  feed *from = arg;
  size_t n = from->len - from->at;
  n = n < from->piece ? n : from->piece;
  n = n < capacity ? n : capacity;
  memcpy(buffer, from->bytes + from->at, n);
  from->at += n;
  return (ssize_t)n;
}

static void pick(const split_line *line) {
  static const char *const names[] = { "text", "id", "a.b" };
  json_value values[3];
  json_fault fault = { 0, "" };
  if (json_pick(line->data, line->len, names, values, 3, &fault) != 0) {
    if (fault.offset > line->len) {
      abort();
    }
    return;
  }
  for (int i = 0; i < 3; i++) {
    if (values[i].kind != JSON_STRING) {
      continue;
    }
    char *text = malloc(values[i].len + 1);
    if (text != NULL && json_string_decode(&values[i], text) > values[i].len) {
      abort();
    }
    free(text);
  }
}

/* A checksum over all lines: their places, lengths and bytes. */
static uint64_t read_all(const uint8_t *data, size_t size, size_t piece) {
  feed from = { data, size, 0, piece };
  line_split split;
  split_line line;
  uint64_t sum = 1;
  split_init(&split, feed_read, &from, 1000);
  while (split_next(&split, &line) == 1) {
    sum = sum * 31 + line.index * 7 + line.bytes * 3 + line.too_long;
    for (size_t i = 0; i < line.len; i++) {
      sum = sum * 31 + (uint8_t)line.data[i];
    }
    pick(&line);
  }
  split_done(&split);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 1 << 20) {
    return 0;
  }
  uint64_t whole = read_all(data, size, size + 1);
  if (read_all(data, size, 7) != whole || read_all(data, size, 1) != whole) {
    abort();
  }
  return 0;
}
