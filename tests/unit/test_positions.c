/* SPDX-License-Identifier: Apache-2.0 */

/* The scan of JSON texts: where things stand, and that nothing passes which cJSON would not take. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "pipeline/positions.h"

/* cmocka names a macro fail, as the host table does a function: it comes last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct reports {
  uint32_t n;
  text_range range;
  char pointer[2048];
  char message[512];
} reports;

static void report(void *arg, text_range range, const char *pointer, const char *message) {
  reports *r = arg;
  r->n++;
  r->range = range;
  snprintf(r->pointer, sizeof r->pointer, "%s", pointer);
  snprintf(r->message, sizeof r->message, "%s", message);
}

static positions *scan(const char *text) {
  reports told = { 0 };
  positions *scanned = NULL;
  assert_int_equal(positions_scan(text, strlen(text), report, &told, &scanned), 0);
  assert_int_equal(told.n, 0);
  return scanned;
}

static void find_gives_keys_and_values(void **state) {
  static const char text[] = " {\"a\": [1, \"two\", {\"b/c\": null}], \"~\": {\"\\u0062\": true}, \"\": 5 }";
  static const struct {
    const char *pointer;
    bool at_key, exact;
    const char *found;
  } rows[] = {
    { "", false, true, "{" },
    { "/a", false, true, "[" },
    { "/a", true, true, "\"a\"" },
    { "/a/0", false, true, "1" },
    { "/a/1", false, true, "\"two\"" },
    { "/a/1", true, true, "\"two\"" },
    { "/a/2/b~1c", false, true, "null" },
    { "/a/2/b~1c", true, true, "\"b/c\"" },
    { "/~0", true, true, "\"~\"" },
    { "/~0/b", false, true, "true" },
    { "/~0/b", true, true, "\"\\u0062\"" },
    { "/", false, true, "5" },
    { "/a/3", false, false, "[" },
    { "/a/0/x", false, false, "1" },
    { "/zzz/y", true, false, "{" },
    { "/a/00", false, true, "1" },
    { "/a/1x", false, false, "[" },
    { "a", false, false, "{" },
  };
  (void)state;
  positions *scanned = scan(text);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool exact = false;
    text_range range = positions_find(scanned, rows[i].pointer, rows[i].at_key, &exact);
    if (exact != rows[i].exact || range.end - range.begin != strlen(rows[i].found) ||
        memcmp(text + range.begin, rows[i].found, range.end - range.begin) != 0) {
      fail_msg("%s: found \"%.*s\"", rows[i].pointer, (int)(range.end - range.begin), text + range.begin);
    }
  }
  positions_free(scanned);
}

static void component_is_decoded(void **state) {
  static const struct {
    const char *pointer, *component, *rest;
  } rows[] = { { "/a~1b/c", "a/b", "/c" }, { "/~0~01", "~~1", "" }, { "/", "", "" }, { "/a~2", "a~2", "" } };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *at = rows[i].pointer;
    char *component = positions_component(&at);
    assert_string_equal(component, rows[i].component);
    assert_string_equal(at, rows[i].rest);
    free(component);
  }
  const char *end = "";
  assert_null(positions_component(&end));
}

static void every_prefix_of_a_text_is_refused_once(void **state) {
  static const char text[] =
      "{\"a\": [1.5e3, \"\\ud83d\\ude00 \\n\", {\"b\": null}], \"c\": {\"d\": [true, false, []]}}";
  (void)state;
  for (size_t len = 0; len < sizeof text - 1; len++) {
    char *prefix = strndup(text, len);
    reports told = { 0 };
    positions *scanned = NULL;
    assert_int_equal(positions_scan(prefix, len, report, &told, &scanned), -EINVAL);
    assert_int_equal(told.n, 1);
    assert_true(told.range.begin <= told.range.end && told.range.end <= len);
    assert_true(told.message[0] != '\0');
    free(prefix);
  }
  positions_free(scan(text));
}

/* One text of a list of pieces, picked by a generator with a fixed seed. */
static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 16;
}

