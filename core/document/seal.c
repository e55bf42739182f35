/* SPDX-License-Identifier: Apache-2.0 */

/* The seal: what a builder holds becomes part of the document, all of it or nothing.
 *
 * Everything is checked first, then put into the arena, and only when nothing can fail any more into the directory.
 * On the way out after a fault the arena goes back to where it was. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "document/builder_body.h"

/* What will go into the directory. */
typedef struct seal_result {
  const view *new_view; /* NULL: this stage provides none */
  const view *text;     /* the document's, or new_view */
  field_list fields;
  uint32_t n_layers;
  struct {
    uint32_t slot;
    const layer *layer;
  } layers[STAGE_LAYERS_MAX];
} seal_result;

static const char *view_name(const builder *self, uint32_t slot) {
  return schema_set_view_name(self->doc->pool->set, slot);
}

static int no_memory(const char *what, const char *name, qn_error *error) {
  return error_set(error, -ENOMEM, "no-memory",
                   "no memory for %s \"%s\", or the document is over limits.document_memory", what, name);
}

/* --- the view --- */

static int seal_view(builder *self, seal_result *result, qn_error *error) {
  document *doc = self->doc;
  uint32_t slot = self->layout->view_provides;
  uint32_t reads = self->reads;
  result->text = doc->views[SCHEMA_VIEW_TEXT];
  if (slot == SCHEMA_VIEW_NONE) {
    return 0;
  }
  const char *name = view_name(self, slot);
  if (self->view.state != VIEW_WRITTEN && self->view.state != VIEW_ALIAS) {
    return error_set(error, -EINVAL, "no-view",
                     "view \"%s\" was not built; a stage that provides it calls view_commit or view_alias before it "
                     "returns OK",
                     name);
  }
  bool is_text = slot == SCHEMA_VIEW_TEXT;
  if (doc->views[slot] != NULL || doc->views[reads] == NULL || is_text != (reads == SCHEMA_VIEW_PAYLOAD)) {
    return error_set(error, -EINVAL, "bad-view",
                     "view \"%s\" cannot be built here: it is there already, or its base is not what it must be (the "
                     "text is made from the payload, every other view from the text or a view of it)",
                     name);
  }
  view_base base = {
    .view = doc->views[reads],
    .is_payload = is_text,
    .lower = is_text || reads == SCHEMA_VIEW_TEXT ? NULL : &doc->views[reads]->alignment,
    .bottom_len = is_text ? doc->payload.len : doc->views[SCHEMA_VIEW_TEXT]->len,
  };
  view *sealed = NULL;
  int rc;
  if (self->view.state == VIEW_ALIAS) {
    rc = view_alias(&self->scratch, &doc->memory, name, &base, self->view.alias, &sealed, error);
  } else {
    const view_buffer *from = &self->view;
    view_draft draft = { from->data, from->len, from->n_runs, from->derived, from->base, from->kind };
    rc = view_build(&self->scratch, &doc->memory, name, &base, &draft, &sealed, error);
  }
  if (rc == 0) {
    result->new_view = sealed;
    result->text = is_text ? sealed : result->text;
  }
  return rc;
}

/* --- to the text --- */

/* How the offsets of this stage become text offsets. */
typedef struct text_way {
  const view *text;
  const alignment *runs;
  alignment_way way;
  bool from_payload;
} text_way;

static text_way way_to_text(const builder *self, const seal_result *result) {
  uint32_t reads = self->reads;
  if (reads == SCHEMA_VIEW_PAYLOAD) {
    return (text_way){ result->text, &result->text->alignment, ALIGNMENT_TO_DERIVED, true };
  }
  return (text_way){ result->text, document_alignment(self->doc, reads), ALIGNMENT_TO_BASE, false };
}

static qn_span span_to_text(const text_way *to, qn_span span) {
  span = alignment_map(to->runs, to->way, span);
  return to->from_payload ? view_round(to->text, span) : span;
}

