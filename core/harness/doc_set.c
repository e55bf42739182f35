/* SPDX-License-Identifier: Apache-2.0 */

/* What a test puts into a document, as if stages before this one had: by the same builder and under the same checks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/utf8.h"
#include "harness/harness_body.h"

int qn_harness_field_set(qn_harness_doc *self, const char *name, const qn_value *value) {
  return document_field_set(self->held, (qn_str){ name, strlen(name) }, value);
}

int qn_harness_field_set_str(qn_harness_doc *self, const char *name, const char *text) {
  qn_value value = { .type = QN_VALUE_STR, .as.str = { text, strlen(text) } };
  return qn_harness_field_set(self, name, &value);
}

/* --- views --- */

static void view_begin(qn_harness_doc *self, uint32_t from, uint32_t to, stage_layout *layout) {
  *layout = (stage_layout){ .view_reads = (uint8_t)from, .view_provides = (uint8_t)to };
  builder_begin(self->harness->building, self->held, layout);
}

int doc_alias(qn_harness_doc *self, uint32_t from, uint32_t to, qn_error *error) {
  stage_layout layout;
  qn_view base;
  builder *building = self->harness->building;
  view_begin(self, from, to, &layout);
  int rc = builder_view_get(building, &base);
  rc = rc == 0 ? builder_view_alias(building, (qn_span){ 0, base.len }) : rc;
  return rc == 0 ? builder_seal(building, error) : (builder_discard(building), rc);
}

static int write_view(builder *building, const view_draft *view, qn_error *error) {
  qn_view_room room;
  int rc = builder_view_reserve(building, view->len, view->n_runs, &room);
  if (rc != 0) {
    builder_discard(building);
    return error_set(error, rc, "bad-view", "the view does not fit: %s", strerror(-rc));
  }
  if (view->len > 0) {
    memcpy(room.data, view->data, view->len);
  }
  if (view->n_runs > 0) {
    memcpy(room.derived, view->derived, view->n_runs * sizeof *room.derived);
    memcpy(room.base, view->base, view->n_runs * sizeof *room.base);
    memcpy(room.kind, view->kind, view->n_runs);
  }
  rc = builder_view_commit(building, view->len, view->n_runs);
  return rc == 0 ? builder_seal(building, error) : (builder_discard(building), rc);
}

int doc_view_set(qn_harness_doc *self, const char *name, const char *base, const view_draft *view, qn_error *error) {
  qn_harness *harness = self->harness;
  uint32_t from = doc_view_slot(harness, base);
  uint32_t to;
  qn_view there;
  if (from == SCHEMA_VIEWS_MAX || document_view_get(self->held, from, &there) != 0) {
    return error_set(error, -ENOENT, "no-view", "the document has no view \"%.64s\"", base);
  }
  int rc = schema_set_add_view(harness->schemas, name, &to, error);
  if (rc != 0) {
    return rc;
  }
  if (document_view_get(self->held, to, &there) == 0) {
    return error_set(error, -EEXIST, "view-exists", "the document has the view \"%.64s\" already", name);
  }
  stage_layout layout;
  view_begin(self, from, to, &layout);
  return write_view(harness->building, view, error);
}

int qn_harness_view_set(qn_harness_doc *self, const char *name, const char *base, qn_str bytes, uint32_t n_runs,
                        const uint32_t *run_derived, const uint32_t *run_base, const uint8_t *run_kind) {
  if (bytes.len > UINT32_MAX) {
    return -EINVAL;
  }
  const view_draft view = { (const uint8_t *)bytes.data, (uint32_t)bytes.len, n_runs, run_derived, run_base, run_kind };
  return doc_view_set(self, name, base, &view, NULL);
}

/* --- layers --- */

