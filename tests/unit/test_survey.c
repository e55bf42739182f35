/* SPDX-License-Identifier: Apache-2.0 */

/* The survey of inputs: right when it can be known, silent when it cannot, gone when it is told to. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "files/survey.h"

enum { DEADLINE_S = 20 };

static char folder[64];

static void write_file(const char *name, size_t size) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_CREAT | O_WRONLY, 0600);
  assert_true(fd >= 0);
  assert_int_equal(ftruncate(fd, (off_t)size), 0);
  close(fd);
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/qanat-survey-XXXXXX");
  assert_non_null(mkdtemp(folder));
  write_file("a.txt", 100);
  write_file("b.txt", 20);
  write_file("c.other", 3);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  char command[96];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command);
}

/* The total, if it comes before the deadline. */
static uint64_t total_of(const char *path, time_t patience_s) {
  const char *paths[] = { folder, path };
  const char *include[] = { "*.txt" };
  files_survey *survey = NULL;
  assert_int_equal(survey_start(paths, path == NULL ? 1 : 2, include, 1, &survey), 0);
  time_t end = time(NULL) + patience_s;
  while (survey_total(survey) == 0 && time(NULL) < end) {
    sched_yield();
  }
  uint64_t total = survey_total(survey);
  survey_free(survey);
  return total;
}

static void survey_counts_what_the_source_will_take(void **state) {
  (void)state;
  char path[128];
  assert_int_equal(total_of(NULL, DEADLINE_S), 120);
  snprintf(path, sizeof path, "%s/c.other", folder);
  assert_int_equal(total_of(path, DEADLINE_S), 123);
  assert_int_equal(total_of("/nonexistent", DEADLINE_S), 120);
}

static void survey_of_unbounded_input_stays_silent(void **state) {
  (void)state;
  char path[128];
  snprintf(path, sizeof path, "%s/pipe", folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(total_of(path, 1), 0);
  assert_int_equal(total_of("-", 1), 0);
}

static void survey_stops_at_once(void **state) {
  (void)state;
  const char *paths[] = { "/proc", "/sys" };
  const char *include[] = { "*" };
  for (int i = 0; i < 20; i++) {
    files_survey *survey = NULL;
    assert_int_equal(survey_start(paths, 2, include, 1, &survey), 0);
    survey_free(survey);
  }
  survey_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(survey_counts_what_the_source_will_take, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(survey_of_unbounded_input_stays_silent, make_folder, remove_folder),
    cmocka_unit_test(survey_stops_at_once),
  };
  return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
