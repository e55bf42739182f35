/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the text that a row stands on and turns JSON into columns. */
#include "command/case_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a row says of its place; everything else is a column. */
static const char *const place_keys[] = { "at", "occurrence", "begin", "end" };

static const cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

bool case_value_read(const cJSON *json, qn_value *ret_value) {
  qn_value value = { 0 };
  if (cJSON_IsString(json)) {
    value.type = QN_VALUE_STR;
    value.as.str = (qn_str){ json->valuestring, strlen(json->valuestring) };
  } else if (cJSON_IsBool(json)) {
    value.type = QN_VALUE_BOOL;
    value.as.i64 = cJSON_IsTrue(json);
  } else if (cJSON_IsNumber(json) && fabs(json->valuedouble) < 9e15 && json->valuedouble == floor(json->valuedouble)) {
    value.type = QN_VALUE_I64;
    value.as.i64 = (int64_t)json->valuedouble;
  } else if (cJSON_IsNumber(json)) {
    value.type = QN_VALUE_F64;
    value.as.f64 = json->valuedouble;
  } else if (!cJSON_IsNull(json)) {
    return false;
  }
  *ret_value = value;
  return true;
}

/* --- places --- */

static bool read_offset(const cJSON *json, uint32_t len, uint32_t *ret_offset) {
  if (!cJSON_IsNumber(json) || json->valuedouble < 0 || json->valuedouble > len) {
    return false;
  }
  *ret_offset = (uint32_t)json->valuedouble;
  return true;
}

/* The place of the text's occurrence, from 1. */
static bool find_text(const qn_view *view, const char *text, double occurrence, qn_span *ret_span) {
  size_t len = strlen(text);
  const uint8_t *at = view->data;
  const uint8_t *end = view->data + view->len;
  while (len > 0 && at != NULL && at < end) {
    at = memmem(at, (size_t)(end - at), text, len);
    if (at != NULL && --occurrence < 1) {
      uint32_t begin = (uint32_t)(at - view->data);
      *ret_span = (qn_span){ begin, begin + (uint32_t)len };
      return true;
    }
    at = at != NULL ? at + 1 : NULL;
  }
  return false;
}

static int find_place(const cJSON *row, const qn_view *view, qn_span *ret_span, const char **ret_fault) {
  const cJSON *at = member(row, "at");
  const cJSON *occurrence = member(row, "occurrence");
  qn_span span = { 0 };
  if (cJSON_IsString(at)) {
    if (!find_text(view, at->valuestring, cJSON_IsNumber(occurrence) ? occurrence->valuedouble : 1, &span)) {
      *ret_fault = "the text of \"at\" is not there (so often) in the view that the stage reads";
      return -EINVAL;
    }
  } else if (!read_offset(member(row, "begin"), view->len, &span.begin) ||
             !read_offset(member(row, "end"), view->len, &span.end)) {
    *ret_fault = "it needs \"at\", the text that it stands on, or \"begin\" and \"end\" within the view";
    return -EINVAL;
  }
  *ret_span = span;
  return 0;
}

/* --- columns --- */

static bool is_place(const char *key) {
  for (size_t i = 0; i < sizeof place_keys / sizeof place_keys[0]; i++) {
    if (strcmp(place_keys[i], key) == 0) {
      return true;
    }
  }
  return false;
}

static const column_schema *find_column(const layer_schema *schema, const char *name) {
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    if (strcmp(schema->columns[i].name, name) == 0) {
      return &schema->columns[i];
    }
  }
  return NULL;
}

static uint32_t find_symbol(const column_schema *column, const char *symbol) {
  uint32_t i = 0;
  while (i < column->n_symbols && (symbol == NULL || strcmp(column->symbols[i], symbol) != 0)) {
    i++;
  }
  return i;
}

/* NULL, or what is wrong with the value. */
static const char *value_fault(const column_schema *column, const cJSON *value) {
  switch (column->type) {
  case QN_COLUMN_STR:
    return cJSON_IsString(value) || cJSON_IsNull(value) ? NULL : "must be a string or null";
  case QN_COLUMN_SYMBOL:
    return find_symbol(column, cJSON_GetStringValue(value)) < column->n_symbols ? NULL : "is no symbol of that column";
  case QN_COLUMN_SPAN:
    return cJSON_IsNull(value) || (cJSON_IsNumber(member(value, "begin")) && cJSON_IsNumber(member(value, "end")))
               ? NULL
               : "must be an object with \"begin\" and \"end\", or null";
  case QN_COLUMN_U32:
    return cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= UINT32_MAX
               ? NULL
               : "must be a whole number from 0";
  case QN_COLUMN_REF:
    return cJSON_IsNull(value) || (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < QN_NO_ROW)
               ? NULL
               : "must be the number of a row, from 0, or null";
  default:
    return cJSON_IsNumber(value) || cJSON_IsNull(value) ? NULL : "must be a number";
  }
}

