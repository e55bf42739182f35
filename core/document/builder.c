/* SPDX-License-Identifier: Apache-2.0 */

/* The builder's life, and the view and the fields a stage writes. Rows are in builder_rows.c, sealing in seal.c. */
#include "document/builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/builder_body.h"
#include "document/utf8.h"

/* What one view buffer may keep between documents. */
enum { VIEW_KEEP_BYTES = 4 * 1024 * 1024 };

int builder_new(builder **ret_builder) {
  builder *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  *ret_builder = self;
  return 0;
}

static void view_buffer_free(view_buffer *buffer) {
  free(buffer->data);
  free(buffer->derived);
  free(buffer->base);
  free(buffer->kind);
  *buffer = (view_buffer){ 0 };
}

void builder_free(builder *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < SCHEMA_LAYERS_MAX; i++) {
    row_buffer_free(&self->rows[i]);
  }
  view_buffer_free(&self->view);
  view_scratch_done(&self->scratch);
  free(self->fields.bytes);
  free(self);
}

static void view_buffer_clear(view_buffer *buffer) {
  if (buffer->capacity > VIEW_KEEP_BYTES || buffer->run_capacity > VIEW_KEEP_BYTES / 8) {
    view_buffer_free(buffer);
  }
  buffer->state = VIEW_NONE;
  buffer->len = 0;
  buffer->n_runs = 0;
}

void builder_discard(builder *self) {
  for (uint32_t i = 0; i < self->n_used; i++) {
    row_buffer_clear(&self->rows[self->used[i]]);
  }
  self->n_used = 0;
  if (self->view_touched) {
    view_buffer_clear(&self->view);
    if (self->scratch.runs.capacity + self->scratch.composed.capacity > VIEW_KEEP_BYTES / sizeof(run)) {
      view_scratch_done(&self->scratch);
    }
    self->view_touched = 0;
  }
  self->fields.n = 0;
  self->fields.len = 0;
  self->doc = NULL;
  self->layout = NULL;
}

uint32_t stage_layout_view(const stage_layout *layout, const document *doc) {
  uint32_t reads = layout->view_reads;
  for (uint32_t i = 0; i < layout->n_views_else && document_view_at(doc, reads) == NULL; i++) {
    reads = layout->views_else[i];
  }
  return reads;
}

void builder_begin(builder *self, document *doc, const stage_layout *layout) {
  if (self->doc != NULL) {
    builder_discard(self);
  }
  self->doc = doc;
  self->layout = layout;
  self->reads = layout->n_views_else == 0 || doc == NULL ? layout->view_reads : stage_layout_view(layout, doc);
}

/* --- the view --- */

int builder_view_get(builder *self, qn_view *ret_view) {
  if (self->doc == NULL) {
    return -EINVAL;
  }
  return document_view_get(self->doc, self->reads, ret_view);
}

/* True if this stage may build a view now. */
static bool view_may_build(const builder *self, view_state from) {
  return self->doc != NULL && self->layout->view_provides != SCHEMA_VIEW_NONE &&
         document_view_at(self->doc, self->reads) != NULL && self->view.state <= from;
}

int builder_grow(void **memory, size_t bytes) {
  void *grown = realloc(*memory, bytes);
  if (grown == NULL) {
    return -ENOMEM;
  }
  *memory = grown;
  return 0;
}

