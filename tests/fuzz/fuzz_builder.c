/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as what stages write: a payload, then views and layers whose runs, offsets and cells are the input's. What
 * is sealed must keep every law; what is refused must leave the document as it was.
 *
 * The input: length of the payload (1 byte) and the payload; then for each stage a byte of flags, and its data. */
#include <stdlib.h>
#include <string.h>

#include "document/block.h"
#include "document_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { RUNS_MAX = 12, ROWS_MAX = 8, HEAP_BYTES = 12 };

typedef struct input {
  const uint8_t *data;
  size_t len;
} input;

static uint8_t take_byte(input *in) {
  if (in->len == 0) {
    return 0;
  }
  in->len--;
  return *in->data++;
}

static void take_bytes(input *in, void *target, size_t n) {
  size_t have = n < in->len ? n : in->len;
  memset(target, 0, n);
  if (have > 0) {
    memcpy(target, in->data, have);
  }
  in->data += have;
  in->len -= have;
}

/* Mostly small, so that offsets often fit; now and then as large as can be. */
static uint32_t take_number(input *in) {
  uint8_t byte = take_byte(in);
  return byte == 0xFF ? UINT32_MAX : byte == 0xFE ? UINT32_MAX / 2 + 1 : byte;
}

static void write_view(const world *w, input *in, uint8_t flags) {
  qn_view_room room;
  if (flags & 1) {
    uint32_t begin = take_number(in);
    (void)builder_view_alias(w->builder, (qn_span){ begin, take_number(in) });
    return;
  }
  if (builder_view_reserve(w->builder, 256, RUNS_MAX, &room) != 0) {
    return;
  }
  uint32_t bytes = take_byte(in);
  uint32_t n_runs = take_byte(in) % (RUNS_MAX + 1);
  take_bytes(in, room.data, bytes);
  for (uint32_t i = 0; i < n_runs; i++) {
    room.derived[i] = take_number(in);
    room.base[i] = take_number(in);
    room.kind[i] = take_byte(in);
  }
  (void)builder_view_commit(w->builder, bytes, n_runs);
}

/* Copies come out right more often if the view is made of its base. */
static void write_good_view(const world *w, input *in) {
  qn_view base;
  qn_view_room room;
  if (builder_view_get(w->builder, &base) != 0 || builder_view_reserve(w->builder, 1024, RUNS_MAX, &room) != 0) {
    return;
  }
  uint32_t at = 0;
  uint32_t derived = 0;
  uint32_t n = 0;
  while (n < RUNS_MAX && at <= base.len && in->len > 0) {
    uint8_t action = take_byte(in);
    uint32_t len = action >> 4 < base.len - at ? action >> 4 : base.len - at;
    room.derived[n] = derived;
    room.base[n] = at;
    room.kind[n] = action & 3;
    if ((action & 1) == QN_RUN_COPY) {
      memcpy(room.data + derived, base.data + at, len);
      derived += len;
    } else {
      memset(room.data + derived, 'r', action >> 2 & 3);
      derived += action >> 2 & 3;
    }
    at += len + ((action & 1) == QN_RUN_COPY ? action >> 2 & 3 : 0);
    n++;
  }
  (void)builder_view_commit(w->builder, derived, n);
}

static void write_cells(input *in, const column_schema *schema, void *cells, uint32_t row) {
  switch (schema->type) {
  case QN_COLUMN_I64:
    ((int64_t *)cells)[row] = -(int64_t)take_byte(in);
    break;
  case QN_COLUMN_F64:
    take_bytes(in, (double *)cells + row, sizeof(double));
    break;
  case QN_COLUMN_STR:
    ((qn_heap_str *)cells)[row].offset = take_number(in);
    ((qn_heap_str *)cells)[row].len = take_number(in);
    break;
  case QN_COLUMN_SPAN:
    ((qn_span *)cells)[row].begin = take_number(in);
    ((qn_span *)cells)[row].end = take_number(in);
    break;
  default:
    ((uint32_t *)cells)[row] = take_number(in);
    break;
  }
}

static void write_layer(const world *w, input *in, uint32_t index, uint32_t slot) {
  const layer_schema *schema = schema_set_at(w->set, slot);
  uint32_t n = take_byte(in) % (ROWS_MAX + 1);
  qn_rows rows;
  if (builder_layer_reserve(w->builder, index, n, HEAP_BYTES, &rows) != 0) {
    return;
  }
  take_bytes(in, rows.heap, HEAP_BYTES);
  for (uint32_t i = 0; i < n; i++) {
    rows.begin[i] = take_number(in);
    rows.end[i] = rows.begin[i] + take_number(in);
    for (uint32_t k = 0; k < schema->n_columns; k++) {
      write_cells(in, &schema->columns[k], rows.columns[k], i);
    }
  }
  (void)builder_layer_commit(w->builder, index, n, HEAP_BYTES);
}

static void write_field(const world *w, input *in) {
  uint32_t begin = take_number(in);
  qn_value value = { .type = QN_VALUE_SPAN, .as.span = { begin, take_number(in) } };
  (void)builder_field_set(w->builder, (qn_str){ "title", 5 }, &value);
}

/* Bits of the flags: 1 alias, 2 a view made of its base, 4 a layer, 8 a field, 16 discard, 32 and up which layer. */
static void run_stage(const world *w, document *doc, input *in, uint8_t reads, uint8_t provides) {
  uint8_t flags = take_byte(in);
  uint32_t slot = flags & 4 ? (flags >> 5) % schema_set_count(w->set) : SCHEMA_LAYERS_MAX;
  slot = slot == 7 ? w->all : slot;
  stage_layout layout = { .view_reads = reads, .view_provides = provides, .may_set_any_field = 1 };
  if (slot < SCHEMA_LAYERS_MAX) {
    layout.n_layers = 1;
    layout.layer_slot[0] = (uint8_t)slot;
    layout.layer_access[0] = LAYER_PROVIDES;
  }
  size_t before = block_size(doc);
  builder_begin(w->builder, doc, &layout);
  if (provides != SCHEMA_VIEW_NONE && (flags & 2)) {
    write_good_view(w, in);
  } else if (provides != SCHEMA_VIEW_NONE) {
    write_view(w, in, flags);
  }
  if (slot < SCHEMA_LAYERS_MAX) {
    write_layer(w, in, 0, slot);
  }
  if (flags & 8) {
    write_field(w, in);
  }
  qn_error error = { 0 };
  if (flags & 16) {
    builder_discard(w->builder);
    must(block_size(doc) == before);
  } else if (builder_seal(w->builder, &error) != 0) {
    must(error.message[0] != '\0' && block_size(doc) == before);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  const world *w = world_get();
  input in = { data, len };
  document *doc;
  uint8_t *room;
  uint8_t payload = take_byte(&in);
  must(document_new(w->pool, &doc) == 0);
  must(document_payload_reserve(doc, payload, &room) == 0);
  take_bytes(&in, room, payload);
  must(document_payload_commit(doc, payload) == 0);
  run_stage(w, doc, &in, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT);
  run_stage(w, doc, &in, SCHEMA_VIEW_TEXT, WORLD_CONTENT);
  run_stage(w, doc, &in, WORLD_CONTENT, WORLD_NORMALIZED);
  run_stage(w, doc, &in, WORLD_NORMALIZED, SCHEMA_VIEW_NONE);
  run_stage(w, doc, &in, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE);
  world_check(w, doc);
  document_unref(doc);
  must(document_pool_live(w->pool) == 0);
  return 0;
}
