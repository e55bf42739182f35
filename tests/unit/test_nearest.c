/* SPDX-License-Identifier: Apache-2.0 */

/* Which word "did you mean" offers, and when it keeps silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/config.h"

static void nearest_of_slips_is_the_word_meant(void **state) {
  (void)state;
  static const char *const words[] = { "sentences", "summarize", "path", "id", "max_words" };
  static const struct {
    const char *word, *expected;
  } rows[] = {
    { "sentence", "sentences" },   /* left out */
    { "sentencess", "sentences" }, /* added */
    { "sentemces", "sentences" },  /* changed */
    { "setnences", "sentences" },  /* swapped */
    { "SUMMARIZE", "summarize" },  /* case */
    { "sumarise", "summarize" },
    { "pth", "path" },
    { "maxwords", "max_words" },
    { "di", "id" },
    { "colour", NULL },
    { "x", NULL },
    { "", NULL },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *near = config_nearest(rows[i].word, words, sizeof words / sizeof words[0]);
    if (rows[i].expected == NULL) {
      assert_null(near);
    } else {
      assert_non_null(near);
      assert_string_equal(near, rows[i].expected);
    }
  }
}

static void nearest_of_very_long_words_is_none(void **state) {
  (void)state;
  char word[5000];
  memset(word, 'a', sizeof word - 1);
  word[sizeof word - 1] = '\0';
  const char *const words[] = { word, "abc" };
  assert_null(config_nearest(word, words, 2));
  assert_string_equal(config_nearest("ab", words, 2), "abc");
}

static void nearest_without_candidates_is_none(void **state) {
  (void)state;
  assert_null(config_nearest("path", NULL, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(nearest_of_slips_is_the_word_meant),
    cmocka_unit_test(nearest_of_very_long_words_is_none),
    cmocka_unit_test(nearest_without_candidates_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
