/* SPDX-License-Identifier: Apache-2.0 */

/* The difference that a stage made: views, fields and layers that are new or changed. */
#include "command/trace_step.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SHOWN = 60, VALUE_SHOWN = 200 };

void trace_before_take(trace_before *self, document *held) {
  const schema_set *schemas = document_schema(held);
  qn_view view;
  memset(self, 0, sizeof *self);
  self->bytes = document_bytes(held);
  uint32_t n = document_n_fields(held);
  self->n_fields = n < TRACE_FIELDS_MAX ? n : TRACE_FIELDS_MAX;
  for (uint32_t i = 0; i < self->n_fields; i++) {
    document_field_at(held, i, &self->names[i], &self->values[i]);
  }
  for (uint32_t i = 0; i < schema_set_n_views(schemas); i++) {
    self->views[i] = document_view_get(held, i, &view) == 0;
  }
  for (uint32_t i = 0; i < schema_set_count(schemas); i++) {
    self->layers[i] = document_layer_get(held, i, SCHEMA_VIEW_TEXT, &self->rows[i]) == 0;
  }
}

/* --- values --- */

/* The text as JSON, cut between code points. NULL: no memory. */
static cJSON *text_json(const char *data, size_t len, size_t at_most) {
  size_t shown = len < at_most ? len : at_most;
  while (shown < len && shown > 0 && ((unsigned char)data[shown] & 0xC0) == 0x80) {
    shown--;
  }
  char text[VALUE_SHOWN + 8];
  memcpy(text, data, shown);
  memcpy(text + shown, shown < len ? "\xE2\x80\xA6" : "", shown < len ? 4 : 1);
  return cJSON_CreateString(text);
}

static cJSON *span_json(document *held, qn_span span) {
  qn_view text = { 0 };
  cJSON *object = cJSON_CreateObject();
  cJSON_AddNumberToObject(object, "begin", span.begin);
  cJSON_AddNumberToObject(object, "end", span.end);
  if (document_view_get(held, SCHEMA_VIEW_TEXT, &text) == 0 && span.end <= text.len && span.begin <= span.end) {
    const char *data = (const char *)text.data + span.begin;
    cJSON_AddItemToObject(object, "text", text_json(data, span.end - span.begin, TEXT_SHOWN));
  }
  return object;
}

static cJSON *value_json(document *held, const qn_value *value) {
  switch (value->type) {
  case QN_VALUE_BOOL:
    return cJSON_CreateBool(value->as.i64 != 0);
  case QN_VALUE_I64:
    return cJSON_CreateNumber((double)value->as.i64);
  case QN_VALUE_F64:
    return cJSON_CreateNumber(value->as.f64);
  case QN_VALUE_STR:
    return text_json(value->as.str.data, value->as.str.len, VALUE_SHOWN);
  case QN_VALUE_SPAN:
    return span_json(held, value->as.span);
  default:
    return cJSON_CreateNull();
  }
}

static cJSON *cell_json(document *held, const column_schema *column, const qn_layer *layer, uint32_t i, uint32_t row) {
  qn_str text;
  qn_span span;
  uint32_t number = 0;
  switch (column->type) {
  case QN_COLUMN_I64:
    return cJSON_CreateNumber((double)((const int64_t *)layer->columns[i])[row]);
  case QN_COLUMN_F64:
    return isfinite(qn_layer_f64(layer, i, row)) ? cJSON_CreateNumber(qn_layer_f64(layer, i, row)) : NULL;
  case QN_COLUMN_STR:
    text = qn_layer_str(layer, i, row);
    return text.data == NULL ? NULL : text_json(text.data, text.len, TEXT_SHOWN);
  case QN_COLUMN_SPAN:
    span = ((const qn_span *)layer->columns[i])[row];
    return span.begin == QN_NO_ROW ? NULL : span_json(held, span);
  case QN_COLUMN_SYMBOL:
    return cJSON_CreateString(column->symbols[qn_layer_u32(layer, i, row)]);
  default:
    number = qn_layer_u32(layer, i, row);
    return column->type == QN_COLUMN_REF && number == QN_NO_ROW ? NULL : cJSON_CreateNumber(number);
  }
}

/* --- what is new --- */

