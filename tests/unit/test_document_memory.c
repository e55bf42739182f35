/* SPDX-License-Identifier: Apache-2.0 */

/* Memory that runs out: the n-th allocation fails, for every n until none does. Whatever fails says -ENOMEM, leaves the
 * document as it was, and leaks nothing (the sanitizers watch). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "document/record.h" /* before cmocka.h, which has a macro of the name of a member in stage.h */
#include "qanat/layers.h"

#include <cmocka.h>

#include "document/block.h"
#include "document/builder.h"
#include "failing_alloc.h"

enum { TEXT_BYTES = 40000, TOKENS = 5000 };

typedef struct world {
  schema_set *set;
  document_pool *pool;
  builder *builder;
  record_encoder *encoder;
  uint32_t content, token;
} world;

static int world_open(world *w) {
  uint32_t slot;
  int rc = schema_set_new(&w->set);
  rc = rc == 0 ? schema_set_add(w->set, schema_known("token/1"), &w->token, NULL) : rc;
  rc = rc == 0 ? schema_set_add(w->set, schema_known("sentence/1"), &slot, NULL) : rc;
  rc = rc == 0 ? schema_set_add_view(w->set, "content", &w->content, NULL) : rc;
  rc = rc == 0 ? document_pool_new(w->set, NULL, &w->pool) : rc;
  rc = rc == 0 ? builder_new(&w->builder) : rc;
  return rc == 0 ? record_encoder_new(&w->encoder) : rc;
}

static void world_close(world *w) {
  record_encoder_free(w->encoder);
  builder_free(w->builder);
  document_pool_free(w->pool);
  schema_set_free(w->set);
}

static int load(world *w, document *doc) {
  uint8_t *room;
  qn_value value = { .type = QN_VALUE_STR, .as.str = QN_LIT("not \xFF utf-8") };
  int rc = document_payload_reserve(doc, TEXT_BYTES, &room);
  if (rc != 0) {
    return rc;
  }
  memset(room, 'x', TEXT_BYTES);
  rc = document_payload_commit(doc, TEXT_BYTES);
  rc = rc == 0 ? document_field_set(doc, QN_LIT("source"), &value) : rc;
  if (rc != 0) {
    return rc;
  }
  stage_layout decode = { .view_reads = SCHEMA_VIEW_PAYLOAD, .view_provides = SCHEMA_VIEW_TEXT };
  builder_begin(w->builder, doc, &decode);
  rc = builder_view_alias(w->builder, (qn_span){ 0, TEXT_BYTES });
  return rc == 0 ? builder_seal(w->builder, NULL) : rc;
}

/* Every second run of eight bytes, with a break between. */
static int cut(world *w, document *doc) {
  stage_layout layout = { .view_reads = SCHEMA_VIEW_TEXT, .view_provides = (uint8_t)w->content };
  qn_view_room room;
  builder_begin(w->builder, doc, &layout);
  int rc = builder_view_reserve(w->builder, 100, 10, &room);
  rc = rc == 0 ? builder_view_reserve(w->builder, TEXT_BYTES, TEXT_BYTES / 16, &room) : rc;
  if (rc != 0) {
    return rc;
  }
  memset(room.data, 'x', TEXT_BYTES / 2);
  for (uint32_t i = 0; i < TEXT_BYTES / 16; i++) {
    room.derived[i] = 8 * i;
    room.base[i] = 16 * i;
    room.kind[i] = QN_RUN_COPY | QN_RUN_BREAK;
  }
  rc = builder_view_commit(w->builder, TEXT_BYTES / 2, TEXT_BYTES / 16);
  return rc == 0 ? builder_seal(w->builder, NULL) : rc;
}