static void whatever_passes_cjson_parses_too(void **state) {
  static const char *const pieces[] = {
    "{",    "}", "[",           "]",  ",",     ":",           "\"a\"", "\"b\\u0627\"", "1",  "-0.5e+3", "true",
    "null", " ", "\"\\ud800\"", "01", "1e400", "\"\\u0000\"", "tru",   "\"",           "\\", "\xff",    "'"
  };
  (void)state;
  uint32_t seed = 7;
  uint32_t n_passed = 0;
  for (int round = 0; round < 200000; round++) {
    char text[128] = "";
    uint32_t n = 1 + next_random(&seed) % 12;
    for (uint32_t i = 0; i < n; i++) {
      strcat(text, pieces[next_random(&seed) % (sizeof pieces / sizeof *pieces)]);
    }
    reports told = { 0 };
    positions *scanned = NULL;
    int result = positions_scan(text, strlen(text), report, &told, &scanned);
    if (result == 0) {
      cJSON *json = cJSON_ParseWithLength(text, strlen(text) + 1);
      if (json == NULL) {
        fail_msg("cJSON refuses what was let through: %s", text);
      }
      n_passed++;
      cJSON_Delete(json);
    } else {
      assert_int_equal(result, -EINVAL);
      assert_true(told.n > 0);
    }
    positions_free(result == 0 ? scanned : NULL);
  }
  assert_true(n_passed > 1000);
}

static void equal_keys_are_reported_and_the_first_counts(void **state) {
  static const char text[] = "{\"a\": 1, \"\\u0061\": 2, \"b\": {\"c\": 1, \"c\": 2, \"c\": 3}}";
  (void)state;
  reports told = { 0 };
  positions *scanned = NULL;
  assert_int_equal(positions_scan(text, strlen(text), report, &told, &scanned), 0);
  assert_int_equal(told.n, 3);
  bool exact = false;
  text_range range = positions_find(scanned, "/a", false, &exact);
  assert_int_equal(text[range.begin], '1');
  positions_free(scanned);
}

static void a_hundred_thousand_equal_keys_are_no_burden(void **state) {
  enum { KEYS = 100000 };
  (void)state;
  char *text = malloc(KEYS * 8 + 16);
  size_t len = (size_t)sprintf(text, "{");
  for (int i = 0; i < KEYS; i++) {
    len += (size_t)sprintf(text + len, "%s\"k\":1\n", i == 0 ? "" : ",");
  }
  len += (size_t)sprintf(text + len, "}");
  reports told = { 0 };
  positions *scanned = NULL;
  assert_int_equal(positions_scan(text, len, report, &told, &scanned), 0);
  assert_true(told.n > 1 && told.n < 1000);
  positions_free(scanned);
  free(text);
}

static void limits_hold(void **state) {
  (void)state;
  reports told = { 0 };
  positions *scanned = NULL;
  size_t large = POSITIONS_BYTES_MAX + 1;
  char *text = malloc(large + 1);
  memset(text, ' ', large);
  text[large] = '\0';
  assert_int_equal(positions_scan(text, large, report, &told, &scanned), -EINVAL);
  assert_string_equal(told.message, "larger than 8 MiB");
  /* As many values as are allowed, and one more: a list, its elements. */
  for (uint32_t n = POSITIONS_VALUES_MAX - 1; n <= POSITIONS_VALUES_MAX; n++) {
    text[0] = '[';
    for (uint32_t i = 0; i < n; i++) {
      memcpy(text + 1 + 2 * (size_t)i, "1,", 2);
    }
    memcpy(text + 2 * (size_t)n, "]", 2);
    int result = positions_scan(text, 2 * (size_t)n + 1, report, &told, &scanned);
    assert_int_equal(result, n == POSITIONS_VALUES_MAX ? -EINVAL : 0);
    positions_free(result == 0 ? scanned : NULL);
  }
  free(text);
  char deep[2 * (POSITIONS_DEPTH_MAX + 1) + 1] = "";
  for (int depth = POSITIONS_DEPTH_MAX; depth <= POSITIONS_DEPTH_MAX + 1; depth++) {
    memset(deep, '[', (size_t)depth);
    memset(deep + depth, ']', (size_t)depth);
    deep[2 * depth] = '\0';
    int result = positions_scan(deep, strlen(deep), report, &told, &scanned);
    assert_int_equal(result, depth > POSITIONS_DEPTH_MAX ? -EINVAL : 0);
    positions_free(result == 0 ? scanned : NULL);
  }
}

static void free_of_nothing_is_fine(void **state) {
  (void)state;
  positions_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(find_gives_keys_and_values),
    cmocka_unit_test(component_is_decoded),
    cmocka_unit_test(every_prefix_of_a_text_is_refused_once),
    cmocka_unit_test(whatever_passes_cjson_parses_too),
    cmocka_unit_test(equal_keys_are_reported_and_the_first_counts),
    cmocka_unit_test(a_hundred_thousand_equal_keys_are_no_burden),
    cmocka_unit_test(limits_hold),
    cmocka_unit_test(free_of_nothing_is_fine),
  };
  return cmocka_run_group_tests_name("positions", tests, NULL, NULL);
}
