/* SPDX-License-Identifier: Apache-2.0 */

/* Rows that a script adds to a layer, in any order, until the document's end; then they are sorted and handed to the host. */
#ifndef LUA_ROWS_H
#define LUA_ROWS_H

#include "exchange/shape.h"
#include "qanat/stage.h"

struct engine;

/* A value of a row: strings are places in the heap, refs are rows counted as they were added. */
typedef union row_cell {
  uint32_t u32;
  int64_t i64;
  double f64;
  qn_heap_str str;
  qn_span span;
} row_cell;

typedef struct row_place {
  uint32_t begin, end;
  uint32_t number; /* as added, from 0 */
} row_place;

typedef struct rows {
  uint32_t n, capacity;
  row_place *places;
  row_cell *cells;  /* n times the shape's columns */
  uint32_t *sorted; /* by number: the place after sorting */
  char *heap;
  uint32_t heap_len, heap_capacity;
} rows;

/* Room for one more row; ret_cells are its columns. 0, -ENOMEM. */
int rows_add(struct engine *engine, uint32_t index, uint32_t begin, uint32_t end, row_cell **ret_cells);

/* A copy of a string in the heap of the layer. 0, -ENOMEM. */
int rows_keep(struct engine *engine, uint32_t index, qn_str text, qn_heap_str *ret_kept);

/* Hands the rows of all layers to the host. 0, or the host's error. */
int rows_commit(struct engine *engine);

/* Forgets all rows and keeps the room. */
void rows_clear(struct engine *engine);

void rows_free(struct engine *engine);

#endif
