/* SPDX-License-Identifier: Apache-2.0 */

/* Fuzzes block_read. The checksum is put right first, or nothing would get past it; what is believed is then read in
 * every way a stage or a sink could, and written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "document/block.h"
#include "document/block_format.h"
#include "document/builder.h"
#include "document/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

typedef struct world {
  schema_set *set;
  document_pool *pool;
  record_encoder *encoder;
} world;

static void must(int fine) {
  if (!fine) {
    abort();
  }
}

/* The schemas never change, so they are made once; a fuzzer runs millions of inputs in one process. */
static const world *world_get(void) {
  static world w;
  if (w.set != NULL) {
    return &w;
  }
  static const char *const moods[] = { "glad", "sad", "wary" };
  static const column_schema all_columns[] = {
    { "number", QN_COLUMN_U32, 0, NULL, NULL },     { "count", QN_COLUMN_I64, 0, NULL, NULL },
    { "weight", QN_COLUMN_F64, 0, NULL, NULL },     { "name", QN_COLUMN_STR, 0, NULL, NULL },
    { "token", QN_COLUMN_REF, 0, NULL, "token/1" }, { "near", QN_COLUMN_SPAN, 0, NULL, NULL },
    { "mood", QN_COLUMN_SYMBOL, 3, moods, NULL },
  };
  static const layer_schema all = { "test.all/1", false, 7, all_columns };
  static const document_limits limits = { .document_bytes = 1 << 20, .document_memory = 16 << 20 };
  uint32_t slot;
  must(schema_set_new(&w.set) == 0);
  for (uint32_t i = 0; schema_known_at(i) != NULL; i++) {
    must(schema_set_add(w.set, schema_known_at(i), &slot, NULL) == 0);
  }
  must(schema_set_add(w.set, &all, &slot, NULL) == 0);
  must(schema_set_add_view(w.set, "content", &slot, NULL) == 0);
  must(schema_set_add_view(w.set, "normalized", &slot, NULL) == 0);
  must(document_pool_new(w.set, &limits, &w.pool) == 0);
  must(record_encoder_new(&w.encoder) == 0);
  return &w;
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
    if (view_slot != SCHEMA_VIEW_PAYLOAD) {
      must(layer.begin[i] == view.len || (view.data[layer.begin[i]] & 0xC0) != 0x80);
      must(layer.end[i] == view.len || (view.data[layer.end[i]] & 0xC0) != 0x80);
    }
  }
}

static void write_again(const world *w, const document *doc) {
  size_t size = block_size(doc);
  void *block = malloc(size);
  document *back;
  must(block != NULL && block_write(doc, block, size, &size) == 0);
  must(block_read(w->pool, block, size, &back, NULL) == 0);
  must(block_size(back) == size);
  document_unref(back);
  free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  const world *w = world_get();
  uint8_t *block = malloc(len > 0 ? len : 1);
  must(block != NULL);
  memcpy(block, data, len);
  if (len >= sizeof(block_head) && len % 8 == 0) {
    const size_t behind = offsetof(block_head, len);
    uint64_t checksum = block_checksum(block + behind, len - behind);
    memcpy(block + offsetof(block_head, checksum), &checksum, sizeof checksum);
  }
  document *doc;
  qn_error error;
  if (block_read(w->pool, block, len, &doc, &error) == 0) {
    qn_record_options options = { .size = sizeof options, .offsets = QN_OFFSETS_CODEPOINTS, .payload_offsets = 1 };
    qn_str json;
    for (uint32_t view = 0; view < schema_set_n_views(w->set); view++) {
      for (uint32_t slot = 0; slot < schema_set_count(w->set); slot++) {
        check_layer(doc, slot, view);
      }
    }
    must(record_encode(w->encoder, doc, &options, &json) == 0);
    write_again(w, doc);
    document_unref(doc);
  }
  must(document_pool_live(w->pool) == 0);
  free(block);
  return 0;
}