static uint32_t heap_of(const layer_schema *schema, const qn_layer *layer) {
  uint64_t len = 0;
  for (uint32_t i = 0; layer->n_rows > 0 && i < schema->n_columns; i++) {
    const qn_heap_str *cells = schema->columns[i].type == QN_COLUMN_STR ? layer->columns[i] : NULL;
    for (uint32_t row = 0; cells != NULL && row < layer->n_rows; row++) {
      uint64_t end = cells[row].offset == QN_NO_ROW ? 0 : (uint64_t)cells[row].offset + cells[row].len;
      len = end > len ? end : len;
    }
  }
  return len < UINT32_MAX ? (uint32_t)len : UINT32_MAX;
}

static size_t width_of(uint32_t type) {
  return type == QN_COLUMN_U32 || type == QN_COLUMN_REF || type == QN_COLUMN_SYMBOL ? 4 : 8;
}

static int write_layer(builder *building, const layer_schema *schema, const qn_layer *layer, qn_error *error) {
  uint32_t heap = heap_of(schema, layer);
  qn_rows rows;
  int rc = builder_layer_reserve(building, 0, layer->n_rows, heap, &rows);
  if (rc != 0) {
    builder_discard(building);
    return error_set(error, rc, "bad-layer", "layer \"%s\" does not fit: %s", schema->name, strerror(-rc));
  }
  if (layer->n_rows > 0) {
    memcpy(rows.begin, layer->begin, layer->n_rows * sizeof *rows.begin);
    memcpy(rows.end, layer->end, layer->n_rows * sizeof *rows.end);
  }
  for (uint32_t i = 0; layer->n_rows > 0 && i < schema->n_columns; i++) {
    memcpy(rows.columns[i], layer->columns[i], layer->n_rows * width_of(schema->columns[i].type));
  }
  if (heap > 0) {
    memcpy(rows.heap, layer->heap, heap);
  }
  rc = builder_layer_commit(building, 0, layer->n_rows, heap);
  return rc == 0 ? builder_seal(building, error) : (builder_discard(building), rc);
}

int doc_layer_set(qn_harness_doc *self, uint32_t slot, const qn_layer *layer, qn_error *error) {
  const layer_schema *schema = schema_set_at(self->harness->schemas, slot);
  if (layer->n_rows > 0 && layer->n_columns != schema->n_columns) {
    return error_set(error, -EINVAL, "bad-layer", "layer \"%s\" has %u columns, not %u", schema->name,
                     schema->n_columns, layer->n_columns);
  }
  stage_layout layout = { .view_reads = SCHEMA_VIEW_TEXT, .view_provides = SCHEMA_VIEW_NONE, .n_layers = 1 };
  layout.layer_slot[0] = (uint8_t)slot;
  layout.layer_access[0] = LAYER_PROVIDES;
  builder_begin(self->harness->building, self->held, &layout);
  return write_layer(self->harness->building, schema, layer, error);
}

int qn_harness_layer_set(qn_harness_doc *self, const char *name, const qn_layer *layer, char *message, size_t size) {
  qn_error error = { 0 };
  uint32_t slot = schema_set_find(self->harness->schemas, name);
  int rc = slot < SCHEMA_LAYERS_MAX ? doc_layer_set(self, slot, layer, &error)
                                    : error_set(&error, -ENOENT, "no-layer",
                                                "no layer \"%.64s\" is known, and the manifest declares none", name);
  error.code = rc;
  return rc == 0 ? 0 : harness_say(&error, message, size);
}

/* --- what a stage reads and the document lacks --- */

/* The payload as a text, whatever it is. */
static int add_text(qn_harness_doc *self, qn_error *error) {
  qn_view payload;
  document_view_get(self->held, SCHEMA_VIEW_PAYLOAD, &payload);
  if (payload.len == 0 || (utf8_valid(payload.data, payload.len) && memchr(payload.data, 0, payload.len) == NULL)) {
    return doc_alias(self, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, error);
  }
  uint8_t *repaired = malloc((size_t)payload.len * 3);
  if (repaired == NULL || payload.len > UINT32_MAX / 3) {
    free(repaired);
    return error_set(error, -ENOMEM, "no-memory", "no memory for a text");
  }
  const uint32_t zero = 0;
  const uint8_t kind = QN_RUN_REPLACE;
  const view_draft view = {
    repaired, (uint32_t)utf8_repair(payload.data, payload.len, repaired), 1, &zero, &zero, &kind
  };
  int rc = doc_view_set(self, "text", "payload", &view, error);
  free(repaired);
  return rc;
}

