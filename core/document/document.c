/* SPDX-License-Identifier: Apache-2.0 */

/* The live document: its directory, and reading from it. Sealing is the builder's work (seal.c). */
#include "document/document.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "document/document_body.h"
#include "document/prefetch.h"
#include "document/utf8.h"

enum { ROOM_OF_FIELDS = 512 }; /* what a few take */

static const alignment identity = { .identity = 1 };

int document_new(document_pool *pool, document **ret_document) {
  document *doc = document_pool_take(pool);
  if (doc == NULL) {
    return -ENOMEM;
  }
  *ret_document = doc;
  return 0;
}

document *document_fork(document *parent) {
  document *child = document_pool_take(parent->pool);
  if (child == NULL) {
    return NULL;
  }
  atomic_fetch_add_explicit(&parent->n_refs, 1, memory_order_relaxed);
  child->parent = parent;
  child->age = parent->age + 1;
  parent->fields.capacity = 0; /* from now on a change of either copies the list */
  child->fields = parent->fields;
  memcpy(child->views, parent->views, sizeof child->views);
  memcpy(child->layers, parent->layers, parent->pool->n_layers * sizeof child->layers[0]);
  return child;
}

void document_prefetch(const document *doc) {
  prefetch_bytes(doc, sizeof *doc);
}

void document_prefetch_fields(const document *doc) {
  prefetch_bytes(doc->fields.entries, doc->fields.n * sizeof *doc->fields.entries);
}

/* --- joins --- */