/* A third more than asked, so that a stage enlarging its room bit by bit does not copy it every time. */
static uint32_t with_headroom(uint32_t wanted) {
  uint64_t n = (uint64_t)wanted + wanted / 3 + 256;
  return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static int view_grow_bytes(view_buffer *buffer, uint32_t bytes) {
  if (bytes <= buffer->capacity) {
    return 0;
  }
  uint32_t capacity = with_headroom(bytes);
  int rc = builder_grow((void **)&buffer->data, capacity);
  if (rc == 0) {
    buffer->capacity = capacity;
  }
  return rc;
}

static int view_grow_runs(view_buffer *buffer, uint32_t n_runs) {
  if (n_runs <= buffer->run_capacity) {
    return 0;
  }
  uint32_t capacity = with_headroom(n_runs);
  if (builder_grow((void **)&buffer->derived, (size_t)capacity * sizeof *buffer->derived) != 0 ||
      builder_grow((void **)&buffer->base, (size_t)capacity * sizeof *buffer->base) != 0 ||
      builder_grow((void **)&buffer->kind, capacity) != 0) {
    return -ENOMEM;
  }
  buffer->run_capacity = capacity;
  return 0;
}

int builder_view_reserve(builder *self, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room) {
  if (!view_may_build(self, VIEW_OPEN)) {
    return -EINVAL;
  }
  const document_limits *limits = &self->doc->pool->limits;
  if (bytes > limits->document_bytes) {
    return -EFBIG;
  }
  if ((size_t)n_runs * 9 > limits->document_memory) {
    return -ENOMEM;
  }
  self->view_touched = 1;
  view_buffer *buffer = &self->view;
  if (view_grow_bytes(buffer, bytes > 0 ? bytes : 1) != 0 || view_grow_runs(buffer, n_runs > 0 ? n_runs : 1) != 0) {
    return -ENOMEM;
  }
  buffer->state = VIEW_OPEN;
  uint32_t most = limits->document_bytes < buffer->capacity ? (uint32_t)limits->document_bytes : buffer->capacity;
  *ret_room = (qn_view_room){
    .data = buffer->data,
    .capacity = most,
    .run_capacity = buffer->run_capacity,
    .derived = buffer->derived,
    .base = buffer->base,
    .kind = buffer->kind,
  };
  return 0;
}

int builder_view_commit(builder *self, uint32_t bytes, uint32_t n_runs) {
  view_buffer *buffer = &self->view;
  if (self->doc == NULL || buffer->state != VIEW_OPEN || bytes > buffer->capacity || n_runs > buffer->run_capacity ||
      bytes > self->doc->pool->limits.document_bytes) {
    return -EINVAL;
  }
  buffer->state = VIEW_WRITTEN;
  buffer->len = bytes;
  buffer->n_runs = n_runs;
  return 0;
}

int builder_view_alias(builder *self, qn_span of_base) {
  if (!view_may_build(self, VIEW_NONE) || of_base.begin > of_base.end ||
      of_base.end > document_view_at(self->doc, self->reads)->len) {
    return -EINVAL;
  }
  self->view_touched = 1;
  self->view.state = VIEW_ALIAS;
  self->view.alias = of_base;
  return 0;
}

/* --- fields --- */

field pending_field_get(const field_buffer *fields, uint32_t index) {
  const pending_field *entry = &fields->entries[index];
  field found = { .name = { fields->bytes + entry->name_at, entry->name_len }, .value = entry->value };
  if (found.value.type == QN_VALUE_STR) {
    found.value.as.str.data = fields->bytes + entry->str_at;
  }
  return found;
}

static uint32_t pending_find(const field_buffer *fields, qn_str name) {
  for (uint32_t i = 0; i < fields->n; i++) {
    const pending_field *entry = &fields->entries[i];
    if (entry->name_len == name.len && memcmp(fields->bytes + entry->name_at, name.data, name.len) == 0) {
      return i;
    }
  }
  return fields->n;
}

int builder_field_get(builder *self, qn_str name, qn_value *ret_value) {
  if (self->doc == NULL) {
    return -EINVAL;
  }
  uint32_t index = name.len > 0 ? pending_find(&self->fields, name) : self->fields.n;
  qn_value value;
  if (index < self->fields.n) {
    value = pending_field_get(&self->fields, index).value;
    if (value.type == QN_VALUE_NONE) {
      return -ENOENT;
    }
    *ret_value = value;
    return 0;
  }
  int rc = document_field_get(self->doc, name, &value);
  if (rc == 0 && value.type == QN_VALUE_SPAN) {
    rc = document_span_map(self->doc, SCHEMA_VIEW_TEXT, self->reads, value.as.span, &value.as.span);
  }
  if (rc == 0) {
    *ret_value = value;
  }
  return rc;
}

static bool may_write(const stage_layout *layout, qn_str name) {
  if (layout->may_set_any_field) {
    return true;
  }
  for (uint32_t i = 0; i < layout->n_fields_written; i++) {
    const char *allowed = layout->fields_written[i];
    if (strlen(allowed) == name.len && memcmp(allowed, name.data, name.len) == 0) {
      return true;
    }
  }
  return false;
}

/* What the document's fields would come to with this one. */
static int pending_fits(const builder *self, const field *entry) {
  size_t bytes = field_bytes(entry);
  uint32_t n = 1;
  for (uint32_t i = 0; i < self->fields.n; i++) {
    field other = pending_field_get(&self->fields, i);
    bool same = other.name.len == entry->name.len && memcmp(other.name.data, entry->name.data, other.name.len) == 0;
    if (!same && other.value.type != QN_VALUE_NONE) {
      bytes += field_bytes(&other);
      n++;
    }
  }
  const field_list *sealed = &self->doc->fields;
  for (uint32_t i = 0; i < sealed->n; i++) {
    const field *other = &sealed->entries[i];
    bool same = other->name.len == entry->name.len && memcmp(other->name.data, entry->name.data, other->name.len) == 0;
    if (!same && pending_find(&self->fields, other->name) == self->fields.n) {
      bytes += field_bytes(other);
      n++;
    }
  }
  return n <= FIELDS_MAX && bytes <= FIELD_BYTES_MAX ? 0 : -E2BIG;
}

static int bytes_reserve(field_buffer *fields, size_t more) {
  size_t wanted = fields->len + more;
  if (wanted > 16 * (size_t)FIELD_BYTES_MAX) {
    return -E2BIG; /* a stage that sets the same field for ever */
  }
  if (wanted <= fields->capacity) {
    return 0;
  }
  int rc = builder_grow((void **)&fields->bytes, with_headroom((uint32_t)wanted));
  if (rc == 0) {
    fields->capacity = with_headroom((uint32_t)wanted);
  }
  return rc;
}

static uint32_t bytes_push(field_buffer *fields, qn_str str) {
  uint32_t at = fields->len;
  if (str.len > 0) {
    memcpy(fields->bytes + at, str.data, str.len);
  }
  fields->len += (uint32_t)str.len;
  return at;
}

/* True if the stage may say this of the view it reads. */
static bool span_holds(const builder *self, qn_span span) {
  const view *reads = document_view_at(self->doc, self->reads);
  if (reads == NULL) {
    return false;
  }
  return self->reads == SCHEMA_VIEW_PAYLOAD ? span.begin <= span.end && span.end <= reads->len
                                            : view_holds(reads, span);
}

static int field_set_check(const builder *self, const field *entry) {
  int rc = field_check(entry);
  if (rc != 0) {
    return rc;
  }
  if (!may_write(self->layout, entry->name)) {
    return -EPERM;
  }
  const qn_value *value = &entry->value;
  if (!utf8_valid((const uint8_t *)entry->name.data, entry->name.len) ||
      (value->type == QN_VALUE_STR && !utf8_valid((const uint8_t *)value->as.str.data, value->as.str.len)) ||
      (value->type == QN_VALUE_SPAN && !span_holds(self, value->as.span))) {
    return -EINVAL;
  }
  return value->type != QN_VALUE_NONE ? pending_fits(self, entry) : 0;
}

int builder_field_set(builder *self, qn_str name, const qn_value *value) {
  if (self->doc == NULL) {
    return -EINVAL;
  }
  field entry = { .name = name, .value = *value };
  int rc = field_set_check(self, &entry);
  if (rc != 0) {
    return rc;
  }
  field_buffer *fields = &self->fields;
  size_t str_len = value->type == QN_VALUE_STR ? value->as.str.len : 0;
  uint32_t index = pending_find(fields, name);
  if (index == FIELDS_MAX) {
    return -E2BIG;
  }
  rc = bytes_reserve(fields, name.len + str_len);
  if (rc != 0) {
    return rc;
  }
  pending_field *pending = &fields->entries[index];
  pending->name_len = (uint32_t)name.len;
  pending->name_at = bytes_push(fields, name);
  pending->value = *value;
  if (value->type == QN_VALUE_STR) {
    pending->str_at = bytes_push(fields, value->as.str);
    pending->value.as.str.data = NULL;
  }
  fields->n += index == fields->n;
  return 0;
}
