/* SPDX-License-Identifier: Apache-2.0 */

/* Manifests from JSON: what they come out as, and every fault they can have. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/manifest.h"

static const char base_text[] = "{\"name\":\"acme\",\"version\":\"1.0\",\"license\":\"MIT\",\"description\":\"d\","
                                "\"abi\":\"1.0\",\"stages\":{\"s\":{\"role\":\"transform\",\"description\":\"d\"}}}";

static int parse(const char *json, manifest **ret_manifest, qn_error *error) {
  return manifest_parse("acme.so", json, strlen(json), ret_manifest, error);
}

/* JSON merge patch (RFC 7396), as check-manifests has it. */
static void merge(cJSON *base, const cJSON *patch) {
  const cJSON *change;
  cJSON_ArrayForEach(change, patch) {
    cJSON *old = cJSON_GetObjectItemCaseSensitive(base, change->string);
    if (cJSON_IsObject(change) && cJSON_IsObject(old)) {
      merge(old, change);
      continue;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(base, change->string);
    if (!cJSON_IsNull(change)) {
      cJSON_AddItemToObject(base, change->string, cJSON_Duplicate(change, 1));
    }
  }
}

static void row_check(int number, const cJSON *row) {
  const char *expected = cJSON_GetArrayItem(row, 0)->valuestring;
  cJSON *json = cJSON_Parse(base_text);
  merge(json, cJSON_GetArrayItem(row, 1));
  char *text = cJSON_PrintUnformatted(json);
  manifest *made = NULL;
  qn_error error = { 0 };
  int rc = parse(text, &made, &error);
  if ((rc == 0) != (expected[0] == '\0') || strstr(error.message, expected) == NULL) {
    fail_msg("manifests.jsonl:%d: %s\nexpected %s\nsays     %s", number, text, expected, error.message);
  }
  assert_true(rc == 0 || rc == -EINVAL);
  manifest_free(made);
  cJSON_free(text);
  cJSON_Delete(json);
}

static void manifest_of_every_row_has_the_fault_named(void **state) {
  (void)state;
  char path[4096];
  char line[4096];
  snprintf(path, sizeof path, "%s/tests/badplugins/manifests.jsonl", getenv("QANAT_SOURCE_ROOT"));
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  int number = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    cJSON *row = cJSON_Parse(line);
    assert_non_null(row);
    row_check(++number, row);
    cJSON_Delete(row);
  }
  fclose(file);
  assert_true(number > 60);
}

static void manifest_lists_all_faults_at_once(void **state) {
  (void)state;
  qn_error error = { 0 };
  manifest *made = NULL;
  const char *json = "{\"name\":\"acme\",\"abi\":\"1.0\",\"stages\":{\"s\":{\"role\":\"filter\"}}}";
  assert_int_equal(parse(json, &made, &error), -EINVAL);
  assert_string_equal(
      error.message,
      "acme.so: its manifest has 5 faults: the manifest lacks \"version\"; the manifest lacks \"license\"; "
      "the manifest lacks \"description\"; stage \"s\" lacks \"description\"; stage \"s\" \"role\" must "
      "be one of \"source\", \"transform\", \"sink\". Rebuild it with qanat-manifest");
}

