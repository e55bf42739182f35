/* SPDX-License-Identifier: Apache-2.0 */

/* The rows of a fixture's layer, as columns. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/fixture.h"

/* A layer being put together. */
typedef struct columns {
  const layer_schema *schema;
  uint32_t n_rows;
  uint32_t *begin, *end;
  void *cells[SCHEMA_COLUMNS_MAX];
  char *heap;
  size_t heap_len;
} columns;

static size_t heap_of(const cJSON *rows) {
  size_t len = 1;
  const cJSON *row, *cell;
  cJSON_ArrayForEach(row, rows) {
    cJSON_ArrayForEach(cell, row) {
      len += cJSON_IsString(cell) ? strlen(cell->valuestring) : 0;
    }
  }
  return len;
}

static int columns_new(columns *self, const layer_schema *schema, const cJSON *rows) {
  *self = (columns){ .schema = schema, .n_rows = (uint32_t)cJSON_GetArraySize(rows) };
  size_t n = (size_t)self->n_rows + 1;
  self->begin = calloc(n, sizeof *self->begin);
  self->end = calloc(n, sizeof *self->end);
  self->heap = malloc(heap_of(rows));
  bool failed = self->begin == NULL || self->end == NULL || self->heap == NULL;
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    self->cells[i] = calloc(n, sizeof(qn_span)); /* the widest element */
    failed = failed || self->cells[i] == NULL;
  }
  return failed ? -ENOMEM : 0;
}

static void columns_free(columns *self) {
  for (uint32_t i = 0; i < SCHEMA_COLUMNS_MAX; i++) {
    free(self->cells[i]);
  }
  free(self->begin);
  free(self->end);
  free(self->heap);
}

static int read_str(columns *self, uint32_t column, uint32_t row, const cJSON *value) {
  qn_heap_str *cell = (qn_heap_str *)self->cells[column] + row;
  if (value == NULL || cJSON_IsNull(value)) {
    *cell = (qn_heap_str){ QN_NO_ROW, 0 };
    return 0;
  }
  if (!cJSON_IsString(value)) {
    return -EINVAL;
  }
  size_t len = strlen(value->valuestring);
  *cell = (qn_heap_str){ (uint32_t)self->heap_len, (uint32_t)len };
  memcpy(self->heap + self->heap_len, value->valuestring, len);
  self->heap_len += len;
  return 0;
}

static int read_symbol(const column_schema *column, const cJSON *value, uint32_t *ret_symbol) {
  const char *name = cJSON_GetStringValue(value);
  *ret_symbol = 0;
  if (value == NULL) {
    return 0;
  }
  for (uint32_t i = 0; name != NULL && i < column->n_symbols; i++) {
    if (strcmp(column->symbols[i], name) == 0) {
      *ret_symbol = i;
      return 0;
    }
  }
  return -EINVAL;
}

static int read_cell(columns *self, uint32_t i, uint32_t row, const cJSON *value) {
  const column_schema *column = &self->schema->columns[i];
  bool absent = value == NULL || cJSON_IsNull(value);
  int64_t number = column->type == QN_COLUMN_REF && absent ? QN_NO_ROW : 0;
  int rc = 0;
  switch (column->type) {
  case QN_COLUMN_I64:
    return absent ? 0 : fixture_integer(value, INT64_MIN, INT64_MAX, (int64_t *)self->cells[i] + row);
  case QN_COLUMN_F64:
    ((double *)self->cells[i])[row] = absent ? NAN : cJSON_GetNumberValue(value);
    return absent || cJSON_IsNumber(value) ? 0 : -EINVAL;
  case QN_COLUMN_STR:
    return read_str(self, i, row, value);
  case QN_COLUMN_SPAN:
    ((qn_span *)self->cells[i])[row] = (qn_span){ QN_NO_ROW, QN_NO_ROW };
    return absent ? 0 : fixture_span(value, (qn_span *)self->cells[i] + row);
  case QN_COLUMN_SYMBOL:
    return read_symbol(column, value, (uint32_t *)self->cells[i] + row);
  default:
    rc = absent ? 0 : fixture_integer(value, 0, UINT32_MAX, &number);
    ((uint32_t *)self->cells[i])[row] = (uint32_t)number;
    return rc;
  }
}

static bool is_column(const layer_schema *schema, const char *name) {
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    if (strcmp(schema->columns[i].name, name) == 0) {
      return true;
    }
  }
  return strcmp(name, "begin") == 0 || strcmp(name, "end") == 0;
}

static int read_row(columns *self, uint32_t row, const cJSON *from, qn_error *error) {
  const char *layer = self->schema->name;
  const cJSON *cell;
  qn_span span;
  if (fixture_span(from, &span) != 0) {
    return error_set(error, -EINVAL, "bad-fixture", "the fixture: row %u of \"%s\" needs \"begin\" and \"end\"", row,
                     layer);
  }
  cJSON_ArrayForEach(cell, from) {
    if (!is_column(self->schema, cell->string)) {
      return error_set(error, -EINVAL, "bad-fixture", "the fixture: \"%s\" has no column \"%.64s\" (row %u)", layer,
                       cell->string, row);
    }
  }
  self->begin[row] = span.begin;
  self->end[row] = span.end;
  for (uint32_t i = 0; i < self->schema->n_columns; i++) {
    const char *name = self->schema->columns[i].name;
    if (read_cell(self, i, row, cJSON_GetObjectItemCaseSensitive(from, name)) != 0) {
      return error_set(error, -EINVAL, "bad-fixture", "the fixture: row %u of \"%s\": wrong value for \"%s\"", row,
                       layer, name);
    }
  }
  return 0;
}

int fixture_layer(fixture *self, const cJSON *member, qn_error *error) {
  const schema_set *schemas = self->harness->schemas;
  uint32_t slot = schema_set_find(schemas, member->string);
  qn_layer there;
  if (slot == SCHEMA_LAYERS_MAX || !cJSON_IsArray(member)) {
    return error_set(error, -EINVAL, "bad-fixture",
                     "the fixture: \"%.64s\" is no layer that is known or declared by the manifest, or no list of rows",
                     member->string);
  }
  if (document_layer_get(self->doc->held, slot, SCHEMA_VIEW_TEXT, &there) == 0) {
    return error_set(error, -EINVAL, "bad-fixture", "the fixture: the layer \"%s\" stands there twice", member->string);
  }
  columns made;
  int rc = columns_new(&made, schema_set_at(schemas, slot), member);
  rc = rc != 0 ? error_set(error, rc, "no-memory", "no memory for a fixture") : 0;
  uint32_t row = 0;
  const cJSON *from;
  cJSON_ArrayForEach(from, member) {
    rc = rc == 0 ? read_row(&made, row++, from, error) : rc;
  }
  if (rc == 0) {
    const qn_layer layer = { .n_rows = made.n_rows,
                             .n_columns = made.schema->n_columns,
                             .begin = made.begin,
                             .end = made.end,
                             .columns = (const void *const *)made.cells,
                             .heap = made.heap };
    rc = doc_layer_set(self->doc, slot, &layer, error);
  }
  columns_free(&made);
  return rc;
}
