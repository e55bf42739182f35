/* SPDX-License-Identifier: Apache-2.0 */

/* What a plan holds when all is well. What is said when it is not stands in tests/golden. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipeline/plan.h"
#include "planner_world.h"

/* cmocka names a macro fail, as the host table does a function: it comes last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SOURCE "\"source\": { \"use\": \"lines\", \"with\": { \"paths\": [\"in\"] } }"

static registry *installed;

static plan *plan_of(const char *text, const plan_options *options) {
  faults *found = NULL;
  plan *made = NULL;
  assert_int_equal(faults_new(&found), 0);
  int result = plan_parse("folder/news.json", text, strlen(text), installed, options, &made, found);
  if (result != 0) {
    faults_print(found, stderr, false);
  }
  assert_int_equal(result, 0);
  assert_int_equal(faults_count(found), 0);
  faults_free(found);
  return made;
}

/* The number of faults, and the text that is printed of them if wanted. */
static uint32_t faults_of(const char *text, const plan_options *options, char *ret_printed, size_t capacity) {
  faults *found = NULL;
  plan *made = NULL;
  assert_int_equal(faults_new(&found), 0);
  assert_int_equal(plan_parse("news.json", text, strlen(text), installed, options, &made, found), -EINVAL);
  assert_null(made);
  uint32_t n = faults_count(found);
  if (ret_printed != NULL) {
    FILE *stream = fmemopen(ret_printed, capacity, "w");
    faults_print(found, stream, false);
    fclose(stream);
  }
  faults_free(found);
  return n;
}

static const char whole_line[] =
    "{ " SOURCE
    ", \"stages\": [ { \"use\": \"plain\" }, { \"use\": \"fold\" }, { \"use\": \"stops\" }, { \"use\": \"words\" },"
    " { \"use\": \"names\", \"on_error\": \"drop\", \"retry\": { \"delay_ms\": 7 } } ], \"sink\": { \"use\": \"write\" "
    "} }";

static void line_is_planned_in_order(void **state) {
  static const char *const ids[] = { "lines", "plain", "fold", "stops", "words", "names", "write" };
  (void)state;
  plan *made = plan_of(whole_line, NULL);
  assert_string_equal(made->name, "news");
  assert_string_equal(made->path, "folder/news.json");
  assert_string_equal(made->base_folder, "folder");
  assert_int_equal(made->n_stages, 7);
  for (uint32_t i = 0; i < made->n_stages; i++) {
    assert_string_equal(made->stages[i].id, ids[i]);
    assert_int_equal(made->stages[i].n_from, i == 0 ? 0 : 1);
    assert_true(i == 0 || made->stages[i].from[0] == i - 1);
    assert_non_null(made->stages[i].info);
    assert_non_null(made->stages[i].config);
  }
  assert_string_equal(made->stages[6].pointer, "/sink");
  assert_int_equal(made->n_sinks, 1);
  assert_int_equal(made->stages[6].sink_slot, 0);
  assert_int_equal(made->stages[5].on_error, ON_ERROR_DROP);
  assert_int_equal(made->stages[5].retry.attempts, 3);
  assert_int_equal(made->stages[5].retry.delay_ms, 7);
  assert_int_equal(made->stages[4].retry.attempts, 1);
  plan_free(made);
}

static void line_is_cut_into_three_segments(void **state) {
  (void)state;
  plan *made = plan_of(whole_line, NULL);
  assert_int_equal(made->n_segments, 3);
  assert_int_equal(made->segments[0].kind, SEGMENT_SOURCE);
  assert_int_equal(made->segments[1].kind, SEGMENT_PARALLEL);
  assert_int_equal(made->segments[1].n_stages, 6); /* five transforms and the prepare of the sink */
  assert_int_equal(made->segments[1].stages[5], 6);
  assert_int_equal(made->segments[2].kind, SEGMENT_SINK);
  assert_int_equal(made->segments[2].stages[0], 6);
  assert_int_equal(made->stages[6].segment, 2);
  assert_int_equal(made->segments[0].next[0], 1);
  assert_int_equal(made->segments[1].next[0], 2);
  assert_int_equal(made->segments[2].n_next, 0);
  plan_free(made);
}