static int check_columns(const layer_schema *schema, const cJSON *row, uint64_t *heap_bytes, const char **ret_key,
                         const char **ret_fault) {
  const cJSON *value;
  cJSON_ArrayForEach(value, row) {
    const column_schema *column = find_column(schema, value->string);
    *ret_key = value->string;
    if (column == NULL && is_place(value->string)) {
      continue;
    }
    *ret_fault = column == NULL ? "is no column of the layer" : value_fault(column, value);
    if (*ret_fault != NULL) {
      return -EINVAL;
    }
    *heap_bytes += cJSON_IsString(value) && column->type == QN_COLUMN_STR ? strlen(value->valuestring) : 0;
  }
  *ret_key = NULL;
  return 0;
}

static int in_order(const void *a, const void *b) {
  const case_row *left = a, *right = b;
  if (left->span.begin != right->span.begin) {
    return left->span.begin < right->span.begin ? -1 : 1;
  }
  if (left->span.end != right->span.end) {
    return left->span.end > right->span.end ? -1 : 1;
  }
  return left->ordinal < right->ordinal ? -1 : 1;
}

int case_rows_read(const layer_schema *schema, const cJSON *json, const qn_view *view, case_rows *ret_rows,
                   qn_error *error) {
  int n = cJSON_GetArraySize(json);
  case_rows made = { .schema = schema, .rows = calloc((size_t)n + 1, sizeof *made.rows) };
  if (made.rows == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the stub's rows");
  }
  uint64_t heap_bytes = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, json) {
    const char *fault = NULL, *key = NULL;
    case_row *made_row = &made.rows[made.n];
    made_row->json = row;
    made_row->ordinal = made.n;
    int rc = find_place(row, view, &made_row->span, &fault);
    rc = rc == 0 ? check_columns(schema, row, &heap_bytes, &key, &fault) : rc;
    rc = rc == 0 && heap_bytes > UINT32_MAX ? (fault = "its strings are too long", -EINVAL) : rc;
    if (rc != 0) {
      free(made.rows);
      return error_set(error, -EINVAL, "stub", "row %u of the stub's layer \"%.100s\": %s%.60s%s%s", made.n,
                       schema->name, key != NULL ? "\"" : "", key != NULL ? key : "", key != NULL ? "\" " : "", fault);
    }
    made.n++;
  }
  made.heap_bytes = (uint32_t)heap_bytes;
  qsort(made.rows, made.n, sizeof *made.rows, in_order);
  *ret_rows = made;
  return 0;
}

void case_rows_done(case_rows *self) {
  free(self->rows);
  self->rows = NULL;
}

/* --- filling --- */

static void fill_str(const qn_rows *room, qn_heap_str *cell, const cJSON *value, uint32_t *heap) {
  *cell = (qn_heap_str){ QN_NO_ROW, 0 };
  if (cJSON_IsString(value)) {
    size_t len = strlen(value->valuestring);
    memcpy(room->heap + *heap, value->valuestring, len);
    *cell = (qn_heap_str){ room->heap_base + *heap, (uint32_t)len };
    *heap += (uint32_t)len;
  }
}

static void fill_cell(const column_schema *column, const qn_rows *room, void *cells, uint32_t row, const cJSON *value,
                      uint32_t *heap) {
  bool number = cJSON_IsNumber(value);
  switch (column->type) {
  case QN_COLUMN_STR:
    fill_str(room, (qn_heap_str *)cells + row, value, heap);
    break;
  case QN_COLUMN_SYMBOL: {
    uint32_t symbol = find_symbol(column, cJSON_GetStringValue(value));
    ((uint32_t *)cells)[row] = symbol < column->n_symbols ? symbol : 0;
    break;
  }
  case QN_COLUMN_I64:
    ((int64_t *)cells)[row] = number ? (int64_t)value->valuedouble : 0;
    break;
  case QN_COLUMN_F64:
    ((double *)cells)[row] = number ? value->valuedouble : (double)NAN;
    break;
  case QN_COLUMN_REF:
    ((uint32_t *)cells)[row] = number ? (uint32_t)value->valuedouble : QN_NO_ROW;
    break;
  case QN_COLUMN_SPAN: {
    qn_span span = { QN_NO_ROW, QN_NO_ROW };
    if (cJSON_IsObject(value)) {
      span.begin = (uint32_t)member(value, "begin")->valuedouble;
      span.end = (uint32_t)member(value, "end")->valuedouble;
    }
    ((qn_span *)cells)[row] = span;
    break;
  }
  default:
    ((uint32_t *)cells)[row] = number ? (uint32_t)value->valuedouble : 0;
    break;
  }
}

void case_rows_fill(const case_rows *self, const qn_rows *room, uint32_t *ret_heap) {
  uint32_t heap = 0;
  for (uint32_t i = 0; i < self->n; i++) {
    room->begin[i] = self->rows[i].span.begin;
    room->end[i] = self->rows[i].span.end;
    for (uint32_t c = 0; c < self->schema->n_columns; c++) {
      const column_schema *column = &self->schema->columns[c];
      fill_cell(column, room, room->columns[c], i, member(self->rows[i].json, column->name), &heap);
    }
  }
  *ret_heap = heap;
}
