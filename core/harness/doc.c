/* SPDX-License-Identifier: Apache-2.0 */

/* Documents of a test: made, forked, read, freed. What is put into them beside their payload is in doc_set.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/utf8.h"
#include "harness/harness_body.h"

static qn_harness_doc *wrap(qn_harness *harness, document *held) {
  qn_harness_doc *self = calloc(1, sizeof *self);
  if (self == NULL) {
    document_unref(held);
    return NULL;
  }
  self->harness = harness;
  self->held = held;
  return self;
}

qn_harness_doc *doc_wrap(qn_harness *harness, document *held) {
  qn_harness_doc *self = wrap(harness, held);
  if (self != NULL) {
    self->next = harness->docs;
    self->link = &harness->docs;
    if (self->next != NULL) {
      self->next->link = &self->next;
    }
    harness->docs = self;
  }
  return self;
}

qn_harness_doc *doc_wrap_part(qn_harness_doc *parent, document *held) {
  if (parent->n_parts == parent->parts_capacity) {
    uint32_t capacity = parent->parts_capacity > 0 ? 2 * parent->parts_capacity : 8;
    qn_harness_doc **larger = realloc(parent->parts, capacity * sizeof(qn_harness_doc *));
    if (larger == NULL) {
      document_unref(held);
      return NULL;
    }
    parent->parts = larger;
    parent->parts_capacity = capacity;
  }
  qn_harness_doc *self = wrap(parent->harness, held);
  if (self != NULL) {
    parent->parts[parent->n_parts++] = self;
  }
  return self;
}

static void release(qn_harness_doc *self) {
  for (uint32_t i = 0; i < self->n_parts; i++) {
    release(self->parts[i]);
  }
  free(self->parts);
  document_unref(self->held);
  free(self);
}

void qn_harness_doc_free(qn_harness_doc *self) {
  if (self == NULL || self->link == NULL) {
    return; /* a part goes with its parent */
  }
  self->is_freed = true;
  if (self->n_pins > 0) {
    return;
  }
  *self->link = self->next;
  if (self->next != NULL) {
    self->next->link = self->link;
  }
  release(self);
}

void doc_pin(qn_harness_doc *self) {
  self->n_pins++;
}

void doc_unpin(qn_harness_doc *self) {
  if (--self->n_pins == 0 && self->is_freed) {
    qn_harness_doc_free(self);
  }
}

/* --- making --- */

static int fill(document *held, const void *payload, size_t len, const char *media_type) {
  uint8_t *room;
  int rc = document_payload_reserve(held, len, &room);
  if (rc == 0 && len > 0) {
    memcpy(room, payload, len);
  }
  rc = rc == 0 ? document_payload_commit(held, len) : rc;
  if (rc != 0 || media_type == NULL) {
    return rc;
  }
  qn_value value = { .type = QN_VALUE_STR, .as.str = { media_type, strlen(media_type) } };
  return document_field_set(held, QN_LIT("media_type"), &value);
}

qn_harness_doc *qn_harness_doc_bytes(qn_harness *harness, const void *payload, size_t len, const char *media_type) {
  document *held = NULL;
  if (document_new(harness->pool, &held) != 0) {
    return NULL;
  }
  if (fill(held, payload, len, media_type) != 0) {
    document_unref(held);
    return NULL;
  }
  return doc_wrap(harness, held);
}

/* Whether the text is yet to be made: by this stage, or by one of a plan's. */
static bool makes_text(const qn_harness *harness) {
  const char *provided = harness->info->view_provided;
  return harness->is_guest || (provided != NULL && strcmp(provided, "text") == 0);
}

qn_harness_doc *qn_harness_doc_text(qn_harness *harness, const void *text, size_t len) {
  if (len > UINT32_MAX || (len > 0 && (!utf8_valid(text, len) || memchr(text, 0, len) != NULL))) {
    return NULL;
  }
  qn_harness_doc *self = qn_harness_doc_bytes(harness, text, len, NULL);
  qn_error error = { 0 };
  if (self == NULL || makes_text(harness)) {
    return self; /* a decoder gets it undecoded */
  }
  if (doc_alias(self, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, &error) != 0) {
    qn_harness_doc_free(self);
    return NULL;
  }
  return self;
}

qn_harness_doc *qn_harness_doc_fork(qn_harness_doc *self) {
  document *held = document_fork(self->held);
  return held != NULL ? doc_wrap(self->harness, held) : NULL;
}

/* --- reading --- */

uint32_t doc_view_slot(const qn_harness *harness, const char *name) {
  uint32_t n = schema_set_n_views(harness->schemas);
  for (uint32_t i = 0; i < n; i++) {
    if (strcmp(schema_set_view_name(harness->schemas, i), name) == 0) {
      return i;
    }
  }
  return SCHEMA_VIEWS_MAX;
}

int qn_harness_view_get(qn_harness_doc *self, const char *name, qn_view *ret_view) {
  uint32_t slot = doc_view_slot(self->harness, name);
  return slot < SCHEMA_VIEWS_MAX ? document_view_get(self->held, slot, ret_view) : -ENOENT;
}

int qn_harness_layer_get(qn_harness_doc *self, const char *name, qn_layer *ret_layer) {
  uint32_t slot = schema_set_find(self->harness->schemas, name);
  return slot < SCHEMA_LAYERS_MAX ? document_layer_get(self->held, slot, SCHEMA_VIEW_TEXT, ret_layer) : -ENOENT;
}

int qn_harness_field_get(qn_harness_doc *self, const char *name, qn_value *ret_value) {
  return document_field_get(self->held, (qn_str){ name, strlen(name) }, ret_value);
}

int qn_harness_column(const qn_harness *harness, const char *layer, const char *column) {
  uint32_t slot = schema_set_find(harness->schemas, layer);
  const layer_schema *schema = slot < SCHEMA_LAYERS_MAX ? schema_set_at(harness->schemas, slot) : NULL;
  for (uint32_t i = 0; schema != NULL && i < schema->n_columns; i++) {
    if (strcmp(schema->columns[i].name, column) == 0) {
      return (int)i;
    }
  }
  return -ENOENT;
}

qn_str qn_harness_row_text(qn_harness_doc *self, const qn_layer *layer, uint32_t row) {
  qn_view text;
  if (document_view_get(self->held, SCHEMA_VIEW_TEXT, &text) != 0 || row >= layer->n_rows ||
      layer->end[row] > text.len) {
    return (qn_str){ NULL, 0 };
  }
  return (qn_str){ (const char *)text.data + layer->begin[row], layer->end[row] - layer->begin[row] };
}

char *qn_harness_record(qn_harness_doc *self) {
  qn_str json;
  return record_encode(self->harness->encoder, self->held, NULL, &json) == 0 ? strndup(json.data, json.len) : NULL;
}

uint32_t qn_harness_n_parts(const qn_harness_doc *self) {
  return self->n_parts;
}

qn_harness_doc *qn_harness_part(const qn_harness_doc *self, uint32_t index) {
  return index < self->n_parts ? self->parts[index] : NULL;
}

qn_str qn_harness_prepared(const qn_harness_doc *self) {
  return document_prepared_get(self->held, 0);
}
