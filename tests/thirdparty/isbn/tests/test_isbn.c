/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the stage isbn, which is loaded as Qanat loads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <qanat/harness.h>

static char said[4096];

static qn_harness *open_stage(const char *config) {
  const qn_harness_options options = { .file = STAGE_FILE, .config = config };
  qn_harness *harness = NULL;
  if (qn_harness_open(&options, &harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  return harness;
}

static void close_clean(qn_harness *harness) {
  if (qn_harness_close(harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
}

static const struct {
  const char *text, *config, *digits;
} rows[] = {
  { "ISBN 978-3-16-148410-0.", "{}", "9783161484100 " },
  { "9783161484100 and 0-306-40615-2", "{}", "9783161484100 0306406152 " },
  { "0-8044-2957-X!", "{}", "080442957X " },
  { "0-8044-2957-X!", "{\"isbn10\": false}", "" },
  { "978-3-16-148410-1", "{}", "" },
  { "x9783161484100 9783161484100x 97831614841000", "{}", "" },
  { "- 1 X 12", "{}", "" },
  { "", "{}", "" },
};

static void numbers_with_the_right_check_digit_are_marked(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_harness *harness = open_stage(rows[i].config);
    qn_harness_doc *doc = qn_harness_doc_text(harness, rows[i].text, strlen(rows[i].text));
    char got[200] = "";
    qn_layer books;
    assert_int_equal(qn_harness_process(harness, doc, NULL), QN_STATUS_OK);
    assert_int_equal(qn_harness_layer_get(doc, "isbn.book/1", &books), 0);
    for (uint32_t row = 0; row < books.n_rows; row++) {
      qn_str digits = qn_layer_str(&books, (uint32_t)qn_harness_column(harness, "isbn.book/1", "digits"), row);
      strncat(got, digits.data, digits.len);
      strcat(got, " ");
    }
    assert_string_equal(got, rows[i].digits);
    close_clean(harness);
  }
}

static void laws_of_every_stage_hold(void **state) {
  static const char *const texts[] = { "ISBN 978-3-16-148410-0, 0-8044-2957-X" };
  (void)state;
  qn_harness *harness = open_stage(NULL);
  if (qn_harness_check_laws(harness, texts, 1, 1, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  close_clean(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_with_the_right_check_digit_are_marked),
    cmocka_unit_test(laws_of_every_stage_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