static int seal_fields(builder *self, seal_result *result, qn_error *error) {
  result->fields = self->doc->fields;
  if (self->fields.n == 0) {
    return 0;
  }
  result->fields.capacity = 0; /* the document keeps its own list until all is sealed */
  for (uint32_t i = 0; i < self->fields.n; i++) {
    field entry = pending_field_get(&self->fields, i);
    entry.age = self->doc->age;
    if (entry.value.type == QN_VALUE_SPAN) {
      if (result->text == NULL || document_view_at(self->doc, self->reads) == NULL) {
        return error_set(error, -EINVAL, "bad-field", "field \"%.*s\" is a span, but the document has no text yet",
                         (int)entry.name.len, entry.name.data);
      }
      text_way to = way_to_text(self, result);
      entry.value.as.span = span_to_text(&to, entry.value.as.span);
    }
    int rc = field_put(&result->fields, &self->doc->memory, &entry);
    if (rc == -ENOMEM) {
      return error_set(error, rc, "no-memory", "no memory for field \"%.*s\"", (int)entry.name.len, entry.name.data);
    }
    if (rc != 0) {
      return error_set(error, rc, "bad-field", "field \"%.*s\": a document has at most %d fields of together %d bytes",
                       (int)entry.name.len, entry.name.data, FIELDS_MAX, FIELD_BYTES_MAX);
    }
  }
  return 0;
}

/* --- layers --- */

/* Rows of a layer as they will be after this seal; 0 if it is not there. */
static uint32_t rows_after(const builder *self, uint32_t slot) {
  for (uint32_t i = 0; i < self->layout->n_layers; i++) {
    uint32_t access = self->layout->layer_access[i];
    if (self->layout->layer_slot[i] != slot || access < LAYER_PROVIDES) {
      continue;
    }
    if (access == LAYER_PROVIDES || self->rows[slot].is_built) {
      return memchr(self->used, (int)slot, self->n_used) != NULL ? self->rows[slot].n_rows : 0;
    }
  }
  const layer *sealed = slot < self->doc->pool->n_layers ? self->doc->layers[slot].layer : NULL;
  return sealed != NULL ? sealed->rows.n_rows : 0;
}

static int check_rows(builder *self, const seal_result *result, uint32_t slot, qn_error *error) {
  row_buffer *rows = &self->rows[slot];
  uint32_t reads = self->reads;
  rows->heap[rows->heap_len] = 0;
  if (result->text == NULL || document_view_at(self->doc, reads) == NULL) {
    return error_set(error, -EINVAL, "bad-layer",
                     "layer \"%s\" has rows, but the document has no text, or not the view that this stage reads",
                     rows->schema->name);
  }
  layer_draft draft = {
    .schema = rows->schema,
    .n_rows = rows->n_rows,
    .heap_len = rows->heap_len,
    .begin = rows->begin,
    .end = rows->end,
    .columns = (const void *const *)rows->columns,
    .heap = rows->heap,
  };
  for (uint32_t i = 0; i < rows->schema->n_columns; i++) {
    if (rows->schema->columns[i].type == QN_COLUMN_REF) {
      draft.ref_rows[i] = rows_after(self, schema_set_ref_slot(self->doc->pool->set, slot, i));
    }
  }
  layer_rules rules = { .view = self->doc->views[reads], .any_bytes = reads == SCHEMA_VIEW_PAYLOAD, .breaks = true };
  return layer_check(&draft, &rules, error);
}

/* Spans from payload offsets may come to lie inside code points of the text. */
static void round_rows(const view *text, uint32_t n, uint32_t *begin, uint32_t *end) {
  for (uint32_t i = 0; i < n; i++) {
    qn_span rounded = view_round(text, (qn_span){ begin[i], end[i] });
    begin[i] = rounded.begin;
    end[i] = rounded.end;
  }
  alignment_restore_order(n, begin, end);
}

