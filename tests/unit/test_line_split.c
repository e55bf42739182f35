/* SPDX-License-Identifier: Apache-2.0 */

/* The line splitter: the same lines however the bytes come; line ends, long lines, errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "input/split.h"

/* Gives bytes in pieces of a size, then an error if there is one. */
typedef struct feed {
  const char *bytes;
  size_t len, at, piece;
  int error;
} feed;

static ssize_t feed_read(void *arg, void *buffer, size_t capacity) {
  feed *from = arg;
  size_t n = from->len - from->at;
  n = n < from->piece ? n : from->piece;
  n = n < capacity ? n : capacity;
  memcpy(buffer, from->bytes + from->at, n);
  from->at += n;
  return n == 0 ? from->error : (ssize_t)n;
}

/* All lines as one string: "index:length/bytes[!]text|". */
static char *split_all(const char *bytes, size_t len, size_t piece, size_t limit, int error, int *ret_end) {
  feed from = { bytes, len, 0, piece, error };
  line_split split;
  split_line line;
  char *all = NULL;
  size_t all_len = 0;
  FILE *out = open_memstream(&all, &all_len);
  int rc;
  assert_non_null(out);
  split_init(&split, feed_read, &from, limit);
  while ((rc = split_next(&split, &line)) == 1) {
    fprintf(out, "%d:%d/%d%s", (int)line.index, (int)line.len, (int)line.bytes, line.too_long ? "!" : "");
    fwrite(line.data, 1, line.len < 20 ? line.len : 20, out);
    fputc('|', out);
  }
  *ret_end = rc;
  split_done(&split);
  fclose(out);
  return all;
}

typedef struct row {
  const char *bytes;
  const char *lines;
} row;

static const row rows[] = {
  { "", "" },
  { "\n", "0:0/0|" },
  { "a", "0:1/1a|" },
  { "a\n", "0:1/1a|" },
  { "a\nb", "0:1/1a|1:1/1b|" },
  { "a\r\nbc\r\n", "0:1/2a|1:2/3bc|" },
  { "\n\na", "0:0/0|1:0/0|2:1/1a|" },
  { "\xEF\xBB\xBF{}\n\xEF\xBB\xBF", "0:2/2{}|1:3/3\xEF\xBB\xBF|" },
  { "\xEF\xBB\xBF", "" },
  { "a\n\xEF\xBB\xBF"
    "b",
    "0:1/1a|1:4/4\xEF\xBB\xBF"
    "b|" },
  { "a\r", "0:1/2a|" },
  { "سطر\nسطران\n", "0:6/6سطر|1:10/10سطران|" },
};

static void split_any_pieces_give_the_same_lines(void **state) {
  static const size_t pieces[] = { 1, 2, 7, 1 << 20 };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
      int end;
      char *lines = split_all(rows[i].bytes, strlen(rows[i].bytes), pieces[p], 1024, 0, &end);
      assert_string_equal(lines, rows[i].lines);
      assert_int_equal(end, 0);
      free(lines);
    }
  }
}

static void split_long_line_is_told_and_passed_over(void **state) {
  static const size_t pieces[] = { 1, 7, 4096, 1 << 20 };
  size_t len = 2000000;
  char *bytes = malloc(len + 8);
  (void)state;
  assert_non_null(bytes);
  memset(bytes, 'x', len);
  memcpy(bytes + len, "\nafter\n", 7);
  for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
    int end;
    char *lines = split_all(bytes, len + 7, pieces[p], 1000000, 0, &end);
    assert_string_equal(lines, "0:64/2000000!xxxxxxxxxxxxxxxxxxxx|1:5/5after|");
    free(lines);
  }
  free(bytes);
}

static void split_line_at_the_limit_is_whole(void **state) {
  int end;
  (void)state;
  char *lines = split_all("1234\n12345\n", 11, 3, 4, 0, &end);
  assert_string_equal(lines, "0:4/41234|1:5/5!12345|");
  free(lines);
}

static void split_mark_does_not_count_against_the_limit(void **state) {
  static const size_t pieces[] = { 1, 3, 7, 100 };
  (void)state;
  for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
    int end;
    char *lines = split_all("\xEF\xBB\xBF"
                            "1234\n12345\n",
                            14, pieces[p], 4, 0, &end);
    assert_string_equal(lines, "0:4/41234|1:5/5!12345|");
    free(lines);
  }
}

static void split_read_error_ends_after_whole_lines(void **state) {
  int end;
  (void)state;
  char *lines = split_all("a\nb\ntorn", 8, 3, 1024, -EIO, &end);
  assert_string_equal(lines, "0:1/1a|1:1/1b|");
  assert_int_equal(end, -EIO);
  free(lines);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(split_any_pieces_give_the_same_lines),
    cmocka_unit_test(split_long_line_is_told_and_passed_over),
    cmocka_unit_test(split_line_at_the_limit_is_whole),
    cmocka_unit_test(split_mark_does_not_count_against_the_limit),
    cmocka_unit_test(split_read_error_ends_after_whole_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