static void compare_views(cJSON *step, const trace_before *before, document *held) {
  const schema_set *schemas = document_schema(held);
  cJSON *views = cJSON_AddArrayToObject(step, "views");
  for (uint32_t i = 0; i < schema_set_n_views(schemas); i++) {
    qn_view view;
    if (before->views[i] || document_view_get(held, i, &view) != 0) {
      continue;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", schema_set_view_name(schemas, i));
    cJSON_AddNumberToObject(object, "bytes", view.len);
    cJSON_AddNumberToObject(object, "breaks", view.n_breaks);
    cJSON_AddItemToObject(object, "text", text_json((const char *)view.data, view.len, TEXT_SHOWN));
    cJSON_AddItemToArray(views, object);
  }
}

static bool value_equal(const qn_value *a, const qn_value *b) {
  if (a->type != b->type) {
    return false;
  }
  if (a->type == QN_VALUE_STR) {
    return a->as.str.len == b->as.str.len &&
           (a->as.str.len == 0 || memcmp(a->as.str.data, b->as.str.data, a->as.str.len) == 0);
  }
  return a->type == QN_VALUE_SPAN ? a->as.span.begin == b->as.span.begin && a->as.span.end == b->as.span.end
                                  : a->as.i64 == b->as.i64; /* of f64 the same bits */
}

/* The value that the field had before, or NULL. */
static const qn_value *value_before(const trace_before *before, qn_str name) {
  for (uint32_t i = 0; i < before->n_fields; i++) {
    if (before->names[i].len == name.len && memcmp(before->names[i].data, name.data, name.len) == 0) {
      return &before->values[i];
    }
  }
  return NULL;
}

static void compare_fields(cJSON *step, const trace_before *before, document *held) {
  cJSON *fields = cJSON_AddObjectToObject(step, "fields");
  char key[VALUE_SHOWN];
  for (uint32_t i = 0; i < document_n_fields(held); i++) {
    qn_str name;
    qn_value value;
    document_field_at(held, i, &name, &value);
    const qn_value *was = value_before(before, name);
    if (was == NULL || !value_equal(was, &value)) {
      snprintf(key, sizeof key, "%.*s", (int)name.len, name.data);
      cJSON_AddItemToObject(fields, key, value_json(held, &value));
    }
  }
  cJSON *removed = cJSON_AddArrayToObject(step, "removed");
  for (uint32_t i = 0; i < before->n_fields; i++) {
    qn_value value;
    if (document_field_get(held, before->names[i], &value) != 0) {
      cJSON_AddItemToArray(removed, text_json(before->names[i].data, before->names[i].len, VALUE_SHOWN));
    }
  }
}

static cJSON *row_json(document *held, const layer_schema *schema, const qn_layer *layer, uint32_t row) {
  cJSON *object = span_json(held, (qn_span){ layer->begin[row], layer->end[row] });
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    cJSON *cell = cell_json(held, &schema->columns[i], layer, i, row);
    if (cell != NULL) {
      cJSON_AddItemToObject(object, schema->columns[i].name, cell);
    }
  }
  return object;
}

