/* SPDX-License-Identifier: Apache-2.0 */

/* Fixtures: what is read is what was written, and what is wrong is said. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "qanat/harness.h"

static char said[4096];

static qn_harness *open_stage(const char *stage) {
  const qn_harness_options options = { .plugin = &qn_plugin_v1,
                                       .manifest = SUBJECT_FOLDER "/manifest.json",
                                       .stage = stage };
  qn_harness *harness = NULL;
  if (qn_harness_open(&options, &harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  return harness;
}

static qn_harness_doc *read_fixture(qn_harness *harness, const char *json) {
  qn_harness_doc *doc = NULL;
  if (qn_harness_doc_json(harness, json, strlen(json), &doc, said, sizeof said) != 0) {
    fail_msg("%s: %s", json, said);
  }
  return doc;
}

/* Reads the text, and asserts that writing it again gives the same. */
static void assert_round_trip(qn_harness *harness, const char *json) {
  qn_harness_doc *doc = read_fixture(harness, json);
  char *dump = qn_harness_doc_dump(doc);
  assert_string_equal(dump, json);
  free(dump);
}

static void fixtures_survive_a_round_trip(void **state) {
  static const char *const rows[] = {
    "{\"text\":\"\",\"views\":{},\"fields\":{},\"layers\":{}}",
    "{\"payload_base64\":\"gQ==\",\"views\":{},\"fields\":{},\"layers\":{}}",
    "{\"payload_base64\":\"AIH+\",\"views\":{},\"fields\":{},\"layers\":{}}",
    "{\"text\":\"glad\",\"views\":{},\"fields\":{\"big\":{\"i64\":\"9007199254740995\"},\"f\":{\"f64\":3},"
    "\"h\":0.5,\"language\":\"en\",\"n\":-4,\"t\":true,\"title\":{\"begin\":0,\"end\":4}},\"layers\":{}}",
    "{\"payload\":\"<b>x\",\"views\":{\"text\":{\"of\":\"payload\",\"text\":\"x\",\"runs\":[[0,3,\"copy\"]]}},"
    "\"fields\":{},\"layers\":{}}",
    "{\"text\":\"one two three\",\"views\":{\"short\":{\"of\":\"text\",\"text\":\"one three\","
    "\"runs\":[[0,0,\"copy\"],[4,8,\"copy+break\"]]}},\"fields\":{},\"layers\":{}}",
    "{\"text\":\"AbC\",\"views\":{\"lower\":{\"of\":\"text\",\"text\":\"abc\","
    "\"runs\":[[0,0,\"replace\"],[1,1,\"copy\"],[2,2,\"replace\"]]}},\"fields\":{},\"layers\":{}}",
    "{\"text\":\"to be\",\"views\":{},\"fields\":{},\"layers\":{\"sentence/1\":[{\"begin\":0,\"end\":5,"
    "\"kind\":\"sentence\"}],\"subject.word/1\":[{\"begin\":0,\"end\":2,\"letters\":2,\"shout\":\"t\","
    "\"size\":\"short\"},{\"begin\":3,\"end\":5,\"letters\":2,\"shout\":null,\"size\":\"long\"}]}}",
  };
  (void)state;
  qn_harness *harness = open_stage("pairs");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_round_trip(harness, rows[i]);
  }
  assert_int_equal(qn_harness_close(harness, NULL, 0), 0);
}

static void random_documents_survive_a_round_trip(void **state) {
  (void)state;
  qn_harness *harness = open_stage("words");
  for (uint64_t seed = 0; seed < 200; seed++) {
    qn_harness_doc *doc = qn_harness_doc_random(harness, seed, (uint32_t)seed * 7);
    assert_non_null(doc);
    qn_harness_process(harness, doc, NULL);
    char *dump = qn_harness_doc_dump(doc);
    assert_round_trip(harness, dump);
    free(dump);
  }
  assert_int_equal(qn_harness_close(harness, NULL, 0), 0);
}

