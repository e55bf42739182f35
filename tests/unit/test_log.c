/* SPDX-License-Identifier: Apache-2.0 */

/* Log lines as they leave: whole, one each, safe for terminals and for readers of JSON. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/log.h"

static char taken[1 << 16];

/* What write_lines writes to a pipe, NUL-terminated. */
static const char *written(const log_target *like, const char *stage, const char *text, size_t len) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  log_target target = *like;
  target.fd = ends[1];
  log_write(&target, QN_LOG_WARNING, stage, text, len);
  close(ends[1]);
  ssize_t n = read(ends[0], taken, sizeof taken - 1);
  assert_true(n >= 0);
  taken[n] = '\0';
  close(ends[0]);
  return taken;
}

static void text_lines_are_clean_and_complete(void **state) {
  (void)state;
  const log_target text = { -1, QN_LOG_DEBUG, LOG_TEXT };
  static const struct {
    const char *stage, *text, *expected;
  } rows[] = {
    { "decode", "3 bytes replaced", "qanat: warning: decode: 3 bytes replaced\n" },
    { NULL, "no plugin folder", "qanat: warning: no plugin folder\n" },
    { NULL, "two\nlines\x1b[31m", "qanat: warning: two lines [31m\n" },
    { NULL, "bad \xFF byte", "qanat: warning: bad \xEF\xBF\xBD byte\n" },
    { NULL, "", "qanat: warning: \n" },
    { NULL, "\xD9\x86\xD8\xB5 \"quoted\"", "qanat: warning: \xD9\x86\xD8\xB5 \"quoted\"\n" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_string_equal(written(&text, rows[i].stage, rows[i].text, strlen(rows[i].text)), rows[i].expected);
  }
}

static void json_lines_escape_what_they_must(void **state) {
  (void)state;
  const log_target json = { -1, QN_LOG_DEBUG, LOG_JSON };
  const char *line = written(&json, "a\"b", "c:\\d \"e\"\n\xC3", 10);
  const char *rest = strchr(line, 'Z');
  assert_int_equal(strncmp(line, "{\"time\":\"20", 11), 0);
  assert_non_null(rest);
  assert_string_equal(rest,
                      "Z\",\"level\":\"warning\",\"stage\":\"a\\\"b\",\"text\":\"c:\\\\d \\\"e\\\" \xEF\xBF\xBD\"}\n");
}

static void lines_name_the_document(void **state) {
  (void)state;
  static const struct {
    log_format format;
    const char *stage, *document, *expected;
  } rows[] = {
    { LOG_TEXT, "names/decode", "a#7", "qanat: warning: names/decode: a#7: said\n" },
    { LOG_TEXT, NULL, "a\n#7", "qanat: warning: a #7: said\n" },
    { LOG_TEXT, "decode", "", "qanat: warning: decode: said\n" },
    { LOG_JSON, "decode", "a\"#7",
      "Z\",\"level\":\"warning\",\"stage\":\"decode\",\"document\":\"a\\\"#7\",\"text\":\"said\"}\n" },
    { LOG_JSON, NULL, "", "Z\",\"level\":\"warning\",\"text\":\"said\"}\n" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const log_target target = { ends[1], QN_LOG_DEBUG, rows[i].format };
    log_write_about(&target, QN_LOG_WARNING, rows[i].stage, rows[i].document, strlen(rows[i].document), "said", 4);
    close(ends[1]);
    ssize_t n = read(ends[0], taken, sizeof taken - 1);
    taken[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    assert_string_equal(rows[i].format == LOG_JSON ? strchr(taken, 'Z') : taken, rows[i].expected);
  }
}

static void long_lines_are_cut_to_what_a_pipe_takes_whole(void **state) {
  (void)state;
  size_t len = 100000;
  char *text = malloc(len);
  assert_non_null(text);
  for (size_t i = 0; i < len; i++) {
    text[i] = i % 2 == 0 ? '\xD9' : '\x86';
  }
  for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
    const log_target target = { -1, QN_LOG_DEBUG, (log_format)format };
    const char *line = written(&target, "stage", text, len);
    size_t n = strlen(line);
    assert_in_range(n, 4080, 4096);
    assert_int_equal(line[n - 1], '\n');
    const char *last = line + n - (format == LOG_JSON ? 4 : 2);
    assert_int_equal((unsigned char)*last, 0x86); /* not cut within a letter */
  }
  free(text);
}

static void levels_below_the_target_are_silent(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const log_target target = { ends[1], QN_LOG_WARNING, LOG_TEXT };
  log_write(&target, QN_LOG_INFO, NULL, "no", 2);
  log_print(&target, QN_LOG_DEBUG, NULL, "no %d", 1);
  log_print(&target, QN_LOG_ERROR, NULL, "yes %d", 1);
  close(ends[1]);
  ssize_t n = read(ends[0], taken, sizeof taken - 1);
  taken[n > 0 ? n : 0] = '\0';
  close(ends[0]);
  assert_string_equal(taken, "qanat: error: yes 1\n");
}

static void environment_words_set_level_and_format(void **state) {
  (void)state;
  static const struct {
    const char *words;
    uint32_t level;
    log_format format;
    int rc;
  } rows[] = {
    { "debug", QN_LOG_DEBUG, LOG_TEXT, 0 },      { "json", QN_LOG_WARNING, LOG_JSON, 0 },
    { "error,json", QN_LOG_ERROR, LOG_JSON, 0 }, { "json,info", QN_LOG_INFO, LOG_JSON, 0 },
    { "", QN_LOG_WARNING, LOG_TEXT, 0 },         { "loud,info", QN_LOG_INFO, LOG_TEXT, -22 },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    log_target target = { 2, QN_LOG_WARNING, LOG_TEXT };
    assert_int_equal(log_target_parse(&target, rows[i].words), rows[i].rc);
    assert_int_equal(target.level, rows[i].level);
    assert_int_equal(target.format, rows[i].format);
    setenv("QANAT_LOG", rows[i].words, 1);
    assert_int_equal(log_target_standard().level, rows[i].level);
  }
  unsetenv("QANAT_LOG");
  assert_int_equal(log_target_standard().level, QN_LOG_WARNING);
}

enum { THREADS = 4, LINES = 200 };

static int write_many(void *arg) {
  const log_target *target = arg;
  char text[300];
  memset(text, 'x', sizeof text);
  for (int i = 0; i < LINES; i++) {
    log_write(target, QN_LOG_ERROR, "stage", text, sizeof text);
  }
  return 0;
}

static void lines_of_several_threads_never_mix(void **state) {
  (void)state;
  FILE *file = tmpfile();
  assert_non_null(file);
  /* Appending is what makes writes to one file follow each other, as a pipe or terminal does by itself. */
  log_target target = { dup(fileno(file)), QN_LOG_DEBUG, LOG_TEXT };
  assert_int_equal(fcntl(target.fd, F_SETFL, O_APPEND), 0);
  thrd_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(thrd_create(&threads[i], write_many, &target), thrd_success);
  }
  for (int i = 0; i < THREADS; i++) {
    thrd_join(threads[i], NULL);
  }
  rewind(file);
  int n_lines = 0;
  while (fgets(taken, sizeof taken, file) != NULL) {
    assert_int_equal(strlen(taken), strlen("qanat: error: stage: ") + 301);
    n_lines++;
  }
  assert_int_equal(n_lines, THREADS * LINES);
  close(target.fd);
  fclose(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(text_lines_are_clean_and_complete),
    cmocka_unit_test(json_lines_escape_what_they_must),
    cmocka_unit_test(lines_name_the_document),
    cmocka_unit_test(long_lines_are_cut_to_what_a_pipe_takes_whole),
    cmocka_unit_test(levels_below_the_target_are_silent),
    cmocka_unit_test(environment_words_set_level_and_format),
    cmocka_unit_test(lines_of_several_threads_never_mix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