static void compare_layers(cJSON *step, const trace_before *before, document *held, uint32_t n_rows) {
  const schema_set *schemas = document_schema(held);
  cJSON *layers = cJSON_AddArrayToObject(step, "layers");
  for (uint32_t i = 0; i < schema_set_count(schemas); i++) {
    const qn_layer *was = &before->rows[i];
    qn_layer layer;
    if (document_layer_get(held, i, SCHEMA_VIEW_TEXT, &layer) != 0 ||
        (before->layers[i] && was->begin == layer.begin && was->n_rows == layer.n_rows)) {
      continue; /* sealed rows never move: another place is another layer */
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", schema_set_at(schemas, i)->name);
    cJSON_AddNumberToObject(object, "rows", layer.n_rows);
    if (before->layers[i]) {
      cJSON_AddNumberToObject(object, "was", was->n_rows);
    }
    cJSON *first = cJSON_AddArrayToObject(object, "first");
    for (uint32_t row = 0; row < layer.n_rows && row < n_rows; row++) {
      cJSON_AddItemToArray(first, row_json(held, schema_set_at(schemas, i), &layer, row));
    }
    cJSON_AddItemToArray(layers, object);
  }
}

int trace_step_compare(cJSON *step, const trace_before *before, document *held, uint32_t n_rows) {
  compare_views(step, before, held);
  compare_fields(step, before, held);
  compare_layers(step, before, held, n_rows);
  size_t now = document_bytes(held);
  bool good = cJSON_AddNumberToObject(step, "bytes", now > before->bytes ? (double)(now - before->bytes) : 0) != NULL;
  return good ? 0 : -ENOMEM;
}

/* --- for people --- */

static double number_of(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *string_of(const cJSON *object, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return text != NULL ? text : "";
}

/* Text on one line, in quotes. */
static void print_text(const char *text, FILE *stream) {
  fputc('"', stream);
  for (const char *c = text; *c != '\0'; c++) {
    bool control = (unsigned char)*c < 0x20 || *c == 0x7F;
    fputc(control ? ' ' : *c, stream);
  }
  fputc('"', stream);
}

static void print_value(const cJSON *value, FILE *stream) {
  if (cJSON_IsString(value)) {
    print_text(value->valuestring, stream);
  } else if (cJSON_IsNumber(value)) {
    fprintf(stream, "%.10g", value->valuedouble);
  } else if (cJSON_IsObject(value)) {
    fprintf(stream, "%.0f..%.0f ", number_of(value, "begin"), number_of(value, "end"));
    print_text(string_of(value, "text"), stream);
  } else {
    fputs(cJSON_IsTrue(value) ? "true" : cJSON_IsFalse(value) ? "false" : "null", stream);
  }
}

static void print_row(const cJSON *row, FILE *stream) {
  const cJSON *cell;
  fprintf(stream, "           %.0f..%.0f ", number_of(row, "begin"), number_of(row, "end"));
  print_text(string_of(row, "text"), stream);
  cJSON_ArrayForEach(cell, row) {
    bool span =
        strcmp(cell->string, "begin") == 0 || strcmp(cell->string, "end") == 0 || strcmp(cell->string, "text") == 0;
    if (!span) {
      fprintf(stream, "  %s=", cell->string);
      print_value(cell, stream);
    }
  }
  fputc('\n', stream);
}

static void print_layer(const cJSON *layer, FILE *stream) {
  const cJSON *row;
  const cJSON *first = cJSON_GetObjectItemCaseSensitive(layer, "first");
  double n_rows = number_of(layer, "rows");
  fprintf(stream, "    layer  %s: %.0f row%s", string_of(layer, "name"), n_rows, n_rows == 1 ? "" : "s");
  if (cJSON_HasObjectItem(layer, "was")) {
    fprintf(stream, ", changed (was %.0f)", number_of(layer, "was"));
  }
  fputc('\n', stream);
  cJSON_ArrayForEach(row, first) {
    print_row(row, stream);
  }
}

static void print_head(const cJSON *step, FILE *stream) {
  const char *status = string_of(step, "status");
  fprintf(stream, "%-20s ", string_of(step, "stage"));
  if (strcmp(status, "not-reached") == 0) {
    fputs("the document does not come here\n", stream);
    return;
  }
  fprintf(stream, "%9.3f ms  +%.1f kB", number_of(step, "time_us") / 1000, number_of(step, "bytes") / 1000);
  if (number_of(step, "stage_bytes") > 0) {
    fprintf(stream, "  (holds %.1f kB)", number_of(step, "stage_bytes") / 1000);
  }
  if (strcmp(status, "ok") != 0) {
    fprintf(stream, "  %s", status);
  }
  fputc('\n', stream);
  if (string_of(step, "message")[0] != '\0') {
    fprintf(stream, "    %s: %s\n", string_of(step, "slug"), string_of(step, "message"));
  }
}

void trace_step_print(const cJSON *step, FILE *stream) {
  const cJSON *item;
  print_head(step, stream);
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(step, "views")) {
    fprintf(stream, "    view   %s: %.0f bytes ", string_of(item, "name"), number_of(item, "bytes"));
    print_text(string_of(item, "text"), stream);
    fputc('\n', stream);
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(step, "fields")) {
    fprintf(stream, "    field  %s = ", item->string);
    print_value(item, stream);
    fputc('\n', stream);
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(step, "removed")) {
    fprintf(stream, "    field  %s is gone\n", item->valuestring);
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(step, "layers")) {
    print_layer(item, stream);
  }
  if (number_of(step, "parts") > 0) {
    fprintf(stream, "    made %.0f document%s of it\n", number_of(step, "parts"),
            number_of(step, "parts") == 1 ? "" : "s");
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(step, "log")) {
    fprintf(stream, "    log    %s\n", item->valuestring);
  }
}
