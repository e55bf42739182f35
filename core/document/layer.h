/* SPDX-License-Identifier: Apache-2.0 */

/* A sealed layer: columns in one piece of the arena, with offsets into the text. And the rules that rows must keep,
 * whoever wrote them: a stage's builder or a block from outside. Private to core/document. */
#ifndef CORE_DOCUMENT_LAYER_H
#define CORE_DOCUMENT_LAYER_H

#include "document/arena.h"
#include "document/schema.h"
#include "document/view.h"

typedef struct layer {
  qn_layer rows; /* rows.columns points to columns */
  uint32_t heap_len;
  const void *columns[];
} layer;

/* The same while it may still be written. */
typedef struct layer_room {
  layer *layer;
  uint32_t *begin;
  uint32_t *end;
  void *columns[SCHEMA_COLUMNS_MAX];
  char *heap; /* heap_len bytes, and a 0 behind them */
} layer_room;

/* Rows that are not believed yet. */
typedef struct layer_draft {
  const layer_schema *schema;
  uint32_t n_rows;
  uint32_t heap_len;
  const uint32_t *begin;
  const uint32_t *end;
  const void *const *columns;
  const char *heap;                      /* heap_len bytes, and a 0 behind them */
  uint32_t ref_rows[SCHEMA_COLUMNS_MAX]; /* ref columns: rows of the layer they point into */
} layer_draft;

/* How far rows are to be held to the view they are in. */
typedef struct layer_rules {
  const view *view;
  bool any_bytes; /* the view is the payload: no code points to keep to */
  bool breaks;    /* spans may not cross breaks, unless the schema says so */
} layer_rules;

/* Bytes of an element of the column. */
uint32_t layer_width(uint32_t column_type);
/* Bytes of one row, spans and all columns. */
size_t layer_row_bytes(const layer_schema *schema);

/* Room in the arena for exactly this many rows. 0, -ENOMEM. */
int layer_reserve(arena *memory, const layer_schema *schema, uint32_t n_rows, uint32_t heap_len, layer_room *ret_room);

/* 0, or -EINVAL with an error that names layer, row and rule. */
int layer_check(const layer_draft *draft, const layer_rules *rules, qn_error *error);

/* The layer with its spans mapped; everything else is shared. 0, -ENOMEM. */
int layer_map(const layer *self, const layer_schema *schema, arena *memory, const alignment *runs, alignment_way way,
              layer **ret_layer);

/* Maps a span column's n elements; absent ones stay. The output may be the input. */
void layer_map_spans(const alignment *runs, alignment_way way, uint32_t n, const qn_span *spans, qn_span *ret_spans);

#endif
