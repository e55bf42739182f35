/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8: what is valid, where the fault is, that the vector kernel agrees with the scalar one, and repair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/utf8.h"
#include "document_fixture.h"

typedef struct piece {
  const char *bytes;
  size_t len;
  bool valid;
} piece;

static const piece pieces[] = {
  { "a", 1, true },
  { "\x7F", 1, true },
  { "\x01", 1, true },
  { "\xC2\x80", 2, true },
  { "\xDF\xBF", 2, true },
  { "\xE0\xA0\x80", 3, true },
  { "\xED\x9F\xBF", 3, true },
  { "\xEE\x80\x80", 3, true },
  { "\xEF\xBF\xBF", 3, true },
  { "\xF0\x90\x80\x80", 4, true },
  { "\xF4\x8F\xBF\xBF", 4, true },
  { "\0", 1, false },   /* NUL */
  { "\x80", 1, false }, /* a continuation alone */
  { "\xBF", 1, false },
  { "\xC0\x80", 2, false }, /* overlong */
  { "\xC1\xBF", 2, false },
  { "\xE0\x9F\xBF", 3, false },
  { "\xF0\x8F\xBF\xBF", 4, false },
  { "\xED\xA0\x80", 3, false }, /* surrogates */
  { "\xED\xBF\xBF", 3, false },
  { "\xF4\x90\x80\x80", 4, false }, /* above U+10FFFF */
  { "\xF5\x80\x80\x80", 4, false },
  { "\xFF", 1, false },
  { "\xC2", 1, false }, /* cut short */
  { "\xE0\xA0", 2, false },
  { "\xF0\x90\x80", 3, false },
};

enum { N_PIECES = sizeof pieces / sizeof *pieces, N_VALID = 11 };

/* Every piece at every place of a vector, after and before text of either kind. */
static void piece_anywhere_in_a_text_is_judged_alike(void **state) {
  (void)state;
  uint8_t text[256];
  for (size_t i = 0; i < N_PIECES; i++) {
    for (size_t before = 0; before < 100; before++) {
      for (int arabic = 0; arabic < 2; arabic++) {
        size_t len = 0;
        while (len + 2 <= before) {
          memcpy(text + len, arabic ? "\xD9\x85" : "ab", 2);
          len += 2;
        }
        size_t at = len;
        memcpy(text + len, pieces[i].bytes, pieces[i].len);
        len += pieces[i].len;
        size_t end = len;
        while (len < at + 90) {
          text[len++] = 'z';
        }
        for (size_t n = end; n <= len; n += 15) {
          assert_int_equal(utf8_valid(text, n), pieces[i].valid);
          assert_int_equal(utf8_valid_scalar(text, n), pieces[i].valid);
          assert_int_equal(utf8_fault(text, n), pieces[i].valid ? n : at);
        }
      }
    }
  }
}

static void random_bytes_are_judged_alike_by_both_kernels(void **state) {
  (void)state;
  fixture_random random = { 11 };
  uint8_t text[400];
  uint32_t n_valid = 0;
  enum { ROUNDS = 200000 };
  for (uint32_t round = 0; round < ROUNDS; round++) {
    size_t len = 0;
    size_t wanted = fixture_next(&random, 300);
    uint32_t faults = fixture_next(&random, 3) == 0 ? 30 : 0;
    while (len < wanted) {
      uint32_t any = faults != 0 && fixture_next(&random, faults) == 0;
      const piece *next = &pieces[fixture_next(&random, any ? N_PIECES : N_VALID)];
      memcpy(text + len, next->bytes, next->len);
      len += next->len;
    }
    if (len > 0 && fixture_next(&random, 4) == 0) {
      text[fixture_next(&random, (uint32_t)len)] ^= (uint8_t)(1u << fixture_next(&random, 8));
    }
    bool valid = utf8_valid_scalar(text, len);
    assert_int_equal(utf8_valid(text, len), valid);
    n_valid += valid;
  }
  assert_true(n_valid > ROUNDS / 4 && n_valid < ROUNDS / 4 * 3 + ROUNDS / 8);
}

static void repaired_text_is_valid_and_keeps_what_was(void **state) {
  (void)state;
  static const struct {
    const char *from;
    size_t len;
    const char *to;
  } rows[] = {
    { "plain", 5, "plain" },
    { "a\xFFz", 3, "a\xEF\xBF\xBDz" },
    { "a\0z", 3, "a\xEF\xBF\xBDz" },
    { "\xD9\x85\xD9", 3, "\xD9\x85\xEF\xBF\xBD" },
    { "\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
    { "", 0, "" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t repaired[64];
    size_t len = utf8_repair((const uint8_t *)rows[i].from, rows[i].len, repaired);
    assert_int_equal(len, strlen(rows[i].to));
    assert_memory_equal(repaired, rows[i].to, len);
    assert_true(utf8_valid(repaired, len));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(piece_anywhere_in_a_text_is_judged_alike),
    cmocka_unit_test(random_bytes_are_judged_alike_by_both_kernels),
    cmocka_unit_test(repaired_text_is_valid_and_keeps_what_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
