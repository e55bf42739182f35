/* SPDX-License-Identifier: Apache-2.0 */

/* A reply's offsets brought to bytes of the text, its rows into the order layers have, and then to the host.
 *
 * Whatever breaks a rule of spans is refused here, in words about the reply: the host would take it for a fault of the
 * plugin. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/reply.h"
#include "text/utf8.h"

/* --- offsets --- */

static int place_add(reply_body *body, uint32_t *place) {
  if (body->n_places == body->place_capacity) {
    uint32_t capacity = body->place_capacity == 0 ? 256 : body->place_capacity * 2;
    uint32_t **grown = capacity < body->place_capacity ? NULL : realloc(body->places, capacity * sizeof *grown);
    if (grown == NULL) {
      return -ENOMEM;
    }
    body->places = grown;
    body->place_capacity = capacity;
  }
  body->places[body->n_places++] = place;
  return 0;
}

static int rows_gather(reply_body *body, const shape *shape, reply_rows *rows) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < rows->n; i++) {
    rc = place_add(body, &rows->rows[i].begin);
    rc = rc == 0 ? place_add(body, &rows->rows[i].end) : rc;
    for (uint32_t k = 0; rc == 0 && k < shape->n_columns; k++) {
      qn_span *span = &rows->cells[(size_t)i * rows->n_columns + k].span;
      if (shape->columns[k].type == QN_COLUMN_SPAN && span->begin != QN_NO_ROW) {
        rc = place_add(body, &span->begin);
        rc = rc == 0 ? place_add(body, &span->end) : rc;
      }
    }
  }
  return rc;
}

static int by_value(const void *a, const void *b) {
  uint32_t left = **(uint32_t *const *)a;
  uint32_t right = **(uint32_t *const *)b;
  return (left > right) - (left < right);
}

static int outside(const char *what, uint32_t offset, uint64_t len, reply_fault *fault) {
  return reply_say(fault, "%s: the offset %u is outside the text, which ends at %llu", what, offset,
                   (unsigned long long)len);
}

static int bytes_check(const reply_body *body, const qn_view *text, const char *what, reply_fault *fault) {
  for (uint32_t i = 0; i < body->n_places; i++) {
    uint32_t offset = *body->places[i];
    if (offset > text->len) {
      return outside(what, offset, text->len, fault);
    }
    if (!utf8_boundary(text->data, text->len, offset)) {
      return reply_say(fault, "%s: the offset %u is inside a character; offsets here are bytes of UTF-8", what, offset);
    }
  }
  return 0;
}

/* Goes through places and text side by side, so they are sorted first. */
static int units_convert(reply_body *body, const qn_view *text, uint32_t offsets, const char *what,
                         reply_fault *fault) {
  uint32_t at = 0;
  uint64_t units = 0;
  qsort(body->places, body->n_places, sizeof *body->places, by_value);
  for (uint32_t i = 0; i < body->n_places; i++) {
    uint32_t wanted = *body->places[i];
    while (units < wanted && at < text->len) {
      uint32_t len = utf8_len(text->data[at]);
      units += offsets == QN_OFFSETS_UTF16 && len == 4 ? 2 : 1;
      at += len;
    }
    if (units < wanted) {
      return outside(what, wanted, units, fault);
    }
    if (units > wanted) {
      return reply_say(fault, "%s: the offset %u is inside a pair of UTF-16 units", what, wanted);
    }
    *body->places[i] = at;
  }
  return 0;
}

static int places_convert(reply_body *body, const qn_view *text, uint32_t offsets, const char *what,
                          reply_fault *fault) {
  if (body->n_places == 0) {
    return 0;
  }
  return offsets == QN_OFFSETS_BYTES ? bytes_check(body, text, what, fault)
                                     : units_convert(body, text, offsets, what, fault);
}

/* --- order, breaks, refs --- */

static int by_span(const void *a, const void *b) {
  const reply_row *left = a;
  const reply_row *right = b;
  if (left->begin != right->begin) {
    return left->begin < right->begin ? -1 : 1;
  }
  if (left->end != right->end) {
    return left->end > right->end ? -1 : 1;
  }
  return (left->place > right->place) - (left->place < right->place);
}

static void rows_sort(reply_rows *rows) {
  if (rows->n > 1) {
    qsort(rows->rows, rows->n, sizeof *rows->rows, by_span);
  }
  for (uint32_t i = 0; i < rows->n; i++) {
    rows->order[rows->rows[i].place] = i;
  }
}

static int breaks_check(const shape *shape, const reply_rows *rows, const qn_view *text, reply_fault *fault) {
  uint32_t next = 0;
  for (uint32_t i = 0; i < rows->n && !shape->crosses_breaks; i++) {
    while (next < text->n_breaks && text->breaks[next] <= rows->rows[i].begin) {
      next++;
    }
    if (next < text->n_breaks && text->breaks[next] < rows->rows[i].end) {
      return reply_say(fault, "layer \"%s\", row %u: it reaches across a place where something was cut out of the text",
                       shape->name, rows->rows[i].place);
    }
  }
  return 0;
}

