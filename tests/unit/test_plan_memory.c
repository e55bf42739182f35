/* SPDX-License-Identifier: Apache-2.0 */

/* Planning with memory that runs out: at the first allocation, at the second, and so on until it is enough. Whatever
 * happens, nothing is lost, nothing crashes, and there is a fault to print. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_alloc.h"
#include "pipeline/plan.h"
#include "planner_world.h"

/* cmocka names a macro fail, as the host table does a function: it comes last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static registry *installed;

/* One attempt whose n-th allocation fails, once or for good. True if there were fewer. */
static bool attempt(const char *text, const plan_options *options, uint32_t n, bool for_good, int wanted) {
  faults *found = NULL;
  plan *made = NULL;
  assert_int_equal(faults_new(&found), 0);
  if (for_good) {
    failing_alloc_set_for_good(n);
  } else {
    failing_alloc_set(n);
  }
  int result = plan_parse("folder/news.json", text, strlen(text), installed, options, &made, found);
  bool enough = !failing_alloc_failed();
  failing_alloc_set(0);
  if (result != 0) {
    assert_null(made);
    char printed[65536] = "";
    FILE *stream = fmemopen(printed, sizeof printed, "w");
    faults_print(found, stream, false);
    fclose(stream);
    assert_true(faults_count(found) > 0);
    assert_true(printed[0] != '\0');
  } else {
    assert_non_null(made);
  }
  if (enough) {
    assert_int_equal(result, wanted);
  }
  plan_free(made);
  faults_free(found);
  return enough;
}

/* First with memory that stays short, then with one allocation that fails among many that do not. */
static void sweep(const char *text, const plan_options *options, int wanted) {
  for (int mode = 0; mode < 2; mode++) {
    uint32_t n = 1;
    while (!attempt(text, options, n, mode == 0, wanted)) {
      n++;
      assert_true(n < 100000);
    }
    assert_true(n > 50);
  }
}

static void a_good_pipeline_survives_every_failure(void **state) {
  static const char text[] =
      "{ \"name\": \"${QANAT_TEST_NAME:-x}\", \"limits\": { \"bytes\": \"64MiB\" },"
      " \"source\": { \"use\": \"lines\", \"with\": { \"paths\": [\"in\"] } }, \"stages\": [ { \"use\": \"plain\" },"
      " { \"use\": \"words\", \"id\": \"w\" }, { \"use\": \"script\", \"from\": \"w\", \"with\": { \"layers\": { "
      "\"provides\": [\"my.tag/1\"],"
      " \"schemas\": { \"my.tag/1\": { \"columns\": [ { \"name\": \"tag\", \"type\": \"str\" } ] } } } } },"
      " { \"use\": \"names\", \"from\": [\"script\"], \"with\": { \"types\": [\"PERSON\", \"LOCATION\"], \"lexicon\": "
      "\"/proc/self/exe\" } } ], \"sink\": { \"use\": \"write\" } }";
  static const char *const sets[] = { "stages.names.with.least=0.75", "/limits/documents=3" };
  static const char *const inputs[] = { "a", "b" };
  const plan_options options = { .sets = sets, .n_sets = 2, .inputs = inputs, .n_inputs = 2, .output = "out" };
  (void)state;
  sweep(text, &options, 0);
}

static void a_faulty_pipeline_survives_every_failure(void **state) {
  static const char text[] =
      "{ \"nam\": 1, \"source\": { \"use\": \"liens\" }, \"stages\": [ { \"use\": \"names\", \"when\": { \"any\": [ { "
      "\"layer\": \"x\","
      " \"count\": { \"min\": 1 } } ] } }, { \"use\": \"words\", \"from\": [\"nobody\", \"digest\"] },"
      " { \"use\": \"digest\", \"from\": \"words\", \"with\": { \"sentences\": 0, \"exakt\": true } } ],"
      " \"sink\": { \"use\": \"write\", \"with\": { \"path\": \"${QANAT_TEST_UNSET}\", \"path\": 3 } } }";
  static const char *const sets[] = { "stages.nobody.x=1", "stages.digest.with.weights={}" };
  const plan_options options = { .sets = sets, .n_sets = 2 };
  (void)state;
  sweep(text, &options, -EINVAL);
}

static void conditions_survive_every_failure(void **state) {
  static const char text[] =
      "{ \"source\": { \"use\": \"lines\", \"with\": { \"paths\": [\"in\"] } }, \"stages\": [ { \"use\": \"plain\" },"
      " { \"use\": \"words\", \"when\": { \"all\": [ { \"field\": \"a\", \"matches\": \"^(b|c)+$\" },"
      " { \"not\": { \"field\": \"n\", \"is\": [1, \"x\", true] } } ] } },"
      " { \"use\": \"sieve\", \"with\": { \"keep\": { \"layer\": \"token/1\", \"count\": { \"min\": 1 } },"
      " \"rules\": [ { \"when\": { \"field\": \"b\", \"matches\": \"[a-z]\" } } ] } } ],"
      " \"sink\": { \"use\": \"write\" } }";
  const plan_options options = { .to_look_at = true };
  (void)state;
  sweep(text, &options, 0);
}

static void the_published_schema_survives_every_failure(void **state) {
  (void)state;
  cJSON *schema = NULL;
  uint32_t n = 1;
  for (; schema == NULL; n++) {
    failing_alloc_set_for_good(n);
    schema = plan_file_schema(installed);
    bool enough = !failing_alloc_failed();
    failing_alloc_set(0);
    assert_true(enough == (schema != NULL));
  }
  cJSON_Delete(schema);
  assert_true(n > 100);
}

/* cJSON is a library of its own, which the linker's wrapping does not reach. */
static void *take(size_t bytes) {
  return malloc(bytes);
}

static int world_open(void **state) {
  cJSON_Hooks hooks = { .malloc_fn = take, .free_fn = free };
  (void)state;
  cJSON_InitHooks(&hooks);
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
    cmocka_unit_test(a_good_pipeline_survives_every_failure),
    cmocka_unit_test(a_faulty_pipeline_survives_every_failure),
    cmocka_unit_test(conditions_survive_every_failure),
    cmocka_unit_test(the_published_schema_survives_every_failure),
  };
  return cmocka_run_group_tests_name("plan_memory", tests, world_open, world_close);
}
