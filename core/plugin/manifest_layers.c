/* SPDX-License-Identifier: Apache-2.0 */

/* The layers a manifest declares, as schemas the document floor understands. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/manifest_parts.h"
#include "qanat/doc.h"

static const char *const type_names[] = { "u32", "i64", "f64", "str", "ref", "span", "symbol", NULL };
static const uint32_t types[] = { QN_COLUMN_U32, QN_COLUMN_I64,  QN_COLUMN_F64,   QN_COLUMN_STR,
                                  QN_COLUMN_REF, QN_COLUMN_SPAN, QN_COLUMN_SYMBOL };
enum { TYPE_NONE = 7, TYPE_REF = 4, TYPE_SYMBOL = 6 };

static int symbols_read(column_schema *column, const cJSON *json, const char *what, manifest_faults *faults) {
  int n = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "symbols"));
  if (n < 1 || n > SCHEMA_SYMBOLS_MAX) {
    manifest_fault(faults, "%s is of type \"symbol\" and needs 1 to %d \"symbols\"", what, SCHEMA_SYMBOLS_MAX);
    return 0;
  }
  const char **symbols = calloc((size_t)n, sizeof *symbols);
  if (symbols == NULL) {
    return -ENOMEM;
  }
  column->symbols = symbols;
  manifest_strings(faults, what, json, "symbols", manifest_symbol_ok, symbols, (uint32_t)n, &column->n_symbols);
  return 0;
}

static int column_read(column_schema *column, const cJSON *json, const char *what, manifest_faults *faults) {
  static const char *const keys[] = { "name", "type", "symbols", "layer", "doc", NULL };
  if (!manifest_keys(faults, what, json, keys)) {
    return 0;
  }
  column->name = manifest_string(faults, what, json, "name", MANIFEST_NAME_MAX, true);
  if (column->name != NULL &&
      (!manifest_view_ok(column->name) || strcmp(column->name, "begin") == 0 || strcmp(column->name, "end") == 0)) {
    manifest_fault(faults, "%s is called \"%.64s\", which is no name for a column", what, column->name);
  }
  unsigned type = manifest_choice(faults, what, json, "type", type_names, TYPE_NONE);
  if (type == TYPE_NONE) {
    if (cJSON_GetObjectItemCaseSensitive(json, "type") == NULL) {
      manifest_fault(faults, "%s lacks \"type\"", what);
    }
    return 0;
  }
  column->type = types[type];
  if ((cJSON_GetObjectItemCaseSensitive(json, "symbols") != NULL && type != TYPE_SYMBOL) ||
      (cJSON_GetObjectItemCaseSensitive(json, "layer") != NULL && type != TYPE_REF)) {
    manifest_fault(faults, "%s: \"symbols\" goes with type \"symbol\" and \"layer\" with \"ref\"", what);
  }
  if (type == TYPE_REF) {
    column->layer = manifest_string(faults, what, json, "layer", MANIFEST_NAME_MAX, true);
  }
  return type == TYPE_SYMBOL ? symbols_read(column, json, what, faults) : 0;
}

static int layer_read(layer_schema *schema, const cJSON *json, manifest_faults *faults) {
  static const char *const keys[] = { "doc", "crosses_breaks", "columns", NULL };
  char what[96];
  snprintf(what, sizeof what, "layer \"%.64s\"", json->string);
  schema->name = json->string;
  if (!manifest_layer_ok(json->string) || strchr(json->string, '.') == NULL) {
    manifest_fault(faults, "%s must be named vendor.name/VERSION", what);
  }
  if (!manifest_keys(faults, what, json, keys)) {
    return 0;
  }
  schema->crosses_breaks = manifest_bool(faults, what, json, "crosses_breaks");
  const cJSON *columns = cJSON_GetObjectItemCaseSensitive(json, "columns");
  int n_columns = cJSON_GetArraySize(columns);
  if (!cJSON_IsArray(columns) || n_columns > SCHEMA_COLUMNS_MAX) {
    manifest_fault(faults, "%s needs \"columns\", an array of at most %d", what, SCHEMA_COLUMNS_MAX);
    return 0;
  }
  column_schema *copies = calloc((size_t)n_columns + 1, sizeof *copies);
  if (copies == NULL) {
    return -ENOMEM;
  }
  schema->columns = copies;
  const cJSON *one;
  cJSON_ArrayForEach(one, columns) {
    column_schema *column = &copies[schema->n_columns++];
    char which[128];
    snprintf(which, sizeof which, "column %u of %s", schema->n_columns, what);
    int rc = column_read(column, one, which, faults);
    if (rc != 0) {
      return rc;
    }
    for (uint32_t i = 0; column->name != NULL && i + 1 < schema->n_columns; i++) {
      if (copies[i].name != NULL && strcmp(copies[i].name, column->name) == 0) {
        manifest_fault(faults, "%s has the name of another, \"%.64s\"", which, column->name);
      }
    }
  }
  return 0;
}

/* Refs may point forward, so they are looked at once all layers are known. */
static void refs_check(const manifest *self, manifest_faults *faults) {
  for (uint32_t i = 0; i < self->n_schemas; i++) {
    const layer_schema *schema = &self->schemas[i];
    for (uint32_t k = 0; k < schema->n_columns; k++) {
      const char *target = schema->columns[k].layer;
      bool found = target == NULL || schema_known(target) != NULL;
      for (uint32_t m = 0; m < self->n_schemas && !found; m++) {
        found = strcmp(self->schemas[m].name, target) == 0;
      }
      if (!found) {
        manifest_fault(faults, "layer \"%s\" refers to the layer \"%.64s\", which is neither known nor declared",
                       schema->name, target);
      }
    }
  }
}

int manifest_read_layers(manifest *self, const cJSON *layers, manifest_faults *faults) {
  if (layers == NULL) {
    return 0;
  }
  int n = cJSON_GetArraySize(layers);
  if (!cJSON_IsObject(layers) || n > STAGE_LAYERS_MAX) {
    manifest_fault(faults, "\"layers\" must be an object of at most %d layers", STAGE_LAYERS_MAX);
    return 0;
  }
  self->schemas = calloc((size_t)n + 1, sizeof *self->schemas);
  if (self->schemas == NULL) {
    return -ENOMEM;
  }
  const cJSON *one;
  cJSON_ArrayForEach(one, layers) {
    int rc = layer_read(&self->schemas[self->n_schemas++], one, faults);
    if (rc != 0) {
      return rc;
    }
  }
  refs_check(self, faults);
  return 0;
}

void manifest_free_layers(manifest *self) {
  for (uint32_t i = 0; i < self->n_schemas; i++) {
    const layer_schema *schema = &self->schemas[i];
    for (uint32_t k = 0; k < schema->n_columns; k++) {
      free((void *)(uintptr_t)schema->columns[k].symbols);
    }
    free((void *)(uintptr_t)schema->columns);
  }
  free(self->schemas);
}
