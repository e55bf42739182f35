/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the stage busiest, which is loaded as Qanat loads it. */
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

static qn_harness_doc *read_document(qn_harness *harness) {
  qn_harness_doc *doc = NULL;
  if (qn_harness_doc_file(harness, TESTS_FOLDER "/document.json", &doc, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  return doc;
}

static void word_that_stands_most_is_named(void **state) {
  (void)state;
  qn_harness *harness = open_stage(NULL);
  qn_harness_doc *docs[] = { read_document(harness), qn_harness_doc_text(harness, "no words are marked", 19) };
  qn_harness_outcome outcomes[2];
  qn_value value;
  qn_harness_process_batch(harness, docs, 2, outcomes);
  assert_int_equal(outcomes[0].status, QN_STATUS_OK);
  assert_int_equal(outcomes[1].status, QN_STATUS_OK);
  assert_int_equal(qn_harness_field_get(docs[0], "busiest", &value), 0);
  assert_memory_equal(value.as.str.data, "rain", 4);
  assert_int_equal(qn_harness_field_get(docs[0], "busiest_count", &value), 0);
  assert_int_equal(value.as.i64, 3);
  assert_true(qn_harness_field_get(docs[1], "busiest", &value) < 0);
  close_clean(harness);
}

static void short_words_do_not_count(void **state) {
  (void)state;
  qn_harness *harness = open_stage("{\"min_bytes\": 5}");
  qn_harness_doc *doc = read_document(harness);
  qn_value value;
  assert_int_equal(qn_harness_process(harness, doc, NULL), QN_STATUS_OK);
  assert_true(qn_harness_field_get(doc, "busiest", &value) < 0);
  close_clean(harness);
}

static void laws_of_every_stage_hold(void **state) {
  (void)state;
  qn_harness *harness = open_stage("{\"min_bytes\": 1}");
  if (qn_harness_check_laws(harness, NULL, 0, 1, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  close_clean(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(word_that_stands_most_is_named),
    cmocka_unit_test(short_words_do_not_count),
    cmocka_unit_test(laws_of_every_stage_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
