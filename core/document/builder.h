/* SPDX-License-Identifier: Apache-2.0 */

/* What a stage writes before it is believed: columnar builders, kept per worker and reused.
 *
 * begin → reserve/commit … → seal (checks order, bounds, code points, breaks, refs and symbols, maps to text
 * offsets, copies the exact size into the arena) or discard (leaves no trace). One thread. Floor 1. */
#ifndef CORE_DOCUMENT_BUILDER_H
#define CORE_DOCUMENT_BUILDER_H

#include "document/document.h"

enum { STAGE_LAYERS_MAX = 32, STAGE_VIEWS_MAX = 4 };

typedef enum layer_access { LAYER_READS = 0, LAYER_MAY_READ = 1, LAYER_PROVIDES = 2, LAYER_MODIFIES = 3 } layer_access;

/* How a stage's manifest indices map to the pipeline's slots. Made by the planner, read-only. */
typedef struct stage_layout {
  uint32_t n_layers;
  uint8_t layer_slot[STAGE_LAYERS_MAX]; /* 255: a may_read layer this pipeline does not have */
  uint8_t layer_access[STAGE_LAYERS_MAX];
  uint8_t view_reads;   /* view slot that offsets are in, if the document has it */
  uint8_t n_views_else; /* ... else the first of these that it has: where routes meet, not all may have made it */
  uint8_t views_else[STAGE_VIEWS_MAX - 1];
  uint8_t view_provides; /* view slot, or SCHEMA_VIEW_NONE */
  uint8_t may_set_any_field;
  uint8_t views_given; /* a source's documents bring these besides the payload: a bit for each slot */
  uint32_t n_fields_written;
  const char *const *fields_written;
} stage_layout;

/* The view slot that a stage of this layout reads of the document. */
uint32_t stage_layout_view(const stage_layout *layout, const document *document);

typedef struct builder builder;

int builder_new(builder **ret_builder);
void builder_free(builder *builder);

void builder_begin(builder *builder, document *document, const stage_layout *layout);
/* 0 when everything is in the document; otherwise nothing is and error says which layer, row and rule. */
int builder_seal(builder *builder, qn_error *error);
void builder_discard(builder *builder);

/* What the host table's functions of the same names do; see qanat/stage.h for contracts. layer_edit also gives -EBUSY
 * (a ref of another layer points at this one); its room for strings is the one behind those already there. */
int builder_view_get(builder *builder, qn_view *ret_view);
int builder_view_reserve(builder *builder, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room);
int builder_view_commit(builder *builder, uint32_t bytes, uint32_t n_runs);
int builder_view_alias(builder *builder, qn_span of_base);
int builder_layer_get(builder *builder, uint32_t layer, qn_layer *ret_layer);
int builder_layer_reserve(builder *builder, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows);
int builder_layer_commit(builder *builder, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes);
int builder_layer_edit(builder *builder, uint32_t layer, uint32_t more_rows, uint32_t more_heap, qn_rows *ret_rows);
int builder_layer_replace(builder *builder, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes);
int builder_field_get(builder *builder, qn_str name, qn_value *ret_value);
int builder_field_set(builder *builder, qn_str name, const qn_value *value);

#endif
