/* SPDX-License-Identifier: Apache-2.0 */

/* The progress line claims nothing it does not know, and never breaks the terminal's line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "observe/progress.h"

static void progress_bytes_are_short_and_right(void **state) {
  (void)state;
  static const struct {
    double bytes;
    const char *text;
  } rows[] = {
    { 0, "0 B" },         { 999, "999 B" },        { 1000, "1.0 kB" },   { 12345678, "12.3 MB" },
    { 999600, "1.0 MB" }, { 123456789, "123 MB" }, { 5.5e12, "5.5 TB" }, { 5e15, "5000 TB" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[16];
    progress_format_bytes(rows[i].bytes, text, sizeof text);
    assert_string_equal(text, rows[i].text);
  }
}

static void progress_times_are_short_and_right(void **state) {
  (void)state;
  static const struct {
    double seconds;
    const char *text;
  } rows[] = {
    { 0, "0:00" }, { 9.4, "0:09" }, { 59.6, "1:00" }, { 245, "4:05" }, { 3723, "1:02:03" }, { 1e12, "99:59:59" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[16];
    progress_format_time(rows[i].seconds, text, sizeof text);
    assert_string_equal(text, rows[i].text);
  }
}

static void progress_unknown_end_shows_no_bar_and_no_time_left(void **state) {
  (void)state;
  char line[256];
  progress p = { .documents_per_s = 50, .bytes_per_s = 2000000 };
  progress_state s = { .documents = 1234, .bytes = 5000000, .elapsed_ns = UINT64_C(25000000000) };
  progress_format(&p, &s, 200, line, sizeof line);
  assert_string_equal(line, "1234 documents  50/s  2.0 MB/s  0:25");
}

static void progress_known_end_shows_bar_and_time_left(void **state) {
  (void)state;
  char line[256];
  progress p = { .documents_per_s = 50, .bytes_per_s = 1000000, .input_per_s = 100 };
  progress_state s = { .documents = 1, .failed = 1, .bytes = 5000000, .input_done = 500, .input_total = 2000 };
  progress_format(&p, &s, 200, line, sizeof line);
  assert_string_equal(line, "[####............]  25 %  1 document, 1 failed  50/s  1.0 MB/s  0:15 left");
}

static void progress_more_than_expected_stays_full(void **state) {
  (void)state;
  char line[256];
  progress p = { .documents_per_s = 50, .input_per_s = 10 };
  progress_state s = { .documents = 30, .input_done = 30, .input_total = 20 };
  progress_format(&p, &s, 200, line, sizeof line);
  assert_non_null(strstr(line, "] 100 %"));
  assert_null(strstr(line, "left"));
}

static void progress_narrow_terminal_cuts_the_line(void **state) {
  (void)state;
  progress p = { .documents_per_s = 50, .bytes_per_s = 1000000, .input_per_s = 3 };
  progress_state s = { .documents = 100, .bytes = 5000000, .input_done = 5, .input_total = 20 };
  for (unsigned width = 1; width < 120; width++) {
    char line[256];
    size_t len = progress_format(&p, &s, width, line, sizeof line);
    assert_int_equal(len, strlen(line));
    assert_true(len <= width);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(progress_bytes_are_short_and_right),
    cmocka_unit_test(progress_times_are_short_and_right),
    cmocka_unit_test(progress_unknown_end_shows_no_bar_and_no_time_left),
    cmocka_unit_test(progress_known_end_shows_bar_and_time_left),
    cmocka_unit_test(progress_more_than_expected_stays_full),
    cmocka_unit_test(progress_narrow_terminal_cuts_the_line),
  };
  return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
