/* SPDX-License-Identifier: Apache-2.0 */

/* What the conformance checker makes up is valid: documents for every manifest, configurations for every schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/config_case.h"
#include "conformance/world.h"
#include "plugin/config.h"

#include <cmocka.h>

enum { SAMPLES = 160 };

/* Reads and changes everything there is, and a layer with a column of every type. */
static const char greedy[] =
    "{\"name\":\"greedy\",\"version\":\"1.0\",\"license\":\"MIT\",\"description\":\"Reads.\",\"abi\":\"1.0\","
    "\"layers\":{\"test.all/1\":{\"columns\":[{\"name\":\"u\",\"type\":\"u32\"},{\"name\":\"i\",\"type\":\"i64\"},"
    "{\"name\":\"f\",\"type\":\"f64\"},{\"name\":\"s\",\"type\":\"str\"},{\"name\":\"r\",\"type\":\"ref\",\"layer\":"
    "\"token/1\"},"
    "{\"name\":\"p\",\"type\":\"span\"},{\"name\":\"m\",\"type\":\"symbol\",\"symbols\":[\"a\",\"b\"]}]}},"
    "\"stages\":{\"greedy\":{\"role\":\"transform\",\"description\":\"Reads.\","
    "\"view\":{\"reads\":[\"normalized\",\"content\",\"text\"]},"
    "\"layers\":{\"reads\":[\"token/1\",\"sentence/1\",\"block/1\"],"
    "\"may_read\":[\"part/1\",\"entity/1\",\"quote/1\",\"keyphrase/1\",\"summary/1\"],\"modifies\":[\"test.all/1\"]},"
    "\"fields\":{\"reads\":[\"title\",\"byline\"]}},"
    "\"raw\":{\"role\":\"transform\",\"description\":\"Decodes.\",\"view\":{\"reads\":[\"payload\"],\"provides\":"
    "\"text\"}}}}";

static manifest *manifest_of(const char *json) {
  manifest *made = NULL;
  qn_error error = { 0 };
  if (manifest_parse("test.json", json, strlen(json), &made, &error) != 0) {
    fail_msg("%s", error.message);
  }
  return made;
}

static void all_samples_in(const stage_info *info, world_kind kind) {
  static const manifest none = { 0 };
  world in;
  qn_error error = { 0 };
  if (world_open(&in, info, &none, kind, &error) != 0) {
    fail_msg("%s", error.message);
  }
  for (uint32_t i = 0; i < SAMPLES; i++) {
    sample from, again;
    document *first = NULL, *second = NULL;
    assert_int_equal(sample_make(7, i, &from), 0);
    assert_int_equal(sample_make(7, i, &again), 0);
    assert_int_equal(from.len, again.len);
    if (world_document(&in, &from, &first, &error) != 0 || world_document(&in, &again, &second, &error) != 0) {
      fail_msg("sample %u (%s): %s", i, from.name, error.message);
    }
    char *one = world_dump(&in, first), *other = world_dump(&in, second);
    assert_non_null(one);
    assert_string_equal(one, other);
    free(one);
    free(other);
    document_unref(first);
    document_unref(second);
    sample_done(&from);
    sample_done(&again);
  }
  world_close(&in);
}

static void world_makes_every_sample_valid_and_the_same_each_time(void **state) {
  (void)state;
  manifest *from = manifest_of(greedy);
  for (uint32_t i = 0; i < from->n_stages; i++) {
    all_samples_in(&from->stages[i], WORLD_RICH);
    all_samples_in(&from->stages[i], WORLD_BARE);
  }
  manifest_free(from);
}

/* --- configurations --- */

static const char schema_text[] = "{\"type\":\"object\",\"required\":[\"name\",\"rules\",\"level\"],\"properties\":{"
                                  "\"name\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":5},"
                                  "\"mode\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"],\"default\":\"a\"},"
                                  "\"level\":{\"type\":\"integer\",\"minimum\":-3,\"maximum\":9},"
                                  "\"share\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1,\"default\":0.5},"
                                  "\"loud\":{\"type\":\"boolean\"},"
                                  "\"when\":{\"type\":\"predicate\"},"
                                  "\"words\":{\"type\":\"file\"},"
                                  "\"headers\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
                                  "\"rules\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,\"items\":{\"type\":"
                                  "\"object\",\"required\":[\"value\"],"
                                  "\"properties\":{\"value\":{\"type\":\"integer\"}}}}}}";

static const config_words words = { "word", "a.txt" };

static void first_report(void *arg, const char *pointer, int at_key, const char *message) {
  const char **said = arg;
  (void)pointer;
  (void)at_key;
  static char kept[300];
  if (*said == NULL) {
    snprintf(kept, sizeof kept, "%s", message);
    *said = kept;
  }
}

static void config_least_and_others_are_taken(void **state) {
  (void)state;
  cJSON *schema = cJSON_Parse(schema_text), *least = config_least(schema, &words), *filled = NULL;
  const char *said = NULL;
  assert_non_null(schema);
  if (config_check(schema, least, first_report, &said, &filled) != 0) {
    fail_msg("%s", said);
  }
  for (uint32_t i = 0; i < 300; i++) {
    chance luck = chance_for(3, i);
    cJSON *again = NULL, *other = config_other(schema, filled, &luck, i % 2 == 0);
    said = NULL;
    if (config_check(schema, other, first_report, &said, &again) != 0) {
      fail_msg("%u: %s", i, said);
    }
    cJSON_Delete(again);
    cJSON_Delete(other);
  }
  cJSON_Delete(filled);
  cJSON_Delete(least);
  cJSON_Delete(schema);
}

typedef struct bad_count {
  const cJSON *schema;
  uint32_t n;
} bad_count;

static void refuse_one(void *arg, const cJSON *bad, const char *what) {
  bad_count *self = arg;
  cJSON *taken = NULL;
  self->n++;
  if (config_check(self->schema, bad, NULL, NULL, &taken) == 0) {
    fail_msg("%s: taken", what);
  }
}

static void config_bad_ones_are_each_refused(void **state) {
  (void)state;
  cJSON *schema = cJSON_Parse(schema_text), *least = config_least(schema, &words);
  bad_count count = { schema, 0 };
  config_bad_all(schema, least, refuse_one, &count);
  assert_true(count.n > 60); /* ten keys, several ways each */
  cJSON_Delete(least);
  cJSON_Delete(schema);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(world_makes_every_sample_valid_and_the_same_each_time),
    cmocka_unit_test(config_least_and_others_are_taken),
    cmocka_unit_test(config_bad_ones_are_each_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
