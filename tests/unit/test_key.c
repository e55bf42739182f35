/* SPDX-License-Identifier: Apache-2.0 */

/* Keys of names: what counts, and that joining and taking apart agree with hashing the whole. */
#include "entities/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static key of(const char *form) {
  return key_of(form, strlen(form));
}

static void assert_same(const char *a, const char *b) {
  assert_true(of(a).hash == of(b).hash && of(a).len == of(b).len);
}

static void assert_other(const char *a, const char *b) {
  assert_true(key_print(of(a)) != key_print(of(b)));
}

static void key_punctuation_does_not_count(void **state) {
  (void)state;
  assert_same("j.p. morgan", "jp morgan");
  assert_same("jp morgan", "jpmorgan");
  assert_same("ان-فيديا", "ان فيديا");
  assert_same("at&t", "at t");
}

static void key_plus_and_points_in_numbers_count(void **state) {
  (void)state;
  assert_other("opec+", "opec");
  assert_other("gpt 3.5", "gpt 35");
  assert_same("gpt-3.5", "gpt 3.5");
  assert_same("3.", "3");
}

static void key_order_counts(void **state) {
  (void)state;
  assert_other("ab", "ba");
  assert_other("abab", "baba");
  assert_other("بكين", "كبين");
}

static void key_joined_is_key_of_whole(void **state) {
  (void)state;
  key joined = key_join(of("سيتي"), of("جروب"));
  assert_true(key_print(joined) == key_print(of("سيتي جروب")));
  assert_true(key_print(key_join(of(""), of("x"))) == key_print(of("x")));
}

static void key_after_prefix_is_key_of_rest(void **state) {
  (void)state;
  assert_true(key_print(key_after(of("والصين"), of("و"))) == key_print(of("الصين")));
  assert_true(key_print(key_after(of("الصين"), of(""))) == key_print(of("الصين")));
  assert_true(key_after(of("و"), of("والصين")).len > KEY_BYTES_MAX);
}

static void key_too_long_matches_nothing(void **state) {
  (void)state;
  char text[2 * KEY_BYTES_MAX];
  memset(text, 'a', sizeof text);
  assert_true(key_of(text, sizeof text).len > KEY_BYTES_MAX);
  key half = key_of(text, KEY_BYTES_MAX);
  assert_true(half.len == KEY_BYTES_MAX);
  assert_true(key_join(half, of("b")).len > KEY_BYTES_MAX);
  assert_true(key_join(key_of(text, sizeof text), half).len > KEY_BYTES_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(key_punctuation_does_not_count),
    cmocka_unit_test(key_plus_and_points_in_numbers_count),
    cmocka_unit_test(key_order_counts),
    cmocka_unit_test(key_joined_is_key_of_whole),
    cmocka_unit_test(key_after_prefix_is_key_of_rest),
    cmocka_unit_test(key_too_long_matches_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
