/* SPDX-License-Identifier: Apache-2.0 */

/* Errors: filled in one call, cut between code points. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "document/error.h"

static void error_takes_code_slug_and_message(void **state) {
  (void)state;
  qn_error error;
  assert_int_equal(error_set(&error, -EINVAL, "bad-thing", "row %d: %s", 3, "wrong"), -EINVAL);
  assert_int_equal(error.code, -EINVAL);
  assert_string_equal(error.slug, "bad-thing");
  assert_string_equal(error.message, "row 3: wrong");
  assert_int_equal(error_set(&error, -ENOMEM, NULL, "none"), -ENOMEM);
  assert_string_equal(error.slug, "");
  assert_int_equal(error_set(NULL, -EIO, "x", "nobody listens"), -EIO);
}

static void long_message_is_cut_between_code_points(void **state) {
  (void)state;
  static const char *const points[] = { "x", "\xD9\x85", "\xE2\x82\xAC", "\xF0\x9F\x98\x80" };
  for (size_t len = 1; len <= 4; len++) {
    for (size_t shift = 0; shift < 4; shift++) {
      char text[2048] = "";
      size_t at = 0;
      for (; at < shift; at++) {
        text[at] = '.';
      }
      while (at + len < sizeof text) {
        memcpy(text + at, points[len - 1], len);
        at += len;
      }
      text[at] = '\0';
      qn_error error;
      error_set(&error, -EINVAL, "long", "%s", text);
      size_t kept = strlen(error.message);
      assert_true(kept < sizeof error.message && kept >= sizeof error.message - 4);
      assert_int_equal((kept - shift) % len, 0);
      assert_memory_equal(error.message, text, kept);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(error_takes_code_slug_and_message),
    cmocka_unit_test(long_message_is_cut_between_code_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
