/* SPDX-License-Identifier: Apache-2.0 */

/* Collecting, sorting and handing over. */
#include "lua/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lua/engine.h"

enum { FIRST_ROWS = 64, FIRST_HEAP = 1024 };

static const shape *shape_of(const engine *self, uint32_t index) {
  return &self->script->shapes.all[self->script->n_read + index];
}

static uint32_t n_provided(const engine *self) {
  return self->script->shapes.n - self->script->n_read;
}

/* Each array by itself: one that could grow keeps its new size if the next could not. */
static int grow_rows(engine *self, rows *to, uint32_t n_columns) {
  uint32_t larger = to->capacity == 0 ? FIRST_ROWS : to->capacity * 2;
  size_t cell_bytes = sizeof(row_cell) * (n_columns > 0 ? n_columns : 1);
  if (larger > UINT32_MAX / 64) {
    return -ENOMEM;
  }
  row_place *places = engine_resize(self, NULL, 0, larger * sizeof *places);
  row_cell *cells = engine_resize(self, NULL, 0, larger * cell_bytes);
  uint32_t *sorted = engine_resize(self, NULL, 0, larger * sizeof *sorted);
  if (places == NULL || cells == NULL || sorted == NULL) {
    (void)(places != NULL && engine_resize(self, places, larger * sizeof *places, 0));
    (void)(cells != NULL && engine_resize(self, cells, larger * cell_bytes, 0));
    (void)(sorted != NULL && engine_resize(self, sorted, larger * sizeof *sorted, 0));
    return -ENOMEM;
  }
  if (to->n > 0) {
    memcpy(places, to->places, to->n * sizeof *places);
    memcpy(cells, to->cells, to->n * cell_bytes);
  }
  engine_resize(self, to->places, to->capacity * sizeof *places, 0);
  engine_resize(self, to->cells, to->capacity * cell_bytes, 0);
  engine_resize(self, to->sorted, to->capacity * sizeof *sorted, 0);
  to->places = places;
  to->cells = cells;
  to->sorted = sorted;
  to->capacity = larger;
  return 0;
}

int rows_add(engine *self, uint32_t index, uint32_t begin, uint32_t end, row_cell **ret_cells) {
  rows *to = &self->rows[index];
  uint32_t n_columns = shape_of(self, index)->n_columns;
  int rc = to->n < to->capacity ? 0 : grow_rows(self, to, n_columns);
  if (rc != 0) {
    return rc;
  }
  to->places[to->n] = (row_place){ begin, end, to->n };
  *ret_cells = to->cells + (size_t)to->n * n_columns;
  to->n++;
  return 0;
}

int rows_keep(engine *self, uint32_t index, qn_str text, qn_heap_str *ret_kept) {
  rows *to = &self->rows[index];
  uint64_t wanted = (uint64_t)to->heap_len + text.len;
  if (wanted > to->heap_capacity) {
    uint64_t larger = wanted + wanted / 2 + FIRST_HEAP;
    char *heap = larger < UINT32_MAX ? engine_resize(self, to->heap, to->heap_capacity, larger) : NULL;
    if (heap == NULL) {
      return -ENOMEM;
    }
    to->heap = heap;
    to->heap_capacity = (uint32_t)larger;
  }
  if (text.len > 0) {
    memcpy(to->heap + to->heap_len, text.data, text.len);
  }
  *ret_kept = (qn_heap_str){ to->heap_len, (uint32_t)text.len };
  to->heap_len = (uint32_t)wanted;
  return 0;
}

/* --- handing over --- */

/* By begin, the longest first; of equal ones the first added. */
static int compare(const void *a, const void *b) {
  const row_place *x = a, *y = b;
  if (x->begin != y->begin) {
    return x->begin < y->begin ? -1 : 1;
  }
  if (x->end != y->end) {
    return x->end > y->end ? -1 : 1;
  }
  return x->number < y->number ? -1 : 1;
}

