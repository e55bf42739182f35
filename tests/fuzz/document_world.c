/* SPDX-License-Identifier: Apache-2.0 */

/* The fuzzers' world and its laws. */
#include "document_world.h"

#include <stdlib.h>

#include "document/block.h"

void must(int fine) {
  if (!fine) {
    abort();
  }
}

static void world_open(world *w) {
  static const char *const moods[] = { "glad", "sad", "wary" };
  static const column_schema columns[] = {
    { "number", QN_COLUMN_U32, 0, NULL, NULL },     { "count", QN_COLUMN_I64, 0, NULL, NULL },
    { "weight", QN_COLUMN_F64, 0, NULL, NULL },     { "name", QN_COLUMN_STR, 0, NULL, NULL },
    { "token", QN_COLUMN_REF, 0, NULL, "token/1" }, { "near", QN_COLUMN_SPAN, 0, NULL, NULL },
    { "mood", QN_COLUMN_SYMBOL, 3, moods, NULL },
  };
  static const layer_schema all = { "test.all/1", false, 7, columns };
  static const document_limits limits = { .document_bytes = 1 << 20, .document_memory = 16 << 20 };
  uint32_t slot;
  must(schema_set_new(&w->set) == 0);
  for (uint32_t i = 0; schema_known_at(i) != NULL; i++) {
    must(schema_set_add(w->set, schema_known_at(i), &slot, NULL) == 0);
  }
  must(schema_set_add(w->set, &all, &w->all, NULL) == 0);
  must(schema_set_add_view(w->set, "content", &slot, NULL) == 0 && slot == WORLD_CONTENT);
  must(schema_set_add_view(w->set, "normalized", &slot, NULL) == 0 && slot == WORLD_NORMALIZED);
  must(document_pool_new(w->set, &limits, &w->pool) == 0);
  must(builder_new(&w->builder) == 0);
  must(record_encoder_new(&w->encoder) == 0);
}

const world *world_get(void) {
  static world w;
  if (w.set == NULL) {
    world_open(&w);
  }
  return &w;
}

static int is_border(const qn_view *view, uint32_t offset) {
  return offset == view->len || (view->data[offset] & 0xC0) != 0x80;
}

/* Rows as every view shows them must be inside it, between code points and sorted. */
static void check_layer(document *doc, uint32_t slot, uint32_t view_slot) {
  qn_view view;
  qn_layer layer;
  if (document_view_get(doc, view_slot, &view) != 0 || document_layer_get(doc, slot, view_slot, &layer) != 0) {
    return;
  }
  for (uint32_t i = 0; i < layer.n_rows; i++) {
    must(layer.begin[i] <= layer.end[i] && layer.end[i] <= view.len);
    must(i == 0 || layer.begin[i - 1] <= layer.begin[i]);
    must(view_slot == SCHEMA_VIEW_PAYLOAD || (is_border(&view, layer.begin[i]) && is_border(&view, layer.end[i])));
  }
}

/* Breaks stand between code points; spans go to the text, back, and to the text again. */
static void check_view(const document *doc, uint32_t view_slot) {
  qn_view view;
  qn_span text, back, again;
  if (view_slot == SCHEMA_VIEW_PAYLOAD || document_view_get(doc, view_slot, &view) != 0) {
    return;
  }
  for (uint32_t i = 0; i < view.n_breaks; i++) {
    must(view.breaks[i] > 0 && view.breaks[i] < view.len && is_border(&view, view.breaks[i]));
    must(i == 0 || view.breaks[i - 1] < view.breaks[i]);
  }
  for (uint32_t begin = 0; begin <= view.len && begin < 200; begin++) {
    for (uint32_t end = begin; end <= view.len && end < begin + 20; end += 3) {
      must(document_span_map(doc, view_slot, SCHEMA_VIEW_TEXT, (qn_span){ begin, end }, &text) == 0);
      must(document_span_map(doc, SCHEMA_VIEW_TEXT, view_slot, text, &back) == 0);
      must(document_span_map(doc, view_slot, SCHEMA_VIEW_TEXT, back, &again) == 0);
      must(again.begin == text.begin && again.end == text.end);
    }
  }
}

static void check_block(const world *w, const document *doc) {
  size_t size = block_size(doc);
  void *block = malloc(size);
  document *back;
  must(block != NULL && block_write(doc, block, size, &size) == 0);
  must(block_read(w->pool, block, size, &back, NULL) == 0);
  must(block_size(back) == size);
  document_unref(back);
  free(block);
}

void world_check(const world *w, document *doc) {
  qn_record_options options = { .size = sizeof options, .offsets = QN_OFFSETS_CODEPOINTS, .payload_offsets = 1 };
  qn_str json;
  for (uint32_t view = 0; view < schema_set_n_views(w->set); view++) {
    check_view(doc, view);
    for (uint32_t slot = 0; slot < schema_set_count(w->set); slot++) {
      check_layer(doc, slot, view);
    }
  }
  must(record_encode(w->encoder, doc, &options, &json) == 0);
  check_block(w, doc);
}