/* A ref to a layer of the same reply counts its rows as the reply does; they have moved. */
static int refs_move(reply_body *body, const shapes *shapes, uint32_t index, reply_fault *fault) {
  const shape *self = &shapes->all[index];
  reply_rows *rows = &body->rows[index];
  for (uint32_t k = 0; k < self->n_columns; k++) {
    const char *name = self->columns[k].type == QN_COLUMN_REF ? self->columns[k].layer : NULL;
    uint32_t other = name == NULL ? SHAPES_MAX : shapes_find(shapes, (qn_str){ name, strlen(name) });
    for (uint32_t i = 0; other != SHAPES_MAX && i < rows->n; i++) {
      reply_cell *cell = &rows->cells[(size_t)i * rows->n_columns + k];
      uint32_t n_rows = body->rows[other].given ? body->rows[other].n : 0;
      if (cell->u32 != QN_NO_ROW && cell->u32 >= n_rows) {
        return reply_say(fault, "layer \"%s\", row %u: \"%s\" is row %u of \"%s\", which has %u here", self->name, i,
                         self->columns[k].name, cell->u32, name, n_rows);
      }
      cell->u32 = cell->u32 == QN_NO_ROW ? QN_NO_ROW : body->rows[other].order[cell->u32];
    }
  }
  return 0;
}

static int fields_convert(reply_body *body, const qn_view *text, uint32_t offsets, reply_fault *fault) {
  int rc = 0;
  body->n_places = 0;
  for (uint32_t i = 0; rc == 0 && i < body->n_fields; i++) {
    qn_value *value = &body->fields[i].value;
    if (value->type == QN_VALUE_SPAN) {
      rc = place_add(body, &value->as.span.begin);
      rc = rc == 0 ? place_add(body, &value->as.span.end) : rc;
    }
  }
  return rc == 0 ? places_convert(body, text, offsets, "a field", fault) : rc;
}

static int rows_convert(reply_body *body, const shape *shape, reply_rows *rows, const qn_view *text, uint32_t offsets,
                        reply_fault *fault) {
  char what[120];
  body->n_places = 0;
  int rc = rows_gather(body, shape, rows);
  if (rc == 0) {
    strcpy(what, "layer \"");
    strncat(what, shape->name, sizeof what - 20);
    strcat(what, "\"");
    rc = places_convert(body, text, offsets, what, fault);
  }
  if (rc == 0) {
    rows_sort(rows);
    rc = breaks_check(shape, rows, text, fault);
  }
  return rc;
}

int body_resolve(reply_body *body, const shapes *shapes, const qn_view *text, uint32_t offsets, reply_fault *fault) {
  int rc = fields_convert(body, text, offsets, fault);
  for (uint32_t i = 0; rc == 0 && i < shapes->n; i++) {
    rc = body->rows[i].given ? rows_convert(body, &shapes->all[i], &body->rows[i], text, offsets, fault) : 0;
  }
  for (uint32_t i = 0; rc == 0 && i < shapes->n; i++) {
    rc = body->rows[i].given ? refs_move(body, shapes, i, fault) : 0;
  }
  return rc;
}

/* --- to the host --- */

static void cell_write(const shape_column *column, const reply_cell *cell, const qn_rows *room, uint32_t k,
                       uint32_t row, uint32_t *heap_len) {
  switch (column->type) {
  case QN_COLUMN_I64:
    ((int64_t *)room->columns[k])[row] = cell->i64;
    break;
  case QN_COLUMN_F64:
    ((double *)room->columns[k])[row] = cell->f64;
    break;
  case QN_COLUMN_SPAN:
    ((qn_span *)room->columns[k])[row] = cell->span;
    break;
  case QN_COLUMN_STR:
    ((qn_heap_str *)room->columns[k])[row] =
        (qn_heap_str){ cell->str.data == NULL ? QN_NO_ROW : room->heap_base + *heap_len, (uint32_t)cell->str.len };
    if (cell->str.len > 0) {
      memcpy(room->heap + *heap_len, cell->str.data, cell->str.len);
    }
    *heap_len += (uint32_t)cell->str.len;
    break;
  default:
    ((uint32_t *)room->columns[k])[row] = cell->u32;
    break;
  }
}

static int rows_write(const reply_rows *rows, const shape *shape, uint32_t layer, qn_call *call) {
  qn_rows room;
  uint32_t heap_len = 0;
  if (rows->heap_bytes > UINT32_MAX / 2) {
    return -ENOMEM;
  }
  int rc = call->host->layer_reserve(call, layer, rows->n, (uint32_t)rows->heap_bytes, &room);
  if (rc != 0) {
    return rc;
  }
  for (uint32_t i = 0; i < rows->n; i++) {
    const reply_row *row = &rows->rows[i];
    const reply_cell *cells = rows->cells + (size_t)row->place * rows->n_columns;
    room.begin[i] = row->begin;
    room.end[i] = row->end;
    for (uint32_t k = 0; k < shape->n_columns; k++) {
      cell_write(&shape->columns[k], &cells[k], &room, k, i, &heap_len);
    }
  }
  return call->host->layer_commit(call, layer, rows->n, heap_len);
}

int body_write(const reply_body *body, const shapes *shapes, qn_call *call, reply_fault *fault) {
  for (uint32_t i = 0; i < body->n_fields; i++) {
    const reply_field *field = &body->fields[i];
    int rc = call->host->field_set(call, field->name, &field->value);
    if (rc != 0 && rc != -ENOMEM) {
      return reply_say(fault, "the field \"%.*s\" does not fit: %s", (int)(field->name.len < 60 ? field->name.len : 60),
                       field->name.data, strerror(-rc));
    }
    if (rc != 0) {
      return rc;
    }
  }
  for (uint32_t i = 0; i < shapes->n; i++) {
    int rc = body->rows[i].given ? rows_write(&body->rows[i], &shapes->all[i], shapes->first + i, call) : 0;
    if (rc != 0 && rc != -ENOMEM) {
      return reply_say(fault, "the layer \"%s\" cannot be written: %s", shapes->all[i].name, strerror(-rc));
    }
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}