static void wrong_fixtures_are_refused_with_a_reason(void **state) {
  static const struct {
    const char *json, *says;
  } rows[] = {
    { "", "not a JSON object" },
    { "[]", "not a JSON object" },
    { "{}", "it needs a string \"text\"" },
    { "{\"text\":3}", "it needs a string \"text\"" },
    { "{\"text\":\"a\",\"texts\":1}", "no key \"texts\"" },
    { "{\"payload_base64\":\"?\"}", "not base 64" },
    { "{\"text\":\"a\",\"layers\":{\"mood/1\":[]}}", "\"mood/1\" is no layer" },
    { "{\"text\":\"a\",\"layers\":{\"sentence/1\":[{}]}}", "needs \"begin\" and \"end\"" },
    { "{\"text\":\"a\",\"layers\":{\"sentence/1\":[{\"begin\":0,\"end\":9}]}}", "sentence/1" },
    { "{\"text\":\"a\",\"layers\":{\"sentence/1\":[{\"begin\":0,\"end\":1,\"kin\":1}]}}", "no column \"kin\"" },
    { "{\"text\":\"a\",\"layers\":{\"sentence/1\":[{\"begin\":0,\"end\":1,\"kind\":\"x\"}]}}",
      "wrong value for \"kind\"" },
    { "{\"text\":\"a\",\"views\":{\"short\":{}}}", "needs a string \"text\"" },
    { "{\"text\":\"a\",\"views\":{\"short\":{\"text\":\"b\"}}}", "needs \"runs\"" },
    { "{\"text\":\"a\",\"views\":{\"short\":{\"text\":\"b\",\"runs\":[[0,0]]}}}", "must look like" },
    { "{\"text\":\"a\",\"views\":{\"short\":{\"of\":\"no\",\"text\":\"a\"}}}", "needs \"runs\"" },
    { "{\"text\":\"a\",\"fields\":{\"x\":[]}}", "" },
    { "{\"text\":\"a\",\"fields\":[]}", "must be an object" },
  };
  (void)state;
  qn_harness *harness = open_stage("pairs");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_harness_doc *doc = NULL;
    int rc = qn_harness_doc_json(harness, rows[i].json, strlen(rows[i].json), &doc, said, sizeof said);
    if (rows[i].says[0] != '\0' && (rc >= 0 || strstr(said, rows[i].says) == NULL)) {
      fail_msg("row %zu: %d %s", i, rc, said);
    }
  }
  assert_int_equal(qn_harness_close(harness, NULL, 0), 0);
}

static void fixture_of_a_file_is_read(void **state) {
  (void)state;
  char path[] = "/tmp/qanat-fixture-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "{\"text\":\"glad\"}", 15), 15);
  close(fd);
  qn_harness *harness = open_stage("pairs");
  qn_harness_doc *doc = NULL;
  qn_view text;
  assert_int_equal(qn_harness_doc_file(harness, path, &doc, said, sizeof said), 0);
  assert_int_equal(qn_harness_view_get(doc, "text", &text), 0);
  assert_memory_equal(text.data, "glad", 4);
  unlink(path);
  assert_int_equal(qn_harness_doc_file(harness, path, &doc, said, sizeof said), -ENOENT);
  assert_non_null(strstr(said, path));
  assert_int_equal(qn_harness_close(harness, NULL, 0), 0);
}

static void layer_set_by_columns_is_read_back(void **state) {
  (void)state;
  qn_harness *harness = open_stage("pairs");
  qn_harness_doc *doc = qn_harness_doc_text(harness, "to be", 5);
  const uint32_t begin[] = { 0, 3 }, end[] = { 2, 5 }, kind[] = { 0, 1 };
  const void *columns[] = { kind };
  const qn_layer layer = { .n_rows = 2, .n_columns = 1, .begin = begin, .end = end, .columns = columns };
  assert_int_equal(qn_harness_layer_set(doc, "sentence/1", &layer, said, sizeof said), 0);
  qn_layer got;
  assert_int_equal(qn_harness_layer_get(doc, "sentence/1", &got), 0);
  assert_int_equal(got.n_rows, 2);
  assert_int_equal(qn_layer_u32(&got, 0, 1), 1);
  assert_int_equal(qn_harness_layer_set(doc, "sentence/1", &layer, said, sizeof said), -EEXIST);
  assert_int_equal(qn_harness_layer_set(doc, "sentences/1", &layer, said, sizeof said), -ENOENT);
  assert_int_equal(qn_harness_close(harness, NULL, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(fixtures_survive_a_round_trip),
    cmocka_unit_test(random_documents_survive_a_round_trip),
    cmocka_unit_test(wrong_fixtures_are_refused_with_a_reason),
    cmocka_unit_test(fixture_of_a_file_is_read),
    cmocka_unit_test(layer_set_by_columns_is_read_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