static void manifest_comes_out_as_declared(void **state) {
  (void)state;
  const char *json =
      "{\"name\":\"acme\",\"version\":\"1.2\",\"license\":\"MIT\",\"description\":\"d\",\"abi\":\"1.0\",\"data\":[\"w."
      "bin\"],"
      "\"layers\":{\"acme.mood/1\":{\"crosses_breaks\":true,\"columns\":[{\"name\":\"of\",\"type\":\"ref\",\"layer\":"
      "\"token/1\"},{\"name\":\"label\",\"type\":\"symbol\",\"symbols\":[\"glad\",\"sad\"]}]}},"
      "\"stages\":{\"mood\":{\"role\":\"transform\",\"description\":\"d\",\"concurrency\":\"serial\",\"call\":"
      "\"batch\","
      "\"batch\":{\"size\":8},\"view\":{\"reads\":[\"content\",\"text\"],\"provides\":\"mooded\"},\"layers\":{"
      "\"reads\":[\"token/1\"],\"may_read\":[\"entity/1\"],\"provides\":[\"acme.mood/1\"],\"modifies\":[\"block/1\"]},"
      "\"fields\":{\"reads\":[\"language\"],\"writes\":[\"*\"]},\"needs\":[\"network\"]},"
      "\"out\":{\"role\":\"sink\",\"description\":\"e\"}}}";
  qn_error error = { 0 };
  manifest *made = NULL;
  if (parse(json, &made, &error) != 0) {
    fail_msg("%s", error.message);
  }
  assert_string_equal(made->data[0], "w.bin");
  assert_int_equal(made->n_schemas, 1);
  assert_true(made->schemas[0].crosses_breaks);
  assert_string_equal(made->schemas[0].columns[0].layer, "token/1");
  assert_int_equal(made->schemas[0].columns[1].n_symbols, 2);
  assert_int_equal(made->n_stages, 2);
  const stage_info *mood = &made->stages[0];
  assert_int_equal(mood->concurrency, CONCURRENCY_SERIAL);
  assert_int_equal(mood->call, CALL_BATCH);
  assert_int_equal(mood->batch_size, 8);
  assert_true(mood->batch_wait_ms > 0);
  assert_int_equal(mood->n_views_read, 2);
  assert_string_equal(mood->view_provided, "mooded");
  static const struct {
    const char *name;
    layer_access access;
  } layers[] = { { "token/1", LAYER_READS },
                 { "entity/1", LAYER_MAY_READ },
                 { "acme.mood/1", LAYER_PROVIDES },
                 { "block/1", LAYER_MODIFIES } };
  assert_int_equal(mood->n_layers, 4);
  for (uint32_t i = 0; i < 4; i++) {
    assert_string_equal(mood->layers[i].name, layers[i].name);
    assert_int_equal(mood->layers[i].access, layers[i].access);
  }
  assert_string_equal(mood->fields_written[0], "*");
  assert_string_equal(mood->needs[0], "network");
  const stage_info *out = &made->stages[1];
  assert_int_equal(out->role, ROLE_SINK);
  assert_int_equal(out->call, CALL_SYNC);
  assert_int_equal(out->concurrency, CONCURRENCY_ORDERED);
  assert_string_equal(out->views_read[0], "text");
  assert_non_null(out->config);
  assert_ptr_equal(out->manifest, made);
  manifest_free(made);
}

static void manifest_of_another_abi_is_refused_before_its_content(void **state) {
  (void)state;
  static const struct {
    const char *json, *slug, *words;
  } rows[] = {
    { "{\"abi\":\"0.9\",\"what\":1}", "abi-too-old", "acme.so: built for stage ABI 0.9, which this Qanat (ABI 1.0)" },
    { "{\"abi\":\"2.0\",\"what\":1}", "abi-too-new", "acme.so: needs stage ABI 2.0, and this Qanat has 1.0" },
    { "{\"abi\":\"1.99\",\"what\":1}", "abi-too-new", "acme.so: needs stage ABI 1.99, and this Qanat has 1.0" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_error error = { 0 };
    manifest *made = NULL;
    assert_int_equal(parse(rows[i].json, &made, &error), -EPROTO);
    assert_string_equal(error.slug, rows[i].slug);
    assert_non_null(strstr(error.message, rows[i].words));
  }
}

static void manifest_that_is_rubbish_is_refused(void **state) {
  (void)state;
  static const char *const rows[] = {
    "",
    "{",
    "[]",
    "null",
    "\"text\"",
    "{\"abi\":\"1.0\"} x",
    "{\"abi\":\"1.0\",\"abi\":\"1.0\"}",
    "{\"abi\":\"\xFF\"}",
    "{\"abi\":\"1.0\",\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_error error = { 0 };
    manifest *made = NULL;
    assert_int_equal(parse(rows[i], &made, &error), -EINVAL);
    assert_true(strlen(error.message) > strlen("acme.so: "));
    assert_null(made);
  }
  qn_error error = { 0 };
  manifest *made = NULL;
  assert_int_equal(manifest_parse("acme.so", base_text, ((size_t)1 << 20) + 1, &made, &error), -EINVAL);
  assert_int_equal(manifest_parse("acme.so", "{\"a\":\0}", 7, &made, &error), -EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(manifest_of_every_row_has_the_fault_named),
    cmocka_unit_test(manifest_lists_all_faults_at_once),
    cmocka_unit_test(manifest_comes_out_as_declared),
    cmocka_unit_test(manifest_of_another_abi_is_refused_before_its_content),
    cmocka_unit_test(manifest_that_is_rubbish_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
