/* SPDX-License-Identifier: Apache-2.0 */

/* Documents, pools and random views for tests. */
#include "document_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/block.h"

static const char *const moods[] = { "glad", "sad", "wary" };

static const column_schema all_columns[] = {
  { "number", QN_COLUMN_U32, 0, NULL, NULL },     { "count", QN_COLUMN_I64, 0, NULL, NULL },
  { "weight", QN_COLUMN_F64, 0, NULL, NULL },     { "name", QN_COLUMN_STR, 0, NULL, NULL },
  { "token", QN_COLUMN_REF, 0, NULL, "token/1" }, { "near", QN_COLUMN_SPAN, 0, NULL, NULL },
  { "mood", QN_COLUMN_SYMBOL, 3, moods, NULL },
};

void fixture_open(fixture *f) {
  uint32_t slot;
  assert_int_equal(schema_set_new(&f->set), 0);
  for (uint32_t i = 0; schema_known_at(i) != NULL; i++) {
    assert_int_equal(schema_set_add(f->set, schema_known_at(i), &slot, NULL), 0);
  }
  layer_schema all = { "test.all/1", false, 7, all_columns };
  assert_int_equal(schema_set_add(f->set, &all, &f->all, NULL), 0);
  assert_int_equal(schema_set_add_view(f->set, "content", &slot, NULL), 0);
  assert_int_equal(slot, FIXTURE_CONTENT);
  assert_int_equal(schema_set_add_view(f->set, "normalized", &slot, NULL), 0);
  assert_int_equal(document_pool_new(f->set, NULL, &f->pool), 0);
  assert_int_equal(builder_new(&f->builder), 0);
}

void fixture_close(fixture *f) {
  assert_int_equal(document_pool_live(f->pool), 0);
  builder_free(f->builder);
  document_pool_free(f->pool);
  schema_set_free(f->set);
}

document *fixture_document(fixture *f, const void *payload, size_t len) {
  document *doc;
  uint8_t *room;
  assert_int_equal(document_new(f->pool, &doc), 0);
  assert_int_equal(document_payload_reserve(doc, len, &room), 0);
  if (len > 0) {
    memcpy(room, payload, len);
  }
  assert_int_equal(document_payload_commit(doc, len), 0);
  return doc;
}

document *fixture_text(fixture *f, const char *text) {
  size_t len = strlen(text);
  document *doc = fixture_document(f, text, len);
  stage_layout decode = fixture_layout(f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, NULL);
  builder_begin(f->builder, doc, &decode);
  assert_int_equal(builder_view_alias(f->builder, (qn_span){ 0, (uint32_t)len }), 0);
  assert_int_equal(builder_seal(f->builder, NULL), 0);
  return doc;
}

uint32_t fixture_slot(const fixture *f, const char *layer) {
  uint32_t slot = schema_set_find(f->set, layer);
  assert_int_not_equal(slot, SCHEMA_LAYERS_MAX);
  return slot;
}

stage_layout fixture_layout(const fixture *f, uint32_t view_reads, uint32_t view_provides, const char *layer) {
  stage_layout layout = { .view_reads = (uint8_t)view_reads, .view_provides = (uint8_t)view_provides };
  layout.may_set_any_field = 1;
  if (layer != NULL) {
    layout.n_layers = 1;
    layout.layer_slot[0] = (uint8_t)fixture_slot(f, layer);
    layout.layer_access[0] = LAYER_PROVIDES;
  }
  return layout;
}

void *fixture_block(const document *doc, size_t *ret_len) {
  size_t size = block_size(doc);
  void *bytes = malloc(size);
  assert_non_null(bytes);
  assert_int_equal(block_write(doc, bytes, size, ret_len), 0);
  assert_int_equal(*ret_len, size);
  return bytes;
}

uint32_t fixture_next(fixture_random *random, uint32_t below) {
  random->state = random->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random->state >> 33) % below;
}

uint32_t fixture_random_text(fixture_random *random, uint32_t about, uint8_t *ret_text) {
  static const char *const points[] = {
    "a", "b", " ", "\n", "\xD8\xA7", "\xD9\x85", "\xE2\x82\xAC", "\xEF\xB7\xBA", "\xF0\x9F\x98\x80"
  };
  uint32_t len = 0;
  while (len < about) {
    const char *point = points[fixture_next(random, sizeof points / sizeof *points)];
    memcpy(ret_text + len, point, strlen(point));
    len += (uint32_t)strlen(point);
  }
  return len;
}

/* The next border of the base at least `about` bytes on. Any byte will do in a payload. */
static uint32_t border_after(const qn_view *base, uint32_t from, uint32_t about, bool any) {
  uint32_t at = from + about < base->len ? from + about : base->len;
  while (!any && at < base->len && (base->data[at] & 0xC0) == 0x80) {
    at++;
  }
  return at;
}

void fixture_random_view(fixture *f, document *doc, uint32_t from, uint32_t to, fixture_random *random) {
  stage_layout layout = fixture_layout(f, from, to, NULL);
  qn_view base;
  qn_view_room room;
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_view_get(f->builder, &base), 0);
  assert_int_equal(builder_view_reserve(f->builder, 3 * base.len + 64, base.len + 16, &room), 0);
  uint32_t derived = 0;
  uint32_t n = 0;
  uint32_t at = 0;
  while (at < base.len && n + 2 < room.run_capacity && derived + 64 < room.capacity) {
    uint32_t action = fixture_next(random, 5);
    uint32_t next = border_after(&base, at, 1 + fixture_next(random, 12), false);
    uint8_t flag = fixture_next(random, 4) == 0 ? QN_RUN_BREAK : 0;
    if (action == 0 && n > 0) { /* left out between runs */
      at = next;
      continue;
    }
    room.derived[n] = derived;
    room.base[n] = at;
    room.kind[n++] = (uint8_t)((action == 1 || action == 2 || action == 3 ? QN_RUN_REPLACE : QN_RUN_COPY) | flag);
    if (action == 2) { /* insertion: nothing of the base */
      next = at;
    }
    if (action == 1 || action == 2) {
      derived += fixture_random_text(random, 1 + fixture_next(random, 5), room.data + derived);
    } else if (action == 4 || (action == 0 && n == 1)) {
      memcpy(room.data + derived, base.data + at, next - at);
      derived += next - at;
    } /* 3: a deletion */
    at = next;
  }
  assert_int_equal(builder_view_commit(f->builder, derived, n), 0);
  qn_error error = { 0 };
  int rc = builder_seal(f->builder, &error);
  assert_string_equal(error.message, "");
  assert_int_equal(rc, 0);
}