static int fit_view(qn_harness_doc *self, stage_layout *layout, qn_error *error) {
  const stage_info *info = self->harness->info;
  const char *provided = info->view_provided;
  uint32_t slot = SCHEMA_VIEW_PAYLOAD;
  qn_view view;
  bool found = false;
  for (uint32_t i = 0; i < info->n_views_read && !found; i++) {
    slot = doc_view_slot(self->harness, info->views_read[i]);
    found = document_view_get(self->held, slot, &view) == 0;
  }
  layout->view_reads = (uint8_t)slot;
  layout->view_provides = provided != NULL ? (uint8_t)doc_view_slot(self->harness, provided) : SCHEMA_VIEW_NONE;
  if (provided != NULL && document_view_get(self->held, layout->view_provides, &view) == 0) {
    return error_set(error, -EEXIST, "unfit-document",
                     "the document has the view \"%s\" already, which this stage makes: give it one without", provided);
  }
  if (found || info->n_views_read == 0) {
    return 0;
  }
  int rc = document_view_get(self->held, SCHEMA_VIEW_TEXT, &view) == 0 ? 0 : add_text(self, error);
  return rc == 0 && slot != SCHEMA_VIEW_TEXT ? doc_alias(self, SCHEMA_VIEW_TEXT, slot, error) : rc;
}

static int fit_layers(qn_harness_doc *self, stage_layout *layout, qn_error *error) {
  const harness_settings *settings = &self->harness->settings;
  layout->n_layers = settings->n_layers;
  for (uint32_t i = 0; i < settings->n_layers; i++) {
    const manifest_layer *wanted = &settings->layers[i];
    uint32_t slot = schema_set_find(self->harness->schemas, wanted->name);
    qn_layer layer = { 0 };
    if (slot == SCHEMA_LAYERS_MAX) {
      return error_set(error, -ENOENT, "unfit-document", "no layer \"%s\" is known, and the manifest declares none",
                       wanted->name);
    }
    layout->layer_slot[i] = (uint8_t)slot;
    layout->layer_access[i] = (uint8_t)wanted->access;
    bool there = document_layer_get(self->held, slot, SCHEMA_VIEW_TEXT, &layer) == 0;
    if (wanted->access == LAYER_PROVIDES && there) {
      return error_set(error, -EEXIST, "unfit-document",
                       "the document has the layer \"%s\" already, which this stage makes: give it one without",
                       wanted->name);
    }
    bool needed = wanted->access == LAYER_READS || wanted->access == LAYER_MODIFIES;
    int rc = needed && !there ? doc_layer_set(self, slot, &(qn_layer){ 0 }, error) : 0;
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

int doc_fit(const qn_harness *harness, qn_harness_doc *self, stage_layout *ret_layout, qn_error *error) {
  if (harness->planned != NULL) {
    *ret_layout = *harness->planned;
    return 0;
  }
  const stage_info *info = harness->info;
  *ret_layout = (stage_layout){ .view_provides = SCHEMA_VIEW_NONE };
  int rc = fit_view(self, ret_layout, error);
  rc = rc == 0 ? fit_layers(self, ret_layout, error) : rc;
  ret_layout->n_fields_written = info->n_fields_written;
  ret_layout->fields_written = info->fields_written;
  for (uint32_t i = 0; i < info->n_fields_written; i++) {
    ret_layout->may_set_any_field |= strcmp(info->fields_written[i], "*") == 0;
  }
  return rc;
}