static void slots_follow_what_is_made(void **state) {
  (void)state;
  plan *made = plan_of(whole_line, NULL);
  const plan_stage *s = made->stages;
  assert_int_equal(s[1].layout.view_reads, SCHEMA_VIEW_PAYLOAD);
  assert_int_equal(s[1].layout.view_provides, SCHEMA_VIEW_TEXT);
  assert_int_equal(s[2].layout.view_reads, SCHEMA_VIEW_TEXT); /* nobody makes "content" here */
  assert_int_equal(s[2].layout.view_provides, 2);
  assert_int_equal(s[3].layout.view_reads, 2);
  assert_int_equal(s[3].layout.view_provides, SCHEMA_VIEW_NONE);
  assert_int_equal(s[3].layout.n_layers, 2);
  assert_int_equal(s[3].layout.layer_slot[0], 255); /* may read block/1, which is not there */
  assert_int_equal(s[3].layout.layer_access[0], LAYER_MAY_READ);
  uint32_t token = schema_set_find(made->schemas, "token/1");
  assert_int_equal(s[4].layout.layer_slot[0], token);
  assert_int_equal(s[4].layout.layer_access[0], LAYER_PROVIDES);
  assert_int_equal(s[5].layout.layer_slot[0], token);
  assert_int_equal(s[5].layout.layer_access[0], LAYER_READS);
  assert_int_equal(schema_set_count(made->schemas), 4);
  assert_true(s[0].layout.may_set_any_field != 0);
  assert_int_equal(s[6].layout.view_reads, SCHEMA_VIEW_TEXT);
  plan_free(made);
}

static void limits_have_standards(void **state) {
  (void)state;
  plan *made = plan_of("{ " SOURCE ", \"sink\": { \"use\": \"drain\" } }", NULL);
  assert_int_equal(made->limits.documents, 256);
  assert_int_equal(made->limits.bytes, 256u * 1024 * 1024);
  assert_int_equal(made->limits.document_bytes, 64u * 1024 * 1024);
  assert_int_equal(made->limits.document_memory, 1024u * 1024 * 1024);
  plan_free(made);
  made =
      plan_of("{ " SOURCE ", \"sink\": { \"use\": \"drain\" }, \"limits\": { \"document_bytes\": \"100 kB\" } }", NULL);
  assert_int_equal(made->limits.document_bytes, 100000);
  assert_int_equal(made->limits.document_memory, 1600000);
  plan_free(made);
}

static void sizes_are_read_in_their_units(void **state) {
  static const struct {
    const char *json;
    size_t bytes;
  } rows[] = { { "70000", 70000 },     { "\"70000\"", 70000 },      { "\"70000B\"", 70000 },
               { "\"64KiB\"", 65536 }, { "\"64K\"", 65536 },        { "\"1.5 MiB\"", 1572864 },
               { "\"1MB\"", 1000000 }, { "\"2GiB\"", 2147483648u }, { "\"2GB\"", 2000000000u } };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[256];
    snprintf(text, sizeof text, "{ " SOURCE ", \"sink\": { \"use\": \"drain\" }, \"limits\": { \"bytes\": %s } }",
             rows[i].json);
    plan *made = plan_of(text, NULL);
    assert_int_equal(made->limits.bytes, rows[i].bytes);
    plan_free(made);
  }
  static const char *const wrong[] = { "\"64 kiB\"", "\"1,5MiB\"", "\"MiB\"", "\"1.2.3MiB\"",
                                       "\"-5MiB\"",  "\"1e3\"",    "true",    "\"9999999999GiB\"" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char text[256];
    snprintf(text, sizeof text, "{ " SOURCE ", \"sink\": { \"use\": \"drain\" }, \"limits\": { \"bytes\": %s } }",
             wrong[i]);
    assert_int_equal(faults_of(text, NULL, NULL, 0), 1);
  }
}

