/* SPDX-License-Identifier: Apache-2.0 */

/* The rows a stage writes: columns lent by reserve, counted by commit, or a sealed layer lent whole for editing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/builder_body.h"

/* What one layer's buffer may keep between documents. */
enum { ROWS_KEEP_BYTES = 4 * 1024 * 1024 };

static const uint32_t rows_max = 1u << 30;

void row_buffer_free(row_buffer *rows) {
  free(rows->begin);
  free(rows->end);
  free(rows->heap);
  for (uint32_t i = 0; i < SCHEMA_COLUMNS_MAX; i++) {
    free(rows->columns[i]);
  }
  *rows = (row_buffer){ 0 };
}

void row_buffer_clear(row_buffer *rows) {
  if (rows->schema != NULL && (size_t)rows->capacity * layer_row_bytes(rows->schema) > ROWS_KEEP_BYTES) {
    row_buffer_free(rows);
  } else if (rows->heap_capacity > ROWS_KEEP_BYTES) {
    row_buffer_free(rows);
  }
  rows->n_rows = 0;
  rows->heap_len = 0;
  rows->is_reserved = 0;
  rows->is_edit = 0;
  rows->is_built = 0;
}

static int grow_rows(row_buffer *rows, uint32_t wanted) {
  if (wanted <= rows->capacity && rows->capacity > 0) { /* also room for no rows must be somewhere */
    return 0;
  }
  uint32_t capacity = rows->capacity + rows->capacity / 2;
  capacity = capacity < wanted ? wanted : capacity;
  capacity = capacity < 64 ? 64 : capacity;
  int rc = builder_grow((void **)&rows->begin, (size_t)capacity * 4);
  rc = rc == 0 ? builder_grow((void **)&rows->end, (size_t)capacity * 4) : rc;
  for (uint32_t i = 0; rc == 0 && i < rows->schema->n_columns; i++) {
    rc = builder_grow(&rows->columns[i], (size_t)capacity * layer_width(rows->schema->columns[i].type));
  }
  if (rc == 0) {
    rows->capacity = capacity;
  }
  return rc;
}

static int grow_heap(row_buffer *rows, uint32_t wanted) {
  if (wanted < rows->heap_capacity) { /* one byte is left for the 0 behind the heap */
    return 0;
  }
  uint64_t capacity = (uint64_t)rows->heap_capacity + rows->heap_capacity / 2;
  capacity = capacity <= wanted ? (uint64_t)wanted + 1 : capacity;
  capacity = capacity < 1024 ? 1024 : capacity > UINT32_MAX ? UINT32_MAX : capacity;
  int rc = builder_grow((void **)&rows->heap, capacity);
  if (rc == 0) {
    rows->heap_capacity = (uint32_t)capacity;
  }
  return rc;
}

/* Room for that many rows and heap bytes in all. */
static int grow_to(const builder *self, row_buffer *rows, uint64_t n_rows, uint64_t heap_len) {
  size_t limit = self->doc->pool->limits.document_memory;
  if (n_rows > rows_max || heap_len >= UINT32_MAX || n_rows * layer_row_bytes(rows->schema) > limit ||
      heap_len > limit) {
    return -ENOMEM;
  }
  int rc = grow_rows(rows, (uint32_t)n_rows);
  return rc == 0 ? grow_heap(rows, (uint32_t)heap_len) : rc;
}

static void lend(row_buffer *rows, uint32_t first, qn_rows *ret_rows) {
  for (uint32_t i = 0; i < rows->schema->n_columns; i++) {
    rows->room[i] = (char *)rows->columns[i] + (size_t)first * layer_width(rows->schema->columns[i].type);
  }
  rows->is_reserved = 1;
  *ret_rows = (qn_rows){
    .capacity = rows->reserved_rows,
    .heap_capacity = rows->reserved_heap,
    .begin = rows->begin + first,
    .end = rows->end + first,
    .columns = rows->room,
    .heap = rows->heap + rows->heap_len,
    .heap_base = rows->heap_len,
  };
}

/* The buffer of a layer this stage may write in this way, or NULL. */
static row_buffer *buffer_of(builder *self, uint32_t index, layer_access access) {
  if (self->doc == NULL || index >= self->layout->n_layers || self->layout->layer_access[index] != access ||
      self->layout->layer_slot[index] >= self->doc->pool->n_layers) {
    return NULL;
  }
  return &self->rows[self->layout->layer_slot[index]];
}

/* The buffer, laid out for the layer and noted as used in this call. */
static row_buffer *buffer_open(builder *self, uint32_t index, layer_access access) {
  row_buffer *rows = buffer_of(self, index, access);
  if (rows == NULL) {
    return NULL;
  }
  uint8_t slot = self->layout->layer_slot[index];
  const layer_schema *schema = schema_set_at(self->doc->pool->set, slot);
  if (memchr(self->used, slot, self->n_used) == NULL) {
    if (rows->schema != schema) { /* the builder last served another pipeline */
      row_buffer_free(rows);
      rows->schema = schema;
    }
    self->used[self->n_used++] = slot;
  }
  return rows;
}