static int join_fields(document *into, const document *from) {
  for (uint32_t i = 0; i < from->fields.n; i++) {
    const field *other = &from->fields.entries[i];
    uint32_t at = field_find(&into->fields, other->name);
    if (at < into->fields.n && other->age <= into->fields.entries[at].age) {
      continue;
    }
    int rc = field_put(&into->fields, &into->memory, other);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static int join_prepared(document *into, const document *from) {
  for (uint32_t i = 0; from->prepared != NULL && i < DOCUMENT_SINKS_MAX; i++) {
    qn_str mine = document_prepared_get(into, i);
    if (mine.data == NULL && from->prepared[i].data != NULL) {
      int rc = document_prepared_set(into, i, from->prepared[i].data, from->prepared[i].len);
      if (rc != 0) {
        return rc;
      }
    }
  }
  return 0;
}

int document_join(document *into, document *from) {
  assert(into->pool == from->pool && into != from);
  int rc = join_fields(into, from);
  rc = rc == 0 ? join_prepared(into, from) : rc;
  if (rc != 0) {
    return rc;
  }
  for (uint32_t i = 0; i < into->pool->n_layers; i++) {
    const layer_entry *other = &from->layers[i];
    if (other->layer != NULL && (into->layers[i].layer == NULL || other->age > into->layers[i].age)) {
      into->layers[i] = *other;
    }
  }
  for (uint32_t i = 0; i < SCHEMA_VIEWS_MAX; i++) {
    into->views[i] = into->views[i] != NULL ? into->views[i] : from->views[i];
  }
  into->age = into->age > from->age ? into->age : from->age;
  from->next_joined = into->joined;
  into->joined = from;
  return 0;
}

document *document_ref(document *doc) {
  atomic_fetch_add_explicit(&doc->n_refs, 1, memory_order_relaxed);
  return doc;
}

/* A fork holds the document it was made of, so freeing one may free the whole line. */
void document_unref(document *doc) {
  while (doc != NULL) {
    /* The last holder needs no atomic subtraction: nobody else is there to add. */
    if (atomic_load_explicit(&doc->n_refs, memory_order_acquire) != 1 &&
        atomic_fetch_sub_explicit(&doc->n_refs, 1, memory_order_acq_rel) != 1) {
      return;
    }
    document *parent = doc->parent;
    while (doc->joined != NULL) { /* as deep as joins follow each other in a pipeline */
      document *joined = doc->joined;
      doc->joined = joined->next_joined;
      document_unref(joined);
    }
    document_pool_give(doc->pool, doc);
    doc = parent;
  }
}

size_t document_bytes(const document *doc) {
  size_t bytes = arena_used(&doc->memory);
  for (const document *joined = doc->joined; joined != NULL; joined = joined->next_joined) {
    bytes += document_bytes(joined);
  }
  return bytes;
}

const schema_set *document_schema(const document *doc) {
  return doc->pool->set;
}

/* --- payload --- */

int document_payload_reserve(document *doc, size_t bytes, uint8_t **ret_payload) {
  if (bytes > doc->pool->limits.document_bytes) {
    return -EFBIG;
  }
  if (doc->payload_room != NULL || doc->views[SCHEMA_VIEW_PAYLOAD] != NULL) {
    return -EINVAL;
  }
  uint8_t *room = arena_alloc(&doc->memory, bytes + 1);
  if (room == NULL) {
    return -ENOMEM;
  }
  prefetch_bytes(room + bytes + 1, ROOM_OF_FIELDS);
  doc->payload_room = room;
  doc->payload_room_bytes = bytes;
  *ret_payload = room;
  return 0;
}

int document_payload_commit(document *doc, size_t bytes) {
  if (doc->payload_room == NULL || bytes > doc->payload_room_bytes) {
    return -EINVAL;
  }
  doc->payload_room[bytes] = 0;
  arena_shrink(&doc->memory, doc->payload_room, doc->payload_room_bytes + 1, bytes + 1);
  doc->payload = (view){ .data = doc->payload_room, .len = (uint32_t)bytes };
  doc->views[SCHEMA_VIEW_PAYLOAD] = &doc->payload;
  doc->payload_room = NULL;
  return 0;
}

/* --- fields --- */

/* Names of files and the like come from outside and may be any bytes; a document holds only UTF-8. */
static int put_repaired(document *doc, const field *entry) {
  const qn_str *str = &entry->value.as.str;
  if (str->len > FIELD_BYTES_MAX) {
    return -E2BIG;
  }
  arena_mark mark = arena_mark_get(&doc->memory);
  uint8_t *text = arena_alloc(&doc->memory, 3 * str->len);
  if (text == NULL) {
    return -ENOMEM;
  }
  size_t len = utf8_repair((const uint8_t *)str->data, str->len, text);
  arena_shrink(&doc->memory, text, 3 * str->len, len);
  field repaired = *entry;
  repaired.value.as.str = (qn_str){ (const char *)text, len };
  int rc = field_put(&doc->fields, &doc->memory, &repaired);
  if (rc != 0) {
    arena_rewind(&doc->memory, mark);
  }
  return rc;
}

int document_field_set(document *doc, qn_str name, const qn_value *value) {
  field entry = { name, *value, doc->age };
  const view *text = doc->views[SCHEMA_VIEW_TEXT];
  if (!utf8_valid((const uint8_t *)name.data, name.len) ||
      (value->type == QN_VALUE_SPAN && (text == NULL || !view_holds(text, value->as.span)))) {
    return -EINVAL;
  }
  if (value->type == QN_VALUE_STR && !utf8_valid((const uint8_t *)value->as.str.data, value->as.str.len)) {
    return put_repaired(doc, &entry);
  }
  return field_put(&doc->fields, &doc->memory, &entry);
}

int document_field_get(const document *doc, qn_str name, qn_value *ret_value) {
  uint32_t index = field_find(&doc->fields, name);
  if (index == doc->fields.n) {
    return -ENOENT;
  }
  *ret_value = doc->fields.entries[index].value;
  return 0;
}

uint32_t document_n_fields(const document *doc) {
  return doc->fields.n;
}

void document_field_at(const document *doc, uint32_t index, qn_str *ret_name, qn_value *ret_value) {
  assert(index < doc->fields.n);
  *ret_name = doc->fields.entries[index].name;
  *ret_value = doc->fields.entries[index].value;
}

/* --- views and layers --- */

int document_view_get(const document *doc, uint32_t view_slot, qn_view *ret_view) {
  const view *found = document_view_at(doc, view_slot);
  if (found == NULL) {
    return -ENOENT;
  }
  *ret_view = (qn_view){ .data = found->data, .len = found->len, .n_breaks = found->n_breaks, .breaks = found->breaks };
  return 0;
}

const alignment *document_alignment(const document *doc, uint32_t view_slot) {
  return view_slot == SCHEMA_VIEW_TEXT ? &identity : &doc->views[view_slot]->alignment;
}

/* Puts the layer as read in this view into the directory. */
static int map_layer(document *doc, uint32_t layer_slot, uint32_t view_slot, const layer **ret_layer) {
  layer_entry *entry = &doc->layers[layer_slot];
  bool below = view_slot == SCHEMA_VIEW_PAYLOAD;
  const view *text = doc->views[SCHEMA_VIEW_TEXT];
  if (text == NULL) { /* then the layer has no rows */
    *ret_layer = entry->layer;
    return 0;
  }
  const alignment *runs = below ? &text->alignment : document_alignment(doc, view_slot);
  if (runs->identity) {
    *ret_layer = entry->layer;
    return 0;
  }
  mapped_layer *node = arena_alloc(&doc->memory, sizeof *node);
  layer *mapped;
  if (node == NULL || layer_map(entry->layer, schema_set_at(doc->pool->set, layer_slot), &doc->memory, runs,
                                below ? ALIGNMENT_TO_BASE : ALIGNMENT_TO_DERIVED, &mapped) != 0) {
    return -ENOMEM;
  }
  *node = (mapped_layer){ .next = entry->mapped, .view_slot = view_slot, .layer = mapped };
  entry->mapped = node;
  *ret_layer = mapped;
  return 0;
}

int document_layer_get(document *doc, uint32_t layer_slot, uint32_t view_slot, qn_layer *ret_layer) {
  if (layer_slot >= doc->pool->n_layers || doc->layers[layer_slot].layer == NULL ||
      document_view_at(doc, view_slot) == NULL) {
    return -ENOENT;
  }
  const layer *found = doc->layers[layer_slot].layer;
  if (view_slot != SCHEMA_VIEW_TEXT) {
    const mapped_layer *mapped = doc->layers[layer_slot].mapped;
    while (mapped != NULL && mapped->view_slot != view_slot) {
      mapped = mapped->next;
    }
    if (mapped != NULL) {
      found = mapped->layer;
    } else {
      int rc = map_layer(doc, layer_slot, view_slot, &found);
      if (rc != 0) {
        return rc;
      }
    }
  }
  *ret_layer = found->rows;
  return 0;
}

int document_span_map(const document *doc, uint32_t from_view, uint32_t to_view, qn_span span, qn_span *ret_span) {
  const view *from = document_view_at(doc, from_view);
  const view *to = document_view_at(doc, to_view);
  const view *text = doc->views[SCHEMA_VIEW_TEXT];
  if (from == NULL || to == NULL || (text == NULL && from != to)) {
    return -ENOENT;
  }
  if (span.begin > span.end || span.end > from->len) {
    return -EINVAL;
  }
  if (from_view != SCHEMA_VIEW_PAYLOAD) {
    span = view_round(from, span);
  }
  if (from_view == to_view) {
    *ret_span = span;
    return 0;
  }
  if (from_view == SCHEMA_VIEW_PAYLOAD) {
    span = view_round(text, alignment_map(&text->alignment, ALIGNMENT_TO_DERIVED, span));
  } else {
    span = alignment_map(document_alignment(doc, from_view), ALIGNMENT_TO_BASE, span);
  }
  if (to_view == SCHEMA_VIEW_PAYLOAD) {
    span = alignment_map(&text->alignment, ALIGNMENT_TO_BASE, span);
  } else {
    span = alignment_map(document_alignment(doc, to_view), ALIGNMENT_TO_DERIVED, span);
  }
  *ret_span = span;
  return 0;
}

/* --- what sinks prepared --- */

int document_prepared_reserve(document *doc, uint32_t sink_slot, size_t len, void **ret_room) {
  if (sink_slot >= DOCUMENT_SINKS_MAX) {
    return -EINVAL;
  }
  arena_mark mark = arena_mark_get(&doc->memory);
  qn_str *prepared = doc->prepared;
  if (prepared == NULL) {
    prepared = arena_alloc(&doc->memory, DOCUMENT_SINKS_MAX * sizeof *prepared);
    if (prepared == NULL) {
      return -ENOMEM;
    }
    memset(prepared, 0, DOCUMENT_SINKS_MAX * sizeof *prepared);
  }
  char *room = arena_alloc(&doc->memory, len);
  if (room == NULL) {
    arena_rewind(&doc->memory, mark);
    return -ENOMEM;
  }
  prepared[sink_slot] = (qn_str){ room, len };
  doc->prepared = prepared;
  *ret_room = room;
  return 0;
}

int document_prepared_set(document *doc, uint32_t sink_slot, const void *bytes, size_t len) {
  void *room;
  int rc = document_prepared_reserve(doc, sink_slot, len, &room);
  if (rc == 0 && len > 0) {
    memcpy(room, bytes, len);
  }
  return rc;
}

qn_str document_prepared_get(const document *doc, uint32_t sink_slot) {
  if (sink_slot >= DOCUMENT_SINKS_MAX || doc->prepared == NULL) {
    return (qn_str){ NULL, 0 };
  }
  return doc->prepared[sink_slot];
}
