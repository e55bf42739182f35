/* SPDX-License-Identifier: Apache-2.0 */

/* Slots are kept as they are: both sides number views and layers alike, so a layout holds on either. */
#include "isolation/setup.h"

#include <errno.h>
#include <string.h>

enum { FIELDS_WRITTEN_MAX = 64, PATHS_MAX = 64 };

/* --- writing --- */

static cJSON *column_write(const column_schema *column) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "name", column->name);
  cJSON_AddNumberToObject(json, "type", column->type);
  if (column->layer != NULL) {
    cJSON_AddStringToObject(json, "layer", column->layer);
  }
  cJSON *symbols = cJSON_AddArrayToObject(json, "symbols");
  for (uint32_t i = 0; i < column->n_symbols; i++) {
    cJSON_AddItemToArray(symbols, cJSON_CreateString(column->symbols[i]));
  }
  return json;
}

static void layers_write(cJSON *to, const schema_set *set) {
  cJSON *layers = cJSON_AddArrayToObject(to, "layers");
  for (uint32_t slot = 0; slot < schema_set_count(set); slot++) {
    const layer_schema *schema = schema_set_at(set, slot);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToArray(layers, json);
    cJSON_AddStringToObject(json, "name", schema->name);
    cJSON_AddBoolToObject(json, "crosses_breaks", schema->crosses_breaks);
    cJSON *columns = cJSON_AddArrayToObject(json, "columns");
    for (uint32_t i = 0; i < schema->n_columns; i++) {
      cJSON_AddItemToArray(columns, column_write(&schema->columns[i]));
    }
  }
  cJSON *views = cJSON_AddArrayToObject(to, "views");
  for (uint32_t slot = SCHEMA_VIEW_TEXT + 1; slot < schema_set_n_views(set); slot++) {
    cJSON_AddItemToArray(views, cJSON_CreateString(schema_set_view_name(set, slot)));
  }
}

static void numbers_write(cJSON *to, const char *key, const uint8_t *numbers, uint32_t n) {
  cJSON *array = cJSON_AddArrayToObject(to, key);
  for (uint32_t i = 0; i < n; i++) {
    cJSON_AddItemToArray(array, cJSON_CreateNumber(numbers[i]));
  }
}

static void layout_write(cJSON *to, const stage_layout *layout) {
  cJSON *json = cJSON_AddObjectToObject(to, "layout");
  numbers_write(json, "slots", layout->layer_slot, layout->n_layers);
  numbers_write(json, "access", layout->layer_access, layout->n_layers);
  numbers_write(json, "views_else", layout->views_else, layout->n_views_else);
  cJSON_AddNumberToObject(json, "view_reads", layout->view_reads);
  cJSON_AddNumberToObject(json, "view_provides", layout->view_provides);
  cJSON_AddBoolToObject(json, "any_field", layout->may_set_any_field != 0);
  cJSON *fields = cJSON_AddArrayToObject(json, "fields");
  for (uint32_t i = 0; i < layout->n_fields_written; i++) {
    cJSON_AddItemToArray(fields, cJSON_CreateString(layout->fields_written[i]));
  }
}

static void paths_write(cJSON *to, const char *key, const char *const *paths, uint32_t n) {
  cJSON *array = cJSON_AddArrayToObject(to, key);
  for (uint32_t i = 0; i < n; i++) {
    cJSON_AddItemToArray(array, cJSON_CreateString(paths[i]));
  }
}

static void isolation_write(cJSON *to, const plan_isolation *from) {
  cJSON *json = cJSON_AddObjectToObject(to, "isolation");
  cJSON_AddNumberToObject(json, "memory_bytes", (double)from->memory_bytes);
  cJSON_AddNumberToObject(json, "file_bytes", (double)from->file_bytes);
  cJSON_AddNumberToObject(json, "open_files", from->open_files);
  cJSON_AddBoolToObject(json, "network", from->network);
  paths_write(json, "read", from->read, from->n_read);
  paths_write(json, "write", from->write, from->n_write);
}