static void defaults_of_a_config_are_filled_in(void **state) {
  (void)state;
  plan *made = plan_of(whole_line, NULL);
  const cJSON *least = cJSON_GetObjectItemCaseSensitive(made->stages[5].config, "least");
  assert_true(cJSON_IsNumber(least) && least->valuedouble > 0.4 && least->valuedouble < 0.6);
  const cJSON *path = cJSON_GetObjectItemCaseSensitive(made->stages[6].config, "path");
  assert_string_equal(cJSON_GetStringValue(path), "-");
  plan_free(made);
}

static void options_change_the_plan(void **state) {
  static const char *const sets[] = { "limits.documents=3", "stages.names.with.least=0.25", "order=any" };
  static const char *const inputs[] = { "a.txt", "b.txt" };
  const plan_options options = { .sets = sets, .n_sets = 3, .inputs = inputs, .n_inputs = 2, .output = "out.jsonl" };
  (void)state;
  plan *made = plan_of(whole_line, &options);
  assert_int_equal(made->limits.documents, 3);
  assert_true(made->any_order);
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(made->stages[6].config, "path")),
                      "out.jsonl");
  const cJSON *paths = cJSON_GetObjectItemCaseSensitive(made->stages[0].config, "paths");
  assert_int_equal(cJSON_GetArraySize(paths), 2);
  assert_string_equal(cJSON_GetArrayItem(paths, 1)->valuestring, "b.txt");
  plan_free(made);
}

static void secrets_are_used_but_not_shown(void **state) {
  char name[] = "qanat-secret-XXXXXX";
  char path[4096];
  (void)state;
  int descriptor = mkstemp(name);
  assert_true(descriptor >= 0);
  assert_non_null(realpath(name, path));
  assert_int_equal(write(descriptor, "hunter22\n", 9), 9);
  close(descriptor);
  char text[8192];
  snprintf(text, sizeof text,
           "{ " SOURCE ", \"stages\": [ { \"use\": \"plain\" }, { \"use\": \"words\" }, { \"use\": \"names\" },"
           " { \"use\": \"links\", \"with\": { \"url\": \"u\", \"key\": \"${file:%s}\" } } ], \"sink\": { \"use\": "
           "\"write\" } }",
           path);
  plan *made = plan_of(text, NULL);
  const plan_stage *stage = &made->stages[4];
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(stage->config, "key")), "hunter22");
  assert_int_equal(stage->n_secrets, 1);
  assert_string_equal(stage->secrets[0], "/key");
  cJSON *shown = plan_config_shown(stage);
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(shown, "key")), "[secret]");
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(shown, "url")), "u");
  cJSON_Delete(shown);
  plan_free(made);
  unlink(path);
}

static void substitution_is_bounded(void **state) {
  enum { STRINGS = 5000 };
  (void)state;
  char *large = malloc(100 * 1024 + 1);
  memset(large, 'x', 100 * 1024);
  large[100 * 1024] = '\0';
  setenv("QANAT_TEST_LARGE", large, 1);
  char *text = malloc(STRINGS * 32 + 1024);
  /* One string of over a megabyte. */
  size_t len = (size_t)sprintf(text, "{ \"source\": { \"use\": \"lines\", \"with\": { \"paths\": [\"");
  for (int i = 0; i < 11; i++) {
    len += (size_t)sprintf(text + len, "${QANAT_TEST_LARGE}");
  }
  sprintf(text + len, "\"] } }, \"sink\": { \"use\": \"drain\" } }");
  assert_int_equal(faults_of(text, NULL, NULL, 0), 1);
  /* Too many strings, and too many megabytes of them. */
  len = (size_t)sprintf(text, "{ \"source\": { \"use\": \"lines\", \"with\": { \"paths\": [\"a\"");
  for (int i = 0; i < STRINGS; i++) {
    len += (size_t)sprintf(text + len, ", \"${QANAT_TEST_LARGE}\"");
  }
  sprintf(text + len, "] } }, \"sink\": { \"use\": \"drain\" } }");
  assert_true(faults_of(text, NULL, NULL, 0) > 1);
  unsetenv("QANAT_TEST_LARGE");
  free(text);
  free(large);
}

