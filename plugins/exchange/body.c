/* SPDX-License-Identifier: Apache-2.0 */

/* Fields and rows of a reply, read by the shapes of the layers the stage may bring. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/reply.h"

enum { SHOWN = 60, ROWS_FIRST = 64 };

static int shown(qn_str text) {
  return (int)(text.len < SHOWN ? text.len : SHOWN);
}

/* What a function that stops at a fault returns: the reader's own fault is put into words. */
static int stop(const json_in *in, const char *where, reply_fault *fault) {
  return in->fault != NULL ? reply_say(fault, "%s: %s", where, in->fault) : -EINVAL;
}

/* --- spans --- */

static bool offset_read(json_in *in, uint32_t *ret_offset) {
  json_number number;
  if (!json_in_number(in, &number)) {
    return false;
  }
  if (!number.whole || number.i64 < 0 || number.i64 >= UINT32_MAX) {
    return json_in_fail(in, "\"begin\" and \"end\" must be offsets into the text");
  }
  *ret_offset = (uint32_t)number.i64;
  return true;
}

/* {"begin": n, "end": n} */
static bool span_read(json_in *in, qn_span *ret_span) {
  uint32_t seen = 0;
  qn_str key;
  if (!json_in_enter(in, '{')) {
    return false;
  }
  for (uint32_t n = 0; json_in_more(in, '}', n); n++) {
    if (!json_in_key(in, &key)) {
      return false;
    }
    bool is_begin = key.len == 5 && memcmp(key.data, "begin", 5) == 0;
    if (!is_begin && !(key.len == 3 && memcmp(key.data, "end", 3) == 0)) {
      return json_in_fail(in, "a span has \"begin\" and \"end\" and nothing else");
    }
    seen |= is_begin ? 1 : 2;
    if (!offset_read(in, is_begin ? &ret_span->begin : &ret_span->end)) {
      return false;
    }
  }
  if (in->fault == NULL && (seen != 3 || ret_span->begin > ret_span->end)) {
    return json_in_fail(in, "a span needs \"begin\" and \"end\", the first not past the second");
  }
  return in->fault == NULL;
}

/* --- fields --- */

static bool value_read(json_in *in, qn_value *ret_value) {
  qn_value value = { .type = QN_VALUE_NONE };
  json_number number;
  bool flag;
  switch (json_in_peek(in)) {
  case JSON_IN_NULL:
    *ret_value = value;
    return json_in_null(in);
  case JSON_IN_BOOL:
    if (!json_in_bool(in, &flag)) {
      return false;
    }
    value.type = QN_VALUE_BOOL;
    value.as.i64 = flag;
    break;
  case JSON_IN_NUMBER:
    if (!json_in_number(in, &number)) {
      return false;
    }
    value.type = number.whole ? QN_VALUE_I64 : QN_VALUE_F64;
    if (number.whole) {
      value.as.i64 = number.i64;
    } else {
      value.as.f64 = number.f64;
    }
    break;
  case JSON_IN_STRING:
    value.type = QN_VALUE_STR;
    if (!json_in_string(in, &value.as.str)) {
      return false;
    }
    break;
  case JSON_IN_OBJECT:
    value.type = QN_VALUE_SPAN;
    if (!span_read(in, &value.as.span)) {
      return false;
    }
    break;
  default:
    return json_in_fail(in, "a field is a string, a number, true, false, null or a span");
  }
  *ret_value = value;
  return true;
}

static bool is_identity(qn_str name) {
  return (name.len == 2 && memcmp(name.data, "id", 2) == 0) || (name.len == 6 && memcmp(name.data, "source", 6) == 0);
}

static int fields_read(reply_body *body, qn_str slice, reply_fault *fault) {
  json_in in = { .at = (char *)(uintptr_t)slice.data, .end = (char *)(uintptr_t)slice.data + slice.len };
  json_in_enter(&in, '{');
  for (uint32_t n = 0; json_in_more(&in, '}', n); n++) {
    if (n == REPLY_FIELDS_MAX) {
      return reply_say(fault, "it has more than %d fields", REPLY_FIELDS_MAX);
    }
    reply_field *to = &body->fields[n];
    if (!json_in_key(&in, &to->name) || !value_read(&in, &to->value)) {
      break;
    }
    if (to->name.len == 0 || to->name.len > 128 || is_identity(to->name)) {
      return reply_say(fault,
                       "the field \"%.*s\" cannot be set: a name has 1 to 128 bytes and is not \"id\" or \"source\"",
                       shown(to->name), to->name.data);
    }
    body->n_fields = n + 1;
  }
  return in.fault != NULL ? stop(&in, "its \"fields\"", fault) : 0;
}

