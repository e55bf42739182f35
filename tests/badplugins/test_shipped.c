/* SPDX-License-Identifier: Apache-2.0 */

/* The shipped plugins keep the rules that the bad ones break: none is refused, every stage loads and matches its
 * manifest, and every config schema takes its own defaults. */
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

static registry *installed;

static int scan(void **state) {
  (void)state;
  char folder[4096];
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  qn_error error = { 0 };
  snprintf(folder, sizeof folder, "%s/plugins", getenv("QANAT_BUILD_ROOT"));
  if (registry_new(&options, &installed, &error) != 0) {
    print_error("%s\n", error.message);
    return -1;
  }
  return 0;
}

static int forget(void **state) {
  (void)state;
  registry_free(installed);
  return 0;
}

static void shipped_plugins_are_not_refused(void **state) {
  (void)state;
  for (uint32_t i = 0; i < registry_n_refusals(installed); i++) {
    print_error("%s\n", registry_refusal_at(installed, i)->error.message);
  }
  assert_int_equal(registry_n_refusals(installed), 0);
  assert_true(registry_n_stages(installed) > 0);
}

static void shipped_stages_load_and_match_their_manifests(void **state) {
  (void)state;
  for (uint32_t i = 0; i < registry_n_stages(installed); i++) {
    const stage_info *info = registry_stage_at(installed, i);
    const qn_stage *stage = NULL;
    qn_error error = { 0 };
    if (registry_load(installed, info, &stage, &error) != 0) {
      fail_msg("%s", error.message);
    }
    assert_string_equal(stage->name, info->name);
  }
}

static void shipped_configs_are_described_and_take_their_defaults(void **state) {
  (void)state;
  for (uint32_t i = 0; i < registry_n_stages(installed); i++) {
    const stage_info *info = registry_stage_at(installed, i);
    const cJSON *properties = cJSON_GetObjectItem(info->config, "properties");
    const cJSON *property;
    cJSON *filled = NULL;
    cJSON_ArrayForEach(property, properties) {
      if (cJSON_GetObjectItem(property, "description") == NULL) {
        fail_msg("stage %s: config key %s has no description", info->name, property->string);
      }
    }
    if (cJSON_GetArraySize(cJSON_GetObjectItem(info->config, "required")) == 0 &&
        cJSON_GetObjectItem(info->config, "minProperties") == NULL) {
      assert_int_equal(config_check(info->config, NULL, NULL, NULL, &filled), 0);
      cJSON_Delete(filled);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(shipped_plugins_are_not_refused),
    cmocka_unit_test(shipped_stages_load_and_match_their_manifests),
    cmocka_unit_test(shipped_configs_are_described_and_take_their_defaults),
  };
  return cmocka_run_group_tests(tests, scan, forget);
}
