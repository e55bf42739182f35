/* SPDX-License-Identifier: Apache-2.0 */

/* Finding the whole lines that an earlier process left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/out_body.h"

enum { SCAN_BYTES = 1 << 18 };

int out_scan_lines(const out_options *options, int fd, uint64_t *ret_bytes) {
  size_t capacity = SCAN_BYTES, filled = 0;
  uint64_t whole = 0;
  char *buffer = malloc(capacity);
  int rc = buffer == NULL ? -ENOMEM : 0;
  while (rc == 0) {
    ssize_t n = read(fd, buffer + filled, capacity - filled);
    if (n <= 0) {
      rc = n < 0 && errno != EINTR ? -errno : 0;
      if (n == 0 || rc != 0) {
        break;
      }
      continue;
    }
    filled += (size_t)n;
    char *line = buffer, *end = buffer + filled, *newline;
    while (rc == 0 && (newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
      rc = options->kept == NULL ? 0 : options->kept(options->arg, line, (size_t)(newline - line));
      whole += (uint64_t)(newline + 1 - line);
      line = newline + 1;
    }
    filled = (size_t)(end - line);
    memmove(buffer, line, filled);
    if (filled == capacity) {
      char *larger = capacity > SIZE_MAX / 2 ? NULL : realloc(buffer, capacity * 2);
      rc = larger == NULL ? -ENOMEM : rc;
      buffer = larger == NULL ? buffer : larger;
      capacity = larger == NULL ? capacity : capacity * 2;
    }
  }
  free(buffer);
  if (rc == 0) {
    *ret_bytes = whole;
  }
  return rc;
}

/* Reads what can be had at a place; the negative errno, or how much. */
static ssize_t read_at(int fd, char *buffer, size_t len, uint64_t at) {
  ssize_t n;
  do {
    n = pread(fd, buffer, len, (off_t)at);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

/* Lines are looked for from the end: the file may be large, and a torn line is short. */
static int find_last_line(int fd, char *buffer, uint64_t size, uint64_t *ret_bytes) {
  for (uint64_t end = size; end > 0;) {
    uint64_t begin = end > SCAN_BYTES ? end - SCAN_BYTES : 0;
    ssize_t n = read_at(fd, buffer, (size_t)(end - begin), begin);
    if (n <= 0) {
      return n < 0 ? (int)n : -EIO;
    }
    const char *newline = memrchr(buffer, '\n', (size_t)n);
    if (newline != NULL) {
      *ret_bytes = begin + (uint64_t)(newline + 1 - buffer);
      return 0;
    }
    end = begin;
  }
  *ret_bytes = 0;
  return 0;
}

/* A line end inside quotes belongs to a cell; whether a place is inside hangs on all before it. */
static int find_last_row(int fd, char *buffer, uint64_t size, uint64_t *ret_bytes) {
  bool quoted = false;
  uint64_t whole = 0;
  for (uint64_t at = 0; at < size;) {
    ssize_t n = read_at(fd, buffer, SCAN_BYTES, at);
    if (n <= 0) {
      return n < 0 ? (int)n : -EIO;
    }
    for (ssize_t i = 0; i < n; i++) {
      quoted = quoted != (buffer[i] == '"');
      whole = buffer[i] == '\n' && !quoted ? at + (uint64_t)i + 1 : whole;
    }
    at += (uint64_t)n;
  }
  *ret_bytes = whole;
  return 0;
}

/* True if the bytes are a JSON object that breaks off; else only the line's end is missing, or they are none of ours. */
static bool is_torn(const char *bytes, size_t len) {
  uint64_t depth = 0;
  bool quoted = false;
  if (len == 0 || bytes[0] != '{') {
    return false;
  }
  for (size_t i = 0; i < len; i++) {
    if (quoted) {
      quoted = bytes[i] != '"';
      i += bytes[i] == '\\';
    } else if (bytes[i] == '"') {
      quoted = true;
    } else if (bytes[i] == '{' || bytes[i] == '[') {
      depth++;
    } else if (bytes[i] == '}' || bytes[i] == ']') {
      depth -= depth > 0;
    }
  }
  return depth > 0 || quoted;
}

static int look_at_tail(int fd, uint64_t begin, uint64_t size, bool *ret_torn) {
  size_t len = (size_t)(size - begin), filled = 0;
  char *tail = malloc(len);
  if (tail == NULL) {
    return -ENOMEM;
  }
  int rc = 0;
  while (filled < len && rc == 0) {
    ssize_t n = read_at(fd, tail + filled, len - filled, begin + filled);
    rc = n > 0 ? 0 : n < 0 ? (int)n : -EIO;
    filled += n > 0 ? (size_t)n : 0;
  }
  if (rc == 0) {
    *ret_torn = is_torn(tail, len);
  }
  free(tail);
  return rc;
}

int out_find_end(out_form form, int fd, uint64_t size, uint64_t *ret_bytes) {
  char *buffer = malloc(SCAN_BYTES);
  bool torn = true;
  uint64_t end = 0;
  if (buffer == NULL) {
    return -ENOMEM;
  }
  int rc = form == OUT_TABLE ? find_last_row(fd, buffer, size, &end) : find_last_line(fd, buffer, size, &end);
  free(buffer);
  if (rc == 0 && form == OUT_LINES && end < size) {
    rc = look_at_tail(fd, end, size, &torn);
  }
  if (rc == 0) {
    *ret_bytes = torn ? end : size;
  }
  return rc;
}