static int store_rows(builder *self, const seal_result *result, uint32_t slot, const layer **ret_layer) {
  const row_buffer *rows = &self->rows[slot];
  uint32_t n = rows->n_rows;
  layer_room room;
  int rc = layer_reserve(&self->doc->memory, rows->schema, n, rows->heap_len, &room);
  if (rc != 0) {
    return rc;
  }
  text_way to = way_to_text(self, result);
  alignment_map_rows(to.runs, to.way, n, rows->begin, rows->end, room.begin, room.end);
  if (to.from_payload) {
    round_rows(to.text, n, room.begin, room.end);
  }
  for (uint32_t i = 0; i < rows->schema->n_columns; i++) {
    uint32_t type = rows->schema->columns[i].type;
    memcpy(room.columns[i], rows->columns[i], (size_t)n * layer_width(type));
    for (uint32_t k = 0; type == QN_COLUMN_SPAN && k < n; k++) {
      qn_span *cell = (qn_span *)room.columns[i] + k;
      *cell = cell->begin == QN_NO_ROW ? *cell : span_to_text(&to, *cell);
    }
  }
  if (rows->heap_len > 0) {
    memcpy(room.heap, rows->heap, rows->heap_len);
  }
  *ret_layer = room.layer;
  return 0;
}

static int store_empty(builder *self, uint32_t slot, const layer **ret_layer) {
  layer_room room;
  int rc = layer_reserve(&self->doc->memory, schema_set_at(self->doc->pool->set, slot), 0, 0, &room);
  if (rc == 0) {
    *ret_layer = room.layer;
  }
  return rc;
}

static int seal_layer(builder *self, seal_result *result, uint32_t index, qn_error *error) {
  uint32_t slot = self->layout->layer_slot[index];
  bool provides = self->layout->layer_access[index] == LAYER_PROVIDES;
  bool written = memchr(self->used, (int)slot, self->n_used) != NULL && self->rows[slot].is_built;
  if (slot >= self->doc->pool->n_layers || (!provides && !written)) {
    return 0;
  }
  const char *name = schema_set_at(self->doc->pool->set, slot)->name;
  if (provides && self->doc->layers[slot].layer != NULL) {
    return error_set(error, -EEXIST, "layer-exists",
                     "layer \"%s\" is in the document already; a stage that changes it declares it under \"modifies\"",
                     name);
  }
  const layer *sealed = NULL;
  bool has_rows = written && self->rows[slot].n_rows > 0;
  int rc = has_rows ? check_rows(self, result, slot, error) : 0;
  if (rc != 0) {
    return rc;
  }
  rc = has_rows ? store_rows(self, result, slot, &sealed) : store_empty(self, slot, &sealed);
  if (rc != 0) {
    return no_memory("layer", name, error);
  }
  result->layers[result->n_layers].slot = slot;
  result->layers[result->n_layers++].layer = sealed;
  return 0;
}

/* Nothing here can fail. */
static void publish(builder *self, const seal_result *result) {
  document *doc = self->doc;
  if (result->new_view != NULL) {
    doc->views[self->layout->view_provides] = result->new_view;
  }
  doc->fields = result->fields;
  for (uint32_t i = 0; i < result->n_layers; i++) {
    doc->layers[result->layers[i].slot] =
        (layer_entry){ .layer = result->layers[i].layer, .mapped = NULL, .age = doc->age };
  }
}

int builder_seal(builder *self, qn_error *error) {
  if (self->doc == NULL) {
    return -EINVAL;
  }
  arena_mark mark = arena_mark_get(&self->doc->memory);
  seal_result result; /* not cleared as a whole: its array would cost more than all the rest of an empty seal */
  result.new_view = NULL;
  result.fields = self->doc->fields;
  result.n_layers = 0;
  int rc = seal_view(self, &result, error);
  rc = rc == 0 ? seal_fields(self, &result, error) : rc;
  for (uint32_t i = 0; rc == 0 && i < self->layout->n_layers; i++) {
    if (self->layout->layer_access[i] >= LAYER_PROVIDES) {
      rc = seal_layer(self, &result, i, error);
    }
  }
  if (rc == 0) {
    publish(self, &result);
  } else {
    arena_rewind(&self->doc->memory, mark);
  }
  builder_discard(self);
  return rc;
}