/* --- rows --- */

static int grow(void **memory, size_t bytes) {
  void *grown = realloc(*memory, bytes);
  if (grown == NULL) {
    return -ENOMEM;
  }
  *memory = grown;
  return 0;
}

static int row_room(reply_rows *rows) {
  if (rows->n < rows->capacity) {
    return 0;
  }
  uint32_t capacity = rows->capacity == 0 ? ROWS_FIRST : rows->capacity * 2;
  uint32_t columns = rows->n_columns == 0 ? 1 : rows->n_columns;
  int rc = capacity < rows->capacity ? -ENOMEM : grow((void **)&rows->rows, capacity * sizeof *rows->rows);
  rc = rc == 0 ? grow((void **)&rows->order, capacity * sizeof *rows->order) : rc;
  rc = rc == 0 ? grow((void **)&rows->cells, (size_t)capacity * columns * sizeof *rows->cells) : rc;
  if (rc == 0) {
    rows->capacity = capacity;
  }
  return rc;
}

static void cell_clear(const shape_column *column, reply_cell *cell) {
  memset(cell, 0, sizeof *cell); /* an initializer fills the first member alone */
  if (column->type == QN_COLUMN_F64) {
    cell->f64 = NAN;
  } else if (column->type == QN_COLUMN_REF || column->type == QN_COLUMN_SYMBOL) {
    cell->u32 = QN_NO_ROW;
  } else if (column->type == QN_COLUMN_SPAN) {
    cell->span.begin = QN_NO_ROW;
  }
}

static bool symbol_read(json_in *in, const shape_column *column, reply_cell *cell) {
  qn_str text;
  if (!json_in_string(in, &text)) {
    return false;
  }
  for (uint32_t i = 0; i < column->n_symbols; i++) {
    if (strlen(column->symbols[i]) == text.len && memcmp(column->symbols[i], text.data, text.len) == 0) {
      cell->u32 = i;
      return true;
    }
  }
  return json_in_fail(in, "this is none of the column's symbols");
}

static bool whole_read(json_in *in, const shape_column *column, reply_cell *cell) {
  json_number number;
  if (!json_in_number(in, &number)) {
    return false;
  }
  if (column->type == QN_COLUMN_F64) {
    cell->f64 = number.f64;
    return true;
  }
  if (!number.whole || (column->type != QN_COLUMN_I64 && (number.i64 < 0 || number.i64 >= UINT32_MAX))) {
    return json_in_fail(in, "a whole number is expected");
  }
  if (column->type == QN_COLUMN_I64) {
    cell->i64 = number.i64;
  } else {
    cell->u32 = (uint32_t)number.i64;
  }
  return true;
}

static bool cell_read(json_in *in, const shape_column *column, reply_rows *rows, reply_cell *cell) {
  if (json_in_peek(in) == JSON_IN_NULL) {
    return json_in_null(in);
  }
  switch (column->type) {
  case QN_COLUMN_STR:
    if (!json_in_string(in, &cell->str)) {
      return false;
    }
    rows->heap_bytes += cell->str.len;
    return true;
  case QN_COLUMN_SYMBOL:
    return symbol_read(in, column, cell);
  case QN_COLUMN_SPAN:
    return span_read(in, &cell->span);
  default:
    return whole_read(in, column, cell);
  }
}

/* One member of a row: 0 and 1 in seen are its offsets, the others its columns. */
static int member_read(json_in *in, const shape *shape, reply_rows *rows, uint32_t *seen, reply_fault *fault) {
  reply_row *row = &rows->rows[rows->n];
  reply_cell *cells = rows->cells + (size_t)rows->n * rows->n_columns;
  qn_str key;
  if (!json_in_key(in, &key)) {
    return -EINVAL;
  }
  uint32_t column = shape_column_find(shape, key);
  bool is_begin = key.len == 5 && memcmp(key.data, "begin", 5) == 0;
  bool is_end = key.len == 3 && memcmp(key.data, "end", 3) == 0;
  uint32_t bit = is_begin ? 0 : is_end ? 1 : column + 2;
  if (!is_begin && !is_end && column == shape->n_columns) {
    return reply_say(fault, "layer \"%s\", row %u: it has no column \"%.*s\"", shape->name, rows->n, shown(key),
                     key.data);
  }
  if ((*seen & 1u << bit) != 0) {
    return reply_say(fault, "layer \"%s\", row %u: \"%.*s\" stands there twice", shape->name, rows->n, shown(key),
                     key.data);
  }
  *seen |= 1u << bit;
  bool good = is_begin || is_end ? offset_read(in, is_begin ? &row->begin : &row->end)
                                 : cell_read(in, &shape->columns[column], rows, &cells[column]);
  if (!good) {
    return reply_say(fault, "layer \"%s\", row %u, \"%.*s\": %s", shape->name, rows->n, shown(key), key.data,
                     in->fault);
  }
  return 0;
}