static void sort(rows *self) {
  bool in_order = true;
  for (uint32_t i = 1; i < self->n && in_order; i++) {
    in_order = compare(&self->places[i - 1], &self->places[i]) < 0;
  }
  if (!in_order) {
    qsort(self->places, self->n, sizeof *self->places, compare);
  }
  for (uint32_t i = 0; i < self->n; i++) {
    self->sorted[self->places[i].number] = i;
  }
}

/* A ref into a layer that the script makes itself counts rows as they were added. */
static uint32_t resolve(const engine *self, const shape_column *column, uint32_t row) {
  for (uint32_t i = 0; row != QN_NO_ROW && i < n_provided(self); i++) {
    if (strcmp(shape_of(self, i)->name, column->layer) == 0) {
      return row < self->rows[i].n ? self->rows[i].sorted[row] : row; /* the host refuses one that is not there */
    }
  }
  return row;
}

static void write_cell(const engine *self, const shape_column *column, const row_cell *cell, const qn_rows *room,
                       uint32_t index, uint32_t row) {
  void *to = room->columns[index];
  switch (column->type) {
  case QN_COLUMN_I64:
    ((int64_t *)to)[row] = cell->i64;
    break;
  case QN_COLUMN_F64:
    ((double *)to)[row] = cell->f64;
    break;
  case QN_COLUMN_STR:
    ((qn_heap_str *)to)[row] = cell->str;
    if (cell->str.offset != QN_NO_ROW) {
      ((qn_heap_str *)to)[row].offset += room->heap_base;
    }
    break;
  case QN_COLUMN_SPAN:
    ((qn_span *)to)[row] = cell->span;
    break;
  case QN_COLUMN_REF:
    ((uint32_t *)to)[row] = resolve(self, column, cell->u32);
    break;
  default:
    ((uint32_t *)to)[row] = cell->u32;
    break;
  }
}

static int commit(engine *self, uint32_t index) {
  const rows *from = &self->rows[index];
  const shape *of = shape_of(self, index);
  uint32_t layer = self->script->n_read + index;
  qn_rows room;
  if (from->n == 0) {
    return 0;
  }
  int rc = self->host->layer_reserve(self->call, layer, from->n, from->heap_len, &room);
  if (rc != 0) {
    return rc;
  }
  for (uint32_t row = 0; row < from->n; row++) {
    const row_place *place = &from->places[row];
    const row_cell *cells = from->cells + (size_t)place->number * of->n_columns;
    room.begin[row] = place->begin;
    room.end[row] = place->end;
    for (uint32_t column = 0; column < of->n_columns; column++) {
      write_cell(self, &of->columns[column], &cells[column], &room, column, row);
    }
  }
  if (from->heap_len > 0) {
    memcpy(room.heap, from->heap, from->heap_len);
  }
  return self->host->layer_commit(self->call, layer, from->n, from->heap_len);
}

int rows_commit(engine *self) {
  int rc = 0;
  for (uint32_t i = 0; i < n_provided(self); i++) {
    sort(&self->rows[i]);
  }
  for (uint32_t i = 0; rc == 0 && i < n_provided(self); i++) {
    rc = commit(self, i);
  }
  return rc;
}

void rows_clear(engine *self) {
  for (uint32_t i = 0; i < n_provided(self); i++) {
    self->rows[i].n = 0;
    self->rows[i].heap_len = 0;
  }
}

void rows_free(engine *self) {
  for (uint32_t i = 0; i < n_provided(self); i++) {
    rows *each = &self->rows[i];
    uint32_t n_columns = shape_of(self, i)->n_columns;
    engine_resize(self, each->places, each->capacity * sizeof *each->places, 0);
    engine_resize(self, each->cells, each->capacity * sizeof(row_cell) * (n_columns > 0 ? n_columns : 1), 0);
    engine_resize(self, each->sorted, each->capacity * sizeof *each->sorted, 0);
    engine_resize(self, each->heap, each->heap_capacity, 0);
  }
}
