/* SPDX-License-Identifier: Apache-2.0 */

/* Manifests, configs and the registry with memory that runs out: at the first allocation, at the second, and so on
 * until it is enough. Whatever happens, nothing is lost, nothing crashes, and there is a message. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/config.h"
#include "plugin/registry.h"

/* After the ABI: cmocka has a macro called fail, as the host table has a function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The linker sends these names here (--wrap), and cJSON's hooks do. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

static uint32_t n_left = UINT32_MAX; /* allocations until one fails; UINT32_MAX: none does */
static bool only_one;                /* after it there is memory again */
static bool has_failed;

static bool is_spent(void) {
  if (n_left == UINT32_MAX || (has_failed && only_one)) {
    return false;
  }
  n_left -= n_left > 0;
  has_failed = has_failed || n_left == 0;
  return n_left == 0;
}

void *__wrap_malloc(size_t size) {
  return is_spent() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
  return is_spent() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size) {
  return is_spent() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text) {
  return is_spent() ? NULL : __real_strdup(text);
}

/* Runs attempt with ever more memory until it had enough; there it must have succeeded. */
static void sweep(bool (*attempt)(void), uint32_t n_least) {
  for (int mode = 0; mode < 2; mode++) {
    only_one = mode == 1;
    bool done = false;
    uint32_t n = 0;
    while (!done) {
      n_left = ++n;
      has_failed = false;
      bool succeeded = attempt();
      n_left = UINT32_MAX;
      done = !has_failed;
      assert_true(!done || succeeded);
      assert_true(n < 100000);
    }
    assert_true(n > n_least);
  }
}

static const char manifest_text[] =
    "{\"name\":\"acme\",\"version\":\"1\",\"license\":\"MIT\",\"description\":\"d\",\"abi\":\"1.0\",\"data\":[\"w\"],"
    "\"layers\":{\"acme.mood/1\":{\"columns\":[{\"name\":\"label\",\"type\":\"symbol\",\"symbols\":[\"a\",\"b\"]}]}},"
    "\"stages\":{\"mood\":{\"role\":\"transform\",\"description\":\"d\",\"view\":{\"reads\":[\"text\"]},\"layers\":{"
    "\"reads\":[\"token/1\"],\"provides\":[\"acme.mood/1\"]},\"fields\":{\"reads\":[\"language\"],\"writes\":[\"*\"]},"
    "\"needs\":[\"files\"]},\"plain\":{\"role\":\"sink\",\"description\":\"d\",\"config\":{\"type\":\"object\","
    "\"properties\":{\"n\":{\"type\":\"integer\",\"default\":1},\"o\":{\"type\":\"object\",\"default\":{},"
    "\"properties\":{\"s\":{\"type\":\"string\",\"default\":\"x\"}}}}}}}}";

static bool parse_attempt(void) {
  manifest *made = NULL;
  qn_error error = { 0 };
  int rc = manifest_parse("acme.so", manifest_text, sizeof manifest_text - 1, &made, &error);
  uint32_t kept = n_left;
  n_left = UINT32_MAX;
  assert_int_equal(rc == 0, made != NULL);
  assert_int_equal(rc < 0, error.message[0] != '\0');
  manifest_free(made);
  n_left = kept;
  return rc == 0;
}

static void manifest_survives_want_of_memory(void **state) {
  (void)state;
  sweep(parse_attempt, 50);
}

static const cJSON *schema;
static const cJSON *config;

static void report(void *arg, const char *pointer, int at_key, const char *message) {
  (void)arg;
  (void)pointer;
  (void)at_key;
  assert_true(message[0] != '\0');
}

static bool config_attempt(void) {
  cJSON *filled = NULL;
  int n_faults = config_check(schema, config, report, NULL, &filled);
  assert_int_equal(n_faults == 0, filled != NULL);
  cJSON_Delete(filled);
  return n_faults == 0;
}

static void config_survives_want_of_memory(void **state) {
  (void)state;
  manifest *made = NULL;
  assert_int_equal(manifest_parse("acme.so", manifest_text, sizeof manifest_text - 1, &made, NULL), 0);
  cJSON *given = cJSON_Parse("{\"n\":5}");
  schema = made->stages[1].config;
  config = given;
  sweep(config_attempt, 5);
  cJSON_Delete(given);
  manifest_free(made);
}

static char folder[4096];

static bool registry_attempt(void) {
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  registry *found = NULL;
  qn_error error = { 0 };
  int rc = registry_new(&options, &found, &error);
  assert_int_equal(rc == 0, found != NULL);
  assert_int_equal(rc < 0, error.message[0] != '\0');
  for (uint32_t i = 0; found != NULL && i < registry_n_refusals(found); i++) {
    assert_true(registry_refusal_at(found, i)->error.message[0] != '\0');
  }
  bool whole = rc == 0 && registry_find(found, "create-fails") != NULL && registry_n_refusals(found) > 5;
  registry_free(found);
  return whole;
}

static void registry_survives_want_of_memory(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "%s/tests/badplugins", getenv("QANAT_BUILD_ROOT"));
  sweep(registry_attempt, 100);
}

int main(void) {
  cJSON_Hooks hooks = { __wrap_malloc, free };
  cJSON_InitHooks(&hooks);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(manifest_survives_want_of_memory),
    cmocka_unit_test(config_survives_want_of_memory),
    cmocka_unit_test(registry_survives_want_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