/* A layer that the route this document took did not make, though others do: no rows. */
static void lend_empty(const builder *self, uint32_t slot, qn_layer *ret_layer) {
  static const void *const no_columns[SCHEMA_COLUMNS_MAX];
  *ret_layer = (qn_layer){ .n_columns = schema_set_at(self->doc->pool->set, slot)->n_columns,
                           .columns = no_columns,
                           .heap = "" };
}

int builder_layer_get(builder *self, uint32_t index, qn_layer *ret_layer) {
  if (self->doc == NULL || index >= self->layout->n_layers) {
    return -EINVAL;
  }
  uint32_t slot = self->layout->layer_slot[index];
  int rc = document_layer_get(self->doc, slot, self->reads, ret_layer);
  bool promised = self->layout->layer_access[index] == LAYER_READS && slot < self->doc->pool->n_layers;
  if (rc == -ENOENT && promised && self->doc->layers[slot].layer == NULL) {
    lend_empty(self, slot, ret_layer);
    return 0;
  }
  return rc;
}

int builder_layer_reserve(builder *self, uint32_t index, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows) {
  row_buffer *rows = buffer_open(self, index, LAYER_PROVIDES);
  if (rows == NULL) {
    return -EINVAL;
  }
  rows->is_reserved = 0;
  int rc = grow_to(self, rows, (uint64_t)rows->n_rows + n_rows, (uint64_t)rows->heap_len + heap_bytes);
  if (rc != 0) {
    return rc;
  }
  rows->reserved_rows = n_rows;
  rows->reserved_heap = heap_bytes;
  lend(rows, rows->n_rows, ret_rows);
  return 0;
}

int builder_layer_commit(builder *self, uint32_t index, uint32_t n_rows, uint32_t heap_bytes) {
  row_buffer *rows = buffer_of(self, index, LAYER_PROVIDES);
  if (rows == NULL || !rows->is_reserved || n_rows > rows->reserved_rows || heap_bytes > rows->reserved_heap) {
    return -EINVAL;
  }
  rows->n_rows += n_rows;
  rows->heap_len += heap_bytes;
  rows->is_reserved = 0;
  rows->is_built = 1;
  return 0;
}

/* True if a sealed layer other than this one has a row that refers to it. */
static bool is_referred_to(const document *doc, uint32_t slot) {
  const schema_set *set = doc->pool->set;
  for (uint32_t other = 0; other < doc->pool->n_layers; other++) {
    const layer *from = doc->layers[other].layer;
    for (uint32_t i = 0; from != NULL && other != slot && i < from->rows.n_columns; i++) {
      if (schema_set_ref_slot(set, other, i) != slot) {
        continue;
      }
      const uint32_t *cells = from->columns[i];
      for (uint32_t row = 0; row < from->rows.n_rows; row++) {
        if (cells[row] != QN_NO_ROW) {
          return true;
        }
      }
    }
  }
  return false;
}

static void fill(row_buffer *rows, const qn_layer *from, uint32_t heap_len) {
  rows->n_rows = 0;
  rows->heap_len = heap_len;
  if (from->n_rows > 0) {
    memcpy(rows->begin, from->begin, (size_t)from->n_rows * 4);
    memcpy(rows->end, from->end, (size_t)from->n_rows * 4);
    for (uint32_t i = 0; i < rows->schema->n_columns; i++) {
      size_t width = layer_width(rows->schema->columns[i].type);
      memcpy(rows->columns[i], from->columns[i], from->n_rows * width);
    }
  }
  if (heap_len > 0) {
    memcpy(rows->heap, from->heap, heap_len);
  }
}

int builder_layer_edit(builder *self, uint32_t index, uint32_t more_rows, uint32_t more_heap, qn_rows *ret_rows) {
  row_buffer *rows = buffer_open(self, index, LAYER_MODIFIES);
  if (rows == NULL) {
    return -EINVAL;
  }
  uint32_t slot = self->layout->layer_slot[index];
  qn_layer from;
  int rc = document_layer_get(self->doc, slot, self->reads, &from);
  if (rc != 0) {
    return rc;
  }
  if (is_referred_to(self->doc, slot)) {
    return -EBUSY;
  }
  uint32_t heap_len = self->doc->layers[slot].layer->heap_len;
  rc = grow_to(self, rows, (uint64_t)from.n_rows + more_rows, (uint64_t)heap_len + more_heap);
  if (rc != 0) {
    return rc;
  }
  fill(rows, &from, heap_len);
  rows->is_edit = 1;
  rows->is_built = 0;
  rows->reserved_rows = from.n_rows + more_rows;
  rows->reserved_heap = more_heap;
  lend(rows, 0, ret_rows);
  ret_rows->n_filled = from.n_rows;
  return 0;
}

int builder_layer_replace(builder *self, uint32_t index, uint32_t n_rows, uint32_t heap_bytes) {
  row_buffer *rows = buffer_of(self, index, LAYER_MODIFIES);
  if (rows == NULL || !rows->is_reserved || !rows->is_edit || n_rows > rows->reserved_rows ||
      heap_bytes > rows->heap_len + (uint64_t)rows->reserved_heap) {
    return -EINVAL;
  }
  rows->n_rows = n_rows;
  rows->heap_len = heap_bytes;
  rows->is_reserved = 0;
  rows->is_built = 1;
  return 0;
}
