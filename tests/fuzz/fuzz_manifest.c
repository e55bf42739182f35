/* SPDX-License-Identifier: Apache-2.0 */

/* Any text as a manifest, and then as a configuration for the stages of one that was taken. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/config.h"
#include "plugin/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *arg, const char *pointer, int at_key, const char *message) {
  (void)at_key;
  assert(pointer != NULL && message[0] != '\0');
  ++*(int *)arg;
}

/* What a manifest that was taken promises to everyone who reads it. */
static void promises_check(const manifest *taken) {
  assert(taken->name != NULL && taken->version != NULL && taken->license != NULL && taken->description != NULL);
  assert(taken->n_stages > 0);
  for (uint32_t i = 0; i < taken->n_stages; i++) {
    const stage_info *stage = &taken->stages[i];
    assert(stage->name != NULL && stage->description != NULL && stage->config != NULL);
    assert(stage->n_layers <= STAGE_LAYERS_MAX);
    assert((stage->role == ROLE_SOURCE) == (stage->n_views_read == 0));
    assert((stage->role == ROLE_TRANSFORM) == (stage->call == CALL_ONE || stage->call == CALL_BATCH ||
                                               (stage->call == CALL_ASYNC && stage->role == ROLE_TRANSFORM)));
  }
  for (uint32_t i = 0; i < taken->n_schemas; i++) {
    assert(taken->schemas[i].n_columns <= SCHEMA_COLUMNS_MAX);
    for (uint32_t k = 0; k < taken->schemas[i].n_columns; k++) {
      const column_schema *column = &taken->schemas[i].columns[k];
      assert(column->name != NULL && column->type != 0 && column->n_symbols <= SCHEMA_SYMBOLS_MAX);
    }
  }
}

static void configs_check(const manifest *taken, const cJSON *config) {
  for (uint32_t i = 0; i < taken->n_stages; i++) {
    int n_reported = 0;
    cJSON *filled = NULL;
    char words[600];
    int n_faults = config_check(taken->stages[i].config, config, count, &n_reported, &filled);
    assert(n_faults == n_reported && (n_faults == 0) == (filled != NULL));
    if (filled != NULL) {
      /* What has its defaults obeys the schema still, and nothing is added to it any more. */
      cJSON *again = NULL;
      assert(config_check(taken->stages[i].config, filled, count, &n_reported, &again) == 0);
      assert(cJSON_Compare(filled, again, 1));
      cJSON_Delete(again);
    }
    config_describe(taken->stages[i].config, words, sizeof words);
    cJSON_Delete(filled);
  }
}

/* The input is a manifest, and after a 0xFF byte (which JSON does not have) a configuration. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *border = size > 0 ? memchr(data, 0xFF, size) : NULL;
  size_t len = border != NULL ? (size_t)(border - data) : size;
  manifest *taken = NULL;
  qn_error error = { 0 };
  if (manifest_parse("fuzz.so", (const char *)data, len, &taken, &error) != 0) {
    assert(error.code < 0 && error.message[0] != '\0');
    return 0;
  }
  promises_check(taken);
  cJSON *config = border != NULL ? cJSON_ParseWithLength((const char *)border + 1, size - len - 1) : NULL;
  configs_check(taken, config);
  cJSON_Delete(config);
  manifest_free(taken);
  return 0;
}