static int row_check(const shape *shape, const reply_rows *rows, uint32_t seen, reply_fault *fault) {
  const reply_row *row = &rows->rows[rows->n];
  const reply_cell *cells = rows->cells + (size_t)rows->n * rows->n_columns;
  if ((seen & 3u) != 3u || row->begin > row->end) {
    return reply_say(fault, "layer \"%s\", row %u: it needs \"begin\" and \"end\", the first not past the second",
                     shape->name, rows->n);
  }
  for (uint32_t i = 0; i < shape->n_columns; i++) {
    if (shape->columns[i].type == QN_COLUMN_SYMBOL && cells[i].u32 == QN_NO_ROW) {
      return reply_say(fault, "layer \"%s\", row %u: it needs \"%s\"", shape->name, rows->n, shape->columns[i].name);
    }
  }
  return 0;
}

static int row_read(json_in *in, const shape *shape, reply_rows *rows, reply_fault *fault) {
  int rc = row_room(rows);
  if (rc != 0) {
    return rc;
  }
  uint32_t seen = 0;
  rows->rows[rows->n] = (reply_row){ .place = rows->n };
  for (uint32_t i = 0; i < shape->n_columns; i++) {
    cell_clear(&shape->columns[i], &rows->cells[(size_t)rows->n * rows->n_columns + i]);
  }
  if (!json_in_enter(in, '{')) {
    return -EINVAL;
  }
  for (uint32_t n = 0; json_in_more(in, '}', n); n++) {
    rc = member_read(in, shape, rows, &seen, fault);
    if (rc != 0) {
      return rc;
    }
  }
  rc = in->fault != NULL ? -EINVAL : row_check(shape, rows, seen, fault);
  rows->n += rc == 0;
  return rc;
}

static int layer_read(json_in *in, const shapes *shapes, reply_body *body, reply_fault *fault) {
  qn_str name;
  if (!json_in_key(in, &name)) {
    return -EINVAL;
  }
  uint32_t index = shapes_find(shapes, name);
  if (index == SHAPES_MAX) {
    return reply_say(fault, "it brings the layer \"%.*s\", which the stage's \"layers\".\"provides\" does not list",
                     shown(name), name.data);
  }
  reply_rows *rows = &body->rows[index];
  if (rows->given) {
    return reply_say(fault, "it brings the layer \"%s\" twice", shapes->all[index].name);
  }
  rows->given = true;
  rows->n_columns = shapes->all[index].n_columns;
  int rc = json_in_enter(in, '[') ? 0 : -EINVAL;
  for (uint32_t n = 0; rc == 0 && json_in_more(in, ']', n); n++) {
    rc = row_read(in, &shapes->all[index], rows, fault);
  }
  return rc == 0 && in->fault != NULL ? -EINVAL : rc;
}

static int layers_read(reply_body *body, const shapes *shapes, qn_str slice, reply_fault *fault) {
  json_in in = { .at = (char *)(uintptr_t)slice.data, .end = (char *)(uintptr_t)slice.data + slice.len };
  int rc = 0;
  fault->text[0] = '\0';
  json_in_enter(&in, '{');
  for (uint32_t n = 0; rc == 0 && json_in_more(&in, '}', n); n++) {
    rc = layer_read(&in, shapes, body, fault);
  }
  bool unsaid = (rc == -EINVAL || in.fault != NULL) && fault->text[0] == '\0';
  return unsaid ? stop(&in, "its \"layers\"", fault) : rc;
}

int body_read(reply_body *body, const shapes *shapes, const reply *reply, reply_fault *fault) {
  body->n_fields = 0;
  for (uint32_t i = 0; i < shapes->n; i++) {
    body->rows[i].given = false;
    body->rows[i].n = 0;
    body->rows[i].heap_bytes = 0;
  }
  int rc = reply->fields.len > 0 ? fields_read(body, reply->fields, fault) : 0;
  return rc == 0 && reply->layers.len > 0 ? layers_read(body, shapes, reply->layers, fault) : rc;
}

void body_done(reply_body *body) {
  for (uint32_t i = 0; i < SHAPES_MAX; i++) {
    free(body->rows[i].rows);
    free(body->rows[i].cells);
    free(body->rows[i].order);
  }
  free(body->places);
  *body = (reply_body){ 0 };
}