static int annotate(world *w, document *doc) {
  stage_layout layout = { .n_layers = 1, .view_reads = (uint8_t)w->content, .view_provides = SCHEMA_VIEW_NONE };
  layout.layer_slot[0] = (uint8_t)w->token;
  layout.layer_access[0] = LAYER_PROVIDES;
  layout.may_set_any_field = 1;
  qn_rows rows;
  qn_value value = { .type = QN_VALUE_STR, .as.str = QN_LIT("ar") };
  builder_begin(w->builder, doc, &layout);
  int rc = builder_field_set(w->builder, QN_LIT("language"), &value);
  for (uint32_t half = 0; rc == 0 && half < 2; half++) {
    rc = builder_layer_reserve(w->builder, 0, TOKENS / 2, TOKENS, &rows);
    for (uint32_t i = 0; rc == 0 && i < TOKENS / 2; i++) {
      rows.begin[i] = 4 * (i + half * (TOKENS / 2));
      rows.end[i] = rows.begin[i] + 4;
      ((uint32_t *)rows.columns[QN_TOKEN_KIND])[i] = 0;
      ((uint32_t *)rows.columns[QN_TOKEN_SCRIPT])[i] = 0;
      ((qn_heap_str *)rows.columns[QN_TOKEN_FORM])[i] = (qn_heap_str){ rows.heap_base + i, 1 };
      rows.heap[i] = 'f';
    }
    rc = rc == 0 ? builder_layer_commit(w->builder, 0, TOKENS / 2, TOKENS / 2) : rc;
  }
  return rc == 0 ? builder_seal(w->builder, NULL) : rc;
}

/* Reading: a mapped layer, a record, a block there and back, a fork. */
static int use(world *w, document *doc) {
  qn_layer layer;
  qn_str json;
  qn_record_options options = { .size = sizeof options, .offsets = QN_OFFSETS_UTF16, .payload_offsets = 1 };
  int rc = document_layer_get(doc, w->token, w->content, &layer);
  rc = rc == 0 ? record_encode(w->encoder, doc, &options, &json) : rc;
  rc = rc == 0 ? document_prepared_set(doc, 0, json.data, json.len) : rc;
  size_t size = block_size(doc);
  void *block = rc == 0 ? malloc(size) : NULL;
  document *back = NULL;
  document *fork = NULL;
  if (block != NULL) {
    assert_int_equal(block_write(doc, block, size, &size), 0);
    rc = block_read(w->pool, block, size, &back, NULL);
    fork = rc == 0 ? document_fork(back) : NULL;
    rc = rc == 0 && fork == NULL ? -ENOMEM : rc;
  } else {
    rc = -ENOMEM;
  }
  document_unref(fork);
  document_unref(back);
  free(block);
  return rc;
}

/* A stage that runs out of memory leaves the document as it was. */
static int stage(world *w, document *doc, int (*run)(world *w, document *doc)) {
  size_t before = block_size(doc);
  int rc = run(w, doc);
  builder_discard(w->builder);
  if (rc != 0) {
    assert_int_equal(block_size(doc), before);
  }
  return rc;
}

static int whole_life(void) {
  world w = { 0 };
  document *doc = NULL;
  int rc = world_open(&w);
  rc = rc == 0 ? document_new(w.pool, &doc) : rc;
  rc = rc == 0 ? load(&w, doc) : rc;
  rc = rc == 0 ? stage(&w, doc, cut) : rc;
  rc = rc == 0 ? stage(&w, doc, annotate) : rc;
  rc = rc == 0 ? use(&w, doc) : rc;
  document_unref(doc);
  if (w.pool != NULL) {
    assert_int_equal(document_pool_live(w.pool), 0);
  }
  world_close(&w);
  return rc;
}

static void allocation_that_fails_anywhere_is_reported_and_survived(void **state) {
  (void)state;
  unsigned n = 1;
  for (;; n++) {
    failing_alloc_set(n);
    int rc = whole_life();
    bool failed = failing_alloc_failed();
    failing_alloc_set(0);
    assert_int_equal(rc, failed ? -ENOMEM : 0);
    if (!failed) {
      break;
    }
  }
  assert_true(n > 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(allocation_that_fails_anywhere_is_reported_and_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