static void faults_are_capped_but_counted(void **state) {
  enum { STAGES = 200, KEYS = 5 };
  (void)state;
  char *text = malloc(STAGES * 128 + 1024);
  size_t len = (size_t)sprintf(text, "{ " SOURCE ", \"sink\": { \"use\": \"drain\" }, \"stages\": [\n");
  for (int i = 0; i < STAGES; i++) {
    len += (size_t)sprintf(text + len, "%s{ \"use\": \"plain\", \"a\": 1, \"b\": 1, \"c\": 1, \"e\": 1, \"g\": 1 }\n",
                           i == 0 ? "" : ",");
  }
  sprintf(text + len, "] }");
  char *printed = malloc(1024 * 1024);
  assert_true(faults_of(text, NULL, printed, 1024 * 1024) >= STAGES * KEYS);
  assert_non_null(strstr(printed, "... and "));
  free(printed);
  free(text);
}

static void too_many_stages_are_refused(void **state) {
  (void)state;
  char *text = malloc(300 * 32 + 1024);
  size_t len =
      (size_t)sprintf(text, "{ " SOURCE ", \"sink\": { \"use\": \"drain\" }, \"stages\": [ { \"use\": \"plain\" }");
  for (int i = 0; i < 300; i++) {
    len += (size_t)sprintf(text + len, ", { \"use\": \"script\" }");
  }
  sprintf(text + len, "] }");
  assert_int_equal(faults_of(text, NULL, NULL, 0), 1);
  free(text);
}

static void files_that_cannot_be_read_are_faults(void **state) {
  static const struct {
    const char *path;
    int result;
  } rows[] = { { "/no/such/file.json", -ENOENT }, { "/", -EISDIR }, { "/dev/zero", -EFBIG }, { "/dev/null", -EINVAL } };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    faults *found = NULL;
    plan *made = NULL;
    assert_int_equal(faults_new(&found), 0);
    assert_int_equal(plan_make(rows[i].path, installed, NULL, &made, found), rows[i].result);
    assert_int_equal(faults_count(found), 1);
    assert_null(made);
    faults_free(found);
  }
}

static void printing_twice_prints_the_same(void **state) {
  char texts[2][8192] = { "", "" };
  (void)state;
  for (int i = 0; i < 2; i++) {
    plan *made = plan_of(whole_line, NULL);
    FILE *stream = fmemopen(texts[i], sizeof texts[i], "w");
    plan_print(made, stream);
    fclose(stream);
    plan_free(made);
  }
  assert_string_equal(texts[0], texts[1]);
  assert_non_null(strstr(texts[0], "segment 1: parallel"));
}

static int world_open(void **state) {
  (void)state;
  installed = planner_world_new();
  return 0;
}

static int world_close(void **state) {
  (void)state;
  registry_free(installed);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(line_is_planned_in_order),       cmocka_unit_test(line_is_cut_into_three_segments),
    cmocka_unit_test(slots_follow_what_is_made),      cmocka_unit_test(limits_have_standards),
    cmocka_unit_test(sizes_are_read_in_their_units),  cmocka_unit_test(defaults_of_a_config_are_filled_in),
    cmocka_unit_test(options_change_the_plan),        cmocka_unit_test(secrets_are_used_but_not_shown),
    cmocka_unit_test(substitution_is_bounded),        cmocka_unit_test(faults_are_capped_but_counted),
    cmocka_unit_test(too_many_stages_are_refused),    cmocka_unit_test(files_that_cannot_be_read_are_faults),
    cmocka_unit_test(printing_twice_prints_the_same),
  };
  return cmocka_run_group_tests_name("plan", tests, world_open, world_close);
}
