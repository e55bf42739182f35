/* SPDX-License-Identifier: Apache-2.0 */

/* Sealed layers: their place in the arena, and their mapping to another view. */
#include "document/layer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

_Static_assert(sizeof(size_t) == 8, "row counts times row sizes are taken to fit");

uint32_t layer_width(uint32_t column_type) {
  switch (column_type) {
  case QN_COLUMN_I64:
  case QN_COLUMN_F64:
  case QN_COLUMN_STR:
  case QN_COLUMN_SPAN:
    return 8;
  default:
    return 4;
  }
}

size_t layer_row_bytes(const layer_schema *schema) {
  size_t bytes = 2 * sizeof(uint32_t);
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    bytes += layer_width(schema->columns[i].type);
  }
  return bytes;
}

static size_t align8(size_t bytes) {
  return (bytes + 7) & ~(size_t)7;
}

/* Takes the next piece of a block that was reserved as a whole. */
static void *take(char **cursor, size_t bytes) {
  char *piece = *cursor;
  *cursor += align8(bytes);
  return piece;
}

int layer_reserve(arena *memory, const layer_schema *schema, uint32_t n_rows, uint32_t heap_len, layer_room *ret_room) {
  size_t head = align8(sizeof(layer) + schema->n_columns * sizeof(void *));
  size_t bytes = head + 2 * align8((size_t)n_rows * 4) + align8((size_t)heap_len + 1);
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    bytes += align8((size_t)n_rows * layer_width(schema->columns[i].type));
  }
  char *cursor = arena_alloc(memory, bytes);
  if (cursor == NULL) {
    return -ENOMEM;
  }
  layer_room room;
  room.layer = take(&cursor, head);
  room.begin = take(&cursor, (size_t)n_rows * 4);
  room.end = take(&cursor, (size_t)n_rows * 4);
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    room.columns[i] = take(&cursor, (size_t)n_rows * layer_width(schema->columns[i].type));
    room.layer->columns[i] = room.columns[i];
  }
  room.heap = take(&cursor, (size_t)heap_len + 1);
  room.heap[heap_len] = 0;
  room.layer->heap_len = heap_len;
  room.layer->rows = (qn_layer){
    .n_rows = n_rows,
    .n_columns = schema->n_columns,
    .begin = room.begin,
    .end = room.end,
    .columns = room.layer->columns,
    .heap = room.heap,
  };
  *ret_room = room;
  return 0;
}

void layer_map_spans(const alignment *runs, alignment_way way, uint32_t n, const qn_span *spans, qn_span *ret_spans) {
  for (uint32_t i = 0; i < n; i++) {
    ret_spans[i] = spans[i].begin == QN_NO_ROW ? spans[i] : alignment_map(runs, way, spans[i]);
  }
}

int layer_map(const layer *self, const layer_schema *schema, arena *memory, const alignment *runs, alignment_way way,
              layer **ret_layer) {
  uint32_t n = self->rows.n_rows;
  size_t n_spans = 0;
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    n_spans += schema->columns[i].type == QN_COLUMN_SPAN;
  }
  size_t head = align8(sizeof(layer) + schema->n_columns * sizeof(void *));
  size_t bytes = head + 2 * align8((size_t)n * 4) + n_spans * align8((size_t)n * sizeof(qn_span));
  char *cursor = arena_alloc(memory, bytes);
  if (cursor == NULL) {
    return -ENOMEM;
  }
  layer *mapped = take(&cursor, head);
  uint32_t *begin = take(&cursor, (size_t)n * 4);
  uint32_t *end = take(&cursor, (size_t)n * 4);
  alignment_map_rows(runs, way, n, self->rows.begin, self->rows.end, begin, end);
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    mapped->columns[i] = self->columns[i];
    if (schema->columns[i].type == QN_COLUMN_SPAN) {
      qn_span *spans = take(&cursor, (size_t)n * sizeof(qn_span));
      layer_map_spans(runs, way, n, self->columns[i], spans);
      mapped->columns[i] = spans;
    }
  }
  mapped->heap_len = self->heap_len;
  mapped->rows = self->rows;
  mapped->rows.begin = begin;
  mapped->rows.end = end;
  mapped->rows.columns = mapped->columns;
  *ret_layer = mapped;
  return 0;
}
