/* SPDX-License-Identifier: Apache-2.0 */

/* What a builder is made of, for the files that fill it and the one that seals it. Private to core/document. */
#ifndef CORE_DOCUMENT_BUILDER_BODY_H
#define CORE_DOCUMENT_BUILDER_BODY_H

#include "document/builder.h"
#include "document/document_body.h"

/* Columns of one layer, kept from document to document. Memory grows; what counts is n_rows and heap_len. */
typedef struct row_buffer {
  const layer_schema *schema; /* what the columns are laid out for */
  uint32_t n_rows, capacity;
  uint32_t heap_len, heap_capacity;
  uint32_t reserved_rows, reserved_heap;
  uint8_t is_reserved; /* there is room that may be committed */
  uint8_t is_edit;     /* the room is the whole layer */
  uint8_t is_built;    /* rows are to be sealed */
  uint32_t *begin;
  uint32_t *end;
  void *columns[SCHEMA_COLUMNS_MAX];
  void *room[SCHEMA_COLUMNS_MAX]; /* columns from n_rows on, as lent */
  char *heap;
} row_buffer;

typedef enum view_state { VIEW_NONE = 0, VIEW_OPEN = 1, VIEW_WRITTEN = 2, VIEW_ALIAS = 3 } view_state;

typedef struct view_buffer {
  view_state state;
  uint32_t len, capacity;
  uint32_t n_runs, run_capacity;
  uint8_t *data;
  uint32_t *derived;
  uint32_t *base;
  uint8_t *kind;
  qn_span alias;
} view_buffer;

/* Fields set and not yet sealed. Bytes live in one growing buffer, so entries hold offsets until they are read. */
typedef struct pending_field {
  uint32_t name_at, name_len;
  uint32_t str_at;
  qn_value value; /* a string's data is NULL here */
} pending_field;

typedef struct field_buffer {
  uint32_t n;
  pending_field entries[FIELDS_MAX];
  char *bytes;
  uint32_t len, capacity;
} field_buffer;

struct builder {
  document *doc; /* NULL: between documents */
  const stage_layout *layout;
  uint32_t reads;  /* the view slot that this stage reads of this document */
  uint32_t n_used; /* slots of used[]: layers with rows of this call */
  uint8_t used[SCHEMA_LAYERS_MAX];
  uint8_t view_touched;
  view_buffer view;
  field_buffer fields;
  view_scratch scratch;
  row_buffer rows[SCHEMA_LAYERS_MAX]; /* by layer slot */
};

/* realloc that leaves *memory alone when it fails. 0, -ENOMEM. */
int builder_grow(void **memory, size_t bytes);
/* The pending entry as a field; strings point into the buffer until the next field is set. */
field pending_field_get(const field_buffer *fields, uint32_t index);
/* Forgets what was written, and gives back memory that only a huge document needed. */
void row_buffer_clear(row_buffer *rows);
void row_buffer_free(row_buffer *rows);

#endif