char *setup_write(const setup *from) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "plugin", from->info->manifest->path);
  cJSON_AddStringToObject(json, "stage", from->info->name);
  cJSON_AddStringToObject(json, "id", from->id);
  cJSON_AddStringToObject(json, "base_folder", from->base_folder != NULL ? from->base_folder : "");
  cJSON_AddItemToObject(json, "config", cJSON_Duplicate(from->config, true));
  cJSON_AddNumberToObject(json, "document_bytes", (double)from->limits.document_bytes);
  cJSON_AddNumberToObject(json, "document_memory", (double)from->limits.document_memory);
  isolation_write(json, &from->isolation);
  layers_write(json, from->schemas);
  layout_write(json, from->layout);
  char *text = cJSON_PrintUnformatted(json);
  cJSON_Delete(json);
  return text;
}

/* --- reading --- */

static const char *string_at(const cJSON *json, const char *key) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
}

static size_t size_at(const cJSON *json, const char *key) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, key);
  return cJSON_IsNumber(value) && value->valuedouble > 0 && value->valuedouble < 1e15 ? (size_t)value->valuedouble : 0;
}

/* How many numbers, or UINT32_MAX if there are more than max or one is none. */
static uint32_t numbers_read(const cJSON *json, const char *key, uint8_t *ret_numbers, uint32_t max) {
  uint32_t n = 0;
  const cJSON *value;
  cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(json, key)) {
    if (n == max || !cJSON_IsNumber(value) || value->valueint < 0 || value->valueint > UINT8_MAX) {
      return UINT32_MAX;
    }
    ret_numbers[n++] = (uint8_t)value->valueint;
  }
  return n;
}

/* Names borrowed from json; UINT32_MAX if they are no names or too many. */
static uint32_t strings_read(const cJSON *array, const char **ret_strings, uint32_t max) {
  uint32_t n = 0;
  const cJSON *value;
  cJSON_ArrayForEach(value, array) {
    if (n == max || !cJSON_IsString(value)) {
      return UINT32_MAX;
    }
    ret_strings[n++] = value->valuestring;
  }
  return n;
}

static int layer_read(setup_read *to, const cJSON *json, qn_error *error) {
  column_schema columns[SCHEMA_COLUMNS_MAX];
  const char *symbols[SCHEMA_COLUMNS_MAX][SCHEMA_SYMBOLS_MAX];
  layer_schema schema = { .name = string_at(json, "name"),
                          .crosses_breaks = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "crosses_breaks")),
                          .columns = columns };
  const cJSON *column;
  cJSON_ArrayForEach(column, cJSON_GetObjectItemCaseSensitive(json, "columns")) {
    if (schema.n_columns == SCHEMA_COLUMNS_MAX) {
      return -EINVAL;
    }
    column_schema *at = &columns[schema.n_columns];
    *at = (column_schema){ .name = string_at(column, "name"),
                           .type = (uint32_t)size_at(column, "type"),
                           .layer = string_at(column, "layer"),
                           .symbols = symbols[schema.n_columns] };
    at->n_symbols = strings_read(cJSON_GetObjectItemCaseSensitive(column, "symbols"), symbols[schema.n_columns],
                                 SCHEMA_SYMBOLS_MAX);
    if (at->name == NULL || at->n_symbols == UINT32_MAX) {
      return -EINVAL;
    }
    schema.n_columns++;
  }
  uint32_t slot;
  return schema.name == NULL ? -EINVAL : schema_set_add(to->schemas, &schema, &slot, error);
}

static int schemas_read(setup_read *to, qn_error *error) {
  int rc = schema_set_new(&to->schemas);
  const cJSON *layer, *view;
  cJSON_ArrayForEach(layer, cJSON_GetObjectItemCaseSensitive(to->json, "layers")) {
    rc = rc == 0 ? layer_read(to, layer, error) : rc;
  }
  cJSON_ArrayForEach(view, cJSON_GetObjectItemCaseSensitive(to->json, "views")) {
    uint32_t slot;
    rc = rc != 0                ? rc
         : cJSON_IsString(view) ? schema_set_add_view(to->schemas, view->valuestring, &slot, error)
                                : -EINVAL;
  }
  return rc;
}

