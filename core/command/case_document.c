/* SPDX-License-Identifier: Apache-2.0 */

/* Turns sealed parts into JSON by the schemas of the pipeline. Adding to NULL fails, so want of memory is asked for
 * once, by each part as a whole. */
#include "command/case_document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/stage.h"

static cJSON *string_of(const char *text, size_t len) {
  char *copy = len > 0 ? strndup(text, len) : strdup("");
  cJSON *json = copy != NULL ? cJSON_CreateString(copy) : NULL;
  free(copy);
  return json;
}

/* Adds value, which may be NULL for want of memory. */
static bool add(cJSON *object, const char *key, cJSON *value) {
  if (value == NULL || !cJSON_AddItemToObject(object, key, value)) {
    cJSON_Delete(value);
    return false;
  }
  return true;
}

static cJSON *span_json(qn_span span) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddNumberToObject(json, "begin", span.begin);
  cJSON_AddNumberToObject(json, "end", span.end);
  return json;
}

static cJSON *value_json(const qn_value *value) {
  switch (value->type) {
  case QN_VALUE_BOOL:
    return cJSON_CreateBool(value->as.i64 != 0);
  case QN_VALUE_I64:
    return cJSON_CreateNumber((double)value->as.i64);
  case QN_VALUE_F64:
    return cJSON_CreateNumber(value->as.f64);
  case QN_VALUE_STR:
    return string_of(value->as.str.data, value->as.str.len);
  case QN_VALUE_SPAN:
    return span_json(value->as.span);
  default:
    return cJSON_CreateNull();
  }
}

/* A field that marks a piece of the text reads as that piece. */
static cJSON *field_json(const document *from, const qn_value *value) {
  qn_view text;
  if (value->type == QN_VALUE_SPAN && document_view_get(from, SCHEMA_VIEW_TEXT, &text) == 0) {
    return string_of((const char *)text.data + value->as.span.begin, value->as.span.end - value->as.span.begin);
  }
  return value_json(value);
}

static bool add_fields(cJSON *json, const document *from) {
  cJSON *fields = cJSON_AddObjectToObject(json, "fields");
  bool good = fields != NULL;
  for (uint32_t i = 0; good && i < document_n_fields(from); i++) {
    qn_str name;
    qn_value value;
    document_field_at(from, i, &name, &value);
    char *key = strndup(name.data, name.len);
    good = key != NULL && add(fields, key, field_json(from, &value));
    free(key);
  }
  return good;
}

/* The payload may be any bytes, and is what the test gave. */
static bool add_views(cJSON *json, const document *from) {
  const schema_set *schemas = document_schema(from);
  cJSON *views = cJSON_AddObjectToObject(json, "views");
  bool good = views != NULL;
  for (uint32_t i = SCHEMA_VIEW_TEXT; good && i < schema_set_n_views(schemas); i++) {
    qn_view view;
    if (document_view_get(from, i, &view) == 0) {
      good = add(views, schema_set_view_name(schemas, i), string_of((const char *)view.data, view.len));
    }
  }
  return good;
}

/* --- layers --- */

/* The cell's value; *ret_json stays NULL if it holds none. False: no memory. */
static bool cell_json(const qn_layer *rows, const column_schema *column, uint32_t index, uint32_t row,
                      cJSON **ret_json) {
  const void *cells = rows->columns[index];
  qn_str text;
  switch (column->type) {
  case QN_COLUMN_I64:
    *ret_json = cJSON_CreateNumber((double)((const int64_t *)cells)[row]);
    return *ret_json != NULL;
  case QN_COLUMN_F64:
    if (isnan(((const double *)cells)[row])) {
      return true;
    }
    *ret_json = cJSON_CreateNumber(((const double *)cells)[row]);
    return *ret_json != NULL;
  case QN_COLUMN_STR:
    if (((const qn_heap_str *)cells)[row].offset == QN_NO_ROW) {
      return true;
    }
    text = qn_layer_str(rows, index, row);
    *ret_json = string_of(text.data, text.len);
    return *ret_json != NULL;
  case QN_COLUMN_SYMBOL:
    *ret_json = cJSON_CreateString(column->symbols[((const uint32_t *)cells)[row]]);
    return *ret_json != NULL;
  case QN_COLUMN_SPAN:
    if (((const qn_span *)cells)[row].begin == QN_NO_ROW) {
      return true;
    }
    *ret_json = span_json(((const qn_span *)cells)[row]);
    return *ret_json != NULL;
  default:
    if (column->type == QN_COLUMN_REF && ((const uint32_t *)cells)[row] == QN_NO_ROW) {
      return true;
    }
    *ret_json = cJSON_CreateNumber(((const uint32_t *)cells)[row]);
    return *ret_json != NULL;
  }
}

static cJSON *row_json(const qn_layer *rows, const layer_schema *schema, const qn_view *text, uint32_t row) {
  cJSON *json = cJSON_CreateObject();
  bool good =
      add(json, "at", string_of((const char *)text->data + rows->begin[row], rows->end[row] - rows->begin[row])) &&
      cJSON_AddNumberToObject(json, "begin", rows->begin[row]) != NULL &&
      cJSON_AddNumberToObject(json, "end", rows->end[row]) != NULL;
  for (uint32_t i = 0; good && i < schema->n_columns; i++) {
    cJSON *value = NULL;
    good = cell_json(rows, &schema->columns[i], i, row, &value) &&
           (value == NULL || add(json, schema->columns[i].name, value));
  }
  if (!good) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}

static bool add_layer(cJSON *layers, document *from, uint32_t slot, const qn_view *text) {
  const layer_schema *schema = schema_set_at(document_schema(from), slot);
  qn_layer rows;
  if (document_layer_get(from, slot, SCHEMA_VIEW_TEXT, &rows) != 0) {
    return true;
  }
  cJSON *array = cJSON_AddArrayToObject(layers, schema->name);
  for (uint32_t row = 0; array != NULL && row < rows.n_rows; row++) {
    cJSON *json = row_json(&rows, schema, text, row);
    if (json == NULL || !cJSON_AddItemToArray(array, json)) {
      cJSON_Delete(json);
      return false;
    }
  }
  return array != NULL;
}

static bool add_layers(cJSON *json, document *from) {
  cJSON *layers = cJSON_AddObjectToObject(json, "layers");
  qn_view text;
  bool good = layers != NULL;
  if (document_view_get(from, SCHEMA_VIEW_TEXT, &text) != 0) {
    return good;
  }
  for (uint32_t slot = 0; good && slot < schema_set_count(document_schema(from)); slot++) {
    good = add_layer(layers, from, slot, &text);
  }
  return good;
}

/* --- the whole --- */

static bool add_record(cJSON *json, qn_str record) {
  cJSON *parsed = cJSON_ParseWithLength(record.data, record.len);
  const cJSON *summary = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(parsed, "summary"), "text");
  bool good = summary == NULL || add(json, "summary", cJSON_Duplicate(summary, 1));
  return add(json, "record", parsed) && good;
}

cJSON *case_document_json(document *from, qn_str record) {
  cJSON *json = cJSON_CreateObject();
  qn_value id;
  bool good = json != NULL;
  if (good && document_field_get(from, QN_LIT("id"), &id) == 0) {
    good = add(json, "id", value_json(&id));
  }
  if (!good || !add_fields(json, from) || !add_views(json, from) || !add_layers(json, from) ||
      !add_record(json, record)) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}