static int layout_read(setup_read *to) {
  const cJSON *json = cJSON_GetObjectItemCaseSensitive(to->json, "layout");
  stage_layout *layout = &to->layout;
  uint32_t n_slots = numbers_read(json, "slots", layout->layer_slot, STAGE_LAYERS_MAX);
  uint32_t n_access = numbers_read(json, "access", layout->layer_access, STAGE_LAYERS_MAX);
  uint32_t n_else = numbers_read(json, "views_else", layout->views_else, STAGE_VIEWS_MAX - 1);
  uint32_t n_fields = strings_read(cJSON_GetObjectItemCaseSensitive(json, "fields"), to->fields, FIELDS_WRITTEN_MAX);
  if (n_slots == UINT32_MAX || n_access != n_slots || n_else == UINT32_MAX || n_fields == UINT32_MAX) {
    return -EINVAL;
  }
  layout->n_layers = n_slots;
  layout->n_views_else = (uint8_t)n_else;
  layout->view_reads = (uint8_t)size_at(json, "view_reads");
  layout->view_provides = (uint8_t)size_at(json, "view_provides");
  layout->may_set_any_field = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "any_field"));
  layout->n_fields_written = n_fields;
  layout->fields_written = to->fields;
  return 0;
}

static int isolation_read(setup_read *to) {
  const cJSON *json = cJSON_GetObjectItemCaseSensitive(to->json, "isolation");
  plan_isolation *isolation = &to->stage.isolation;
  isolation->memory_bytes = size_at(json, "memory_bytes");
  isolation->file_bytes = size_at(json, "file_bytes");
  isolation->open_files = (uint32_t)size_at(json, "open_files");
  isolation->network = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "network"));
  isolation->n_read = strings_read(cJSON_GetObjectItemCaseSensitive(json, "read"), to->read, PATHS_MAX);
  isolation->n_write = strings_read(cJSON_GetObjectItemCaseSensitive(json, "write"), to->write, PATHS_MAX);
  isolation->read = to->read;
  isolation->write = to->write;
  bool limited = isolation->memory_bytes > 0 && isolation->file_bytes > 0 && isolation->open_files > 0;
  return limited && isolation->n_read <= PATHS_MAX && isolation->n_write <= PATHS_MAX ? 0 : -EINVAL;
}

static int stage_read(setup_read *to, qn_error *error) {
  const char *path = string_at(to->json, "plugin"), *name = string_at(to->json, "stage");
  setup *stage = &to->stage;
  stage->id = string_at(to->json, "id");
  stage->config = cJSON_GetObjectItemCaseSensitive(to->json, "config");
  stage->base_folder = string_at(to->json, "base_folder");
  if (path == NULL || name == NULL || stage->id == NULL || stage->base_folder == NULL) {
    return -EINVAL;
  }
  stage->base_folder = stage->base_folder[0] != '\0' ? stage->base_folder : NULL;
  /* Whose word the file is, the parent has judged. */
  int rc = manifest_read(path, true, &to->manifest, error);
  for (uint32_t i = 0; rc == 0 && i < to->manifest->n_stages; i++) {
    if (strcmp(to->manifest->stages[i].name, name) == 0) {
      stage->info = &to->manifest->stages[i];
    }
  }
  stage->limits = (document_limits){ size_at(to->json, "document_bytes"), size_at(to->json, "document_memory") };
  return rc != 0 ? rc : stage->info != NULL ? isolation_read(to) : -EINVAL;
}

int setup_parse(const char *text, size_t len, setup_read *ret_setup, qn_error *error) {
  *ret_setup = (setup_read){ .json = cJSON_ParseWithLength(text, len) };
  int rc = ret_setup->json != NULL ? stage_read(ret_setup, error) : -EINVAL;
  rc = rc == 0 ? schemas_read(ret_setup, error) : rc;
  rc = rc == 0 ? layout_read(ret_setup) : rc;
  ret_setup->stage.layout = &ret_setup->layout;
  ret_setup->stage.schemas = ret_setup->schemas;
  if (rc == -EINVAL && error->message[0] == '\0') {
    error_set(error, rc, "bad-setup", "the stage host was given a stage that it does not understand");
  }
  return rc;
}

void setup_done(setup_read *old) {
  schema_set_free(old->schemas);
  manifest_free(old->manifest);
  cJSON_Delete(old->json);
  *old = (setup_read){ 0 };
}
