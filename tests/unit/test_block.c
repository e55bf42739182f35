/* SPDX-License-Identifier: Apache-2.0 */

/* Blocks: documents come back equal, and nothing that a hostile writer makes of one is believed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "document/block_format.h"
#include "document/record.h" /* before cmocka.h, which has a macro of the name of a member in stage.h */

#include <cmocka.h>

#include "document/block.h"
#include "document_fixture.h"

enum { TEXT_BYTES = 160, ROWS = 20 };

/* A row of the vendor's layer at every few bytes of the view. */
static void add_rows(fixture *f, document *doc, uint32_t view_slot, fixture_random *random) {
  stage_layout layout = fixture_layout(f, view_slot, SCHEMA_VIEW_NONE, "test.all/1");
  layout.n_layers = 2;
  layout.layer_slot[1] = (uint8_t)fixture_slot(f, "token/1");
  layout.layer_access[1] = LAYER_PROVIDES;
  qn_view view;
  qn_rows all, tokens;
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_view_get(f->builder, &view), 0);
  assert_int_equal(builder_layer_reserve(f->builder, 0, ROWS, 16, &all), 0);
  assert_int_equal(builder_layer_reserve(f->builder, 1, ROWS, 0, &tokens), 0);
  memcpy(all.heap, "n\xD9\x85\xE2\x82\xAC", 6);
  uint32_t n = 0;
  for (uint32_t at = 0; n < ROWS && at <= view.len; at++) {
    if (at < view.len && ((view.data[at] & 0xC0) == 0x80 || fixture_next(random, 4) != 0)) {
      continue;
    }
    all.begin[n] = all.end[n] = at;
    ((uint32_t *)all.columns[0])[n] = fixture_next(random, 1000);
    ((int64_t *)all.columns[1])[n] = -(int64_t)fixture_next(random, 1000);
    ((double *)all.columns[2])[n] = fixture_next(random, 1000) / 8.0;
    ((qn_heap_str *)all.columns[3])[n] = n % 3 == 0 ? (qn_heap_str){ QN_NO_ROW, 0 } : (qn_heap_str){ 1, 2 };
    ((uint32_t *)all.columns[4])[n] = n % 2 == 0 ? QN_NO_ROW : 0;
    ((qn_span *)all.columns[5])[n] = (qn_span){ 0, at };
    ((uint32_t *)all.columns[6])[n] = fixture_next(random, 3);
    tokens.begin[n] = tokens.end[n] = at;
    ((uint32_t *)tokens.columns[0])[n] = 0;
    ((uint32_t *)tokens.columns[1])[n] = 1;
    ((qn_heap_str *)tokens.columns[2])[n] = (qn_heap_str){ QN_NO_ROW, 0 };
    n++;
  }
  assert_int_equal(builder_layer_commit(f->builder, 0, n, 6), 0);
  assert_int_equal(builder_layer_commit(f->builder, 1, n, 0), 0);
  qn_error error = { 0 };
  int rc = builder_seal(f->builder, &error);
  assert_string_equal(error.message, "");
  assert_int_equal(rc, 0);
}

static document *random_document(fixture *f, fixture_random *random) {
  uint8_t payload[TEXT_BYTES + 16];
  uint32_t len = fixture_random_text(random, fixture_next(random, TEXT_BYTES), payload);
  payload[len] = 0;
  document *doc;
  if (fixture_next(random, 2) == 0) {
    doc = fixture_text(f, (const char *)payload);
  } else {
    doc = fixture_document(f, payload, len);
    fixture_random_view(f, doc, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, random);
  }
  fixture_random_view(f, doc, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, random);
  if (fixture_next(random, 2) == 0) {
    fixture_random_view(f, doc, FIXTURE_CONTENT, FIXTURE_NORMALIZED, random);
  }
  add_rows(f, doc, FIXTURE_CONTENT, random);
  qn_value values[] = {
    { .type = QN_VALUE_STR, .as.str = QN_LIT("a string") },
    { .type = QN_VALUE_F64, .as.f64 = 0.125 },
    { .type = QN_VALUE_SPAN, .as.span = { 0, 0 } },
  };
  assert_int_equal(document_field_set(doc, QN_LIT("source"), &values[0]), 0);
  assert_int_equal(document_field_set(doc, QN_LIT("weight"), &values[1]), 0);
  assert_int_equal(document_field_set(doc, QN_LIT("title"), &values[2]), 0);
  return doc;
}

/* Everything a reader can see, as JSON; copied, to be freed. */
static char *all_of(record_encoder *encoder, document *doc, size_t *ret_len) {
  qn_record_options options = { .size = sizeof options, .payload_offsets = 1 };
  qn_str json;
  assert_int_equal(record_encode(encoder, doc, &options, &json), 0);
  char *copy = malloc(json.len);
  assert_non_null(copy);
  memcpy(copy, json.data, json.len);
  *ret_len = json.len;
  return copy;
}

static void document_comes_back_equal(void **state) {
  (void)state;
  fixture f;
  record_encoder *encoder;
  fixture_open(&f);
  assert_int_equal(record_encoder_new(&encoder), 0);
  fixture_random random = { 31 };
  for (uint32_t round = 0; round < 300; round++) {
    document *doc = random_document(&f, &random);
    document *back;
    qn_error error = { 0 };
    size_t len, again_len, a_len, b_len;
    void *block = fixture_block(doc, &len);
    int rc = block_read(f.pool, block, len, &back, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(rc, 0);
    void *again = fixture_block(back, &again_len);
    assert_int_equal(again_len, len);
    assert_memory_equal(again, block, len);
    char *a = all_of(encoder, doc, &a_len);
    char *b = all_of(encoder, back, &b_len);
    assert_int_equal(a_len, b_len);
    assert_memory_equal(a, b, a_len);
    qn_layer x, y; /* also in a derived view */
    assert_int_equal(document_layer_get(doc, f.all, FIXTURE_CONTENT, &x), 0);
    assert_int_equal(document_layer_get(back, f.all, FIXTURE_CONTENT, &y), 0);
    assert_int_equal(x.n_rows, y.n_rows);
    assert_memory_equal(x.begin, y.begin, x.n_rows * sizeof *x.begin);
    assert_memory_equal(x.end, y.end, x.n_rows * sizeof *x.end);
    free(a);
    free(b);
    free(block);
    free(again);
    document_unref(back);
    document_unref(doc);
  }
  record_encoder_free(encoder);
  fixture_close(&f);
}

static void document_from_a_block_goes_on_like_any_other(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "some text");
  document *back;
  size_t len;
  void *block = fixture_block(doc, &len);
  assert_int_equal(block_read(f.pool, block, len, &back, NULL), 0);
  memset(block, 0xEE, len); /* it is a copy */
  fixture_random random = { 8 };
  fixture_random_view(&f, back, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, &random);
  add_rows(&f, back, FIXTURE_CONTENT, &random);
  qn_value value = { .type = QN_VALUE_I64, .as.i64 = 1 };
  assert_int_equal(document_field_set(back, QN_LIT("n"), &value), 0);
  document *fork = document_fork(back);
  document_unref(back);
  qn_view view;
  assert_int_equal(document_view_get(fork, SCHEMA_VIEW_TEXT, &view), 0);
  assert_memory_equal(view.data, "some text", 9);
  document_unref(fork);
  free(block);
  document_unref(doc);
  fixture_close(&f);
}

/* A document that no stage decoded, but whose stages sealed empty layers. */
static void document_without_text_comes_back(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_document(&f, "\xFF\x00", 2);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_NONE, "token/1");
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  size_t len;
  void *block = fixture_block(doc, &len);
  document *back;
  qn_layer layer;
  assert_int_equal(block_read(f.pool, block, len, &back, NULL), 0);
  assert_int_equal(document_layer_get(back, layout.layer_slot[0], SCHEMA_VIEW_PAYLOAD, &layer), 0);
  assert_int_equal(layer.n_rows, 0);
  free(block);
  document_unref(back);
  document_unref(doc);
  fixture_close(&f);
}

static void block_without_room_is_not_written(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "text");
  size_t size = block_size(doc);
  char *bytes = malloc(size);
  assert_non_null(bytes);
  size_t len = 77;
  assert_int_equal(block_write(doc, bytes, size - 1, &len), -ENOSPC);
  assert_int_equal(len, 77);
  assert_int_equal(block_write(doc, bytes, size, &len), 0);
  assert_int_equal(len, size);
  free(bytes);
  document_unref(doc);
  fixture_close(&f);
}

/* --- hostile blocks --- */

static void fix_checksum(unsigned char *block, size_t len) {
  block_head head;
  const size_t behind = offsetof(block_head, len);
  memcpy(&head, block, sizeof head);
  head.checksum = block_checksum(block + behind, len - behind);
  memcpy(block, &head, sizeof head);
}

/* Reads what may be wrong; if it is believed, it must hold together. */
static int read_and_use(fixture *f, record_encoder *encoder, const void *bytes, size_t len) {
  document *doc;
  qn_error error = { 0 };
  int rc = block_read(f->pool, bytes, len, &doc, &error);
  if (rc != 0) {
    assert_int_equal(rc, -EBADMSG);
    assert_int_equal(error.code, rc);
    assert_true(error.message[0] != '\0');
    return rc;
  }
  size_t json_len, block_len;
  free(all_of(encoder, doc, &json_len));
  for (uint32_t view = 0; view < 4; view++) {
    for (uint32_t slot = 0; slot < schema_set_count(f->set); slot++) {
      qn_layer layer;
      rc = document_layer_get(doc, slot, view, &layer);
      assert_true(rc == 0 || rc == -ENOENT);
    }
  }
  free(fixture_block(doc, &block_len));
  document_unref(doc);
  return 0;
}

static void truncated_block_is_refused(void **state) {
  (void)state;
  fixture f;
  record_encoder *encoder;
  fixture_open(&f);
  assert_int_equal(record_encoder_new(&encoder), 0);
  fixture_random random = { 41 };
  document *doc = random_document(&f, &random);
  size_t len;
  unsigned char *block = fixture_block(doc, &len);
  for (size_t cut = 0; cut < len; cut++) {
    unsigned char *piece = malloc(cut + 1); /* exact, so that reading past it is seen */
    assert_non_null(piece);
    memcpy(piece, block, cut);
    assert_int_equal(read_and_use(&f, encoder, piece, cut), -EBADMSG);
    if (cut >= sizeof(block_head)) {
      uint64_t claimed = cut;
      memcpy(piece + offsetof(block_head, len), &claimed, sizeof claimed);
      fix_checksum(piece, cut - cut % 8);
      assert_int_equal(read_and_use(&f, encoder, piece, cut), -EBADMSG);
    }
    free(piece);
  }
  free(block);
  document_unref(doc);
  record_encoder_free(encoder);
  fixture_close(&f);
}

static void damaged_block_is_refused_by_its_checksum(void **state) {
  (void)state;
  fixture f;
  record_encoder *encoder;
  fixture_open(&f);
  assert_int_equal(record_encoder_new(&encoder), 0);
  fixture_random random = { 43 };
  document *doc = random_document(&f, &random);
  size_t len;
  unsigned char *block = fixture_block(doc, &len);
  for (size_t i = 0; i < len; i++) {
    block[i] ^= 0x10;
    assert_int_equal(read_and_use(&f, encoder, block, len), -EBADMSG);
    block[i] ^= 0x10;
  }
  assert_int_equal(read_and_use(&f, encoder, block, len), 0);
  free(block);
  document_unref(doc);
  record_encoder_free(encoder);
  fixture_close(&f);
}

/* Every word set to values that break things, with a checksum that fits. */
static void block_changed_anywhere_is_refused_or_holds_together(void **state) {
  (void)state;
  static const uint32_t poisons[] = { 0, 1, 7, 0x7FFFFFFF, 0x80000000, UINT32_MAX - 1, UINT32_MAX };
  fixture f;
  record_encoder *encoder;
  fixture_open(&f);
  assert_int_equal(record_encoder_new(&encoder), 0);
  fixture_random random = { 47 };
  uint32_t n_refused = 0;
  for (uint32_t round = 0; round < 4; round++) {
    document *doc = random_document(&f, &random);
    size_t len;
    unsigned char *block = fixture_block(doc, &len);
    for (size_t at = 0; at + 4 <= len; at += 4) {
      uint32_t before;
      memcpy(&before, block + at, 4);
      for (size_t i = 0; i < sizeof poisons / sizeof *poisons + 2; i++) {
        size_t n = sizeof poisons / sizeof *poisons;
        uint32_t value = i < n ? poisons[i] : before + (i == n ? 1u : UINT32_MAX);
        memcpy(block + at, &value, 4);
        fix_checksum(block, len);
        n_refused += read_and_use(&f, encoder, block, len) != 0;
        memcpy(block + at, &before, 4);
      }
    }
    fix_checksum(block, len);
    assert_int_equal(read_and_use(&f, encoder, block, len), 0);
    free(block);
    document_unref(doc);
  }
  assert_true(n_refused > 1000);
  record_encoder_free(encoder);
  fixture_close(&f);
}

static void block_of_another_pipeline_is_refused(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  fixture_random random = { 53 };
  document *doc = random_document(&f, &random);
  size_t len;
  void *block = fixture_block(doc, &len);
  schema_set *set;
  document_pool *pool;
  document *back;
  qn_error error = { 0 };
  assert_int_equal(schema_set_new(&set), 0);
  assert_int_equal(document_pool_new(set, NULL, &pool), 0);
  assert_int_equal(block_read(pool, block, len, &back, &error), -EBADMSG);
  assert_non_null(strstr(error.message, "no view of that name"));
  document_pool_free(pool);
  uint32_t slot;
  assert_int_equal(schema_set_add_view(set, "content", &slot, NULL), 0);
  assert_int_equal(schema_set_add_view(set, "normalized", &slot, NULL), 0);
  assert_int_equal(document_pool_new(set, NULL, &pool), 0);
  assert_int_equal(block_read(pool, block, len, &back, &error), -EBADMSG);
  assert_non_null(strstr(error.message, "no layer of that name"));
  document_pool_free(pool);
  schema_set_free(set);
  free(block);
  document_unref(doc);
  fixture_close(&f);
}

/* --- parts of blocks --- */

/* Wanted are the names in a list, parted by commas. */
typedef struct wanted_names {
  const char *views, *layers, *fields;
} wanted_names;

static bool is_listed(const char *list, qn_str name) {
  for (; *list != '\0'; list += strcspn(list, ",") + (list[strcspn(list, ",")] == ',')) {
    if (strcspn(list, ",") == name.len && memcmp(list, name.data, name.len) == 0) {
      return true;
    }
  }
  return false;
}

static bool wants_view(void *arg, qn_str name) {
  return is_listed(((const wanted_names *)arg)->views, name);
}

static bool wants_layer(void *arg, qn_str name) {
  return is_listed(((const wanted_names *)arg)->layers, name);
}

static bool wants_field(void *arg, qn_str name) {
  return is_listed(((const wanted_names *)arg)->fields, name);
}

static int read_part(document_pool *pool, const void *block, size_t len, wanted_names names, document **ret_document) {
  const block_wanted wanted = { wants_view, wants_layer, wants_field, &names };
  qn_error error = { 0 };
  return block_read_part(pool, block, len, &wanted, ret_document, &error);
}

static void part_of_a_block_has_what_was_wanted_and_nothing_else(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  fixture_random random = { 61 };
  for (uint32_t round = 0; round < 100; round++) {
    document *doc = random_document(&f, &random);
    document *part;
    size_t len;
    void *block = fixture_block(doc, &len);
    assert_int_equal(read_part(f.pool, block, len, (wanted_names){ "payload,text", "", "source" }, &part), 0);
    qn_view whole, view;
    assert_int_equal(document_view_get(part, SCHEMA_VIEW_TEXT, &view), 0);
    assert_int_equal(document_view_get(doc, SCHEMA_VIEW_TEXT, &whole), 0);
    assert_int_equal(view.len, whole.len);
    assert_memory_equal(view.data, whole.data, view.len);
    assert_int_equal(document_view_get(part, FIXTURE_CONTENT, &view), -ENOENT);
    assert_int_equal(document_n_fields(part), 1);
    for (uint32_t slot = 0; slot < schema_set_count(f.set); slot++) {
      qn_layer layer;
      assert_int_equal(document_layer_get(part, slot, SCHEMA_VIEW_TEXT, &layer), -ENOENT);
    }
    document_unref(part);
    /* The content shares the bytes of the text, also of one that is left out; but it is aligned with it. */
    assert_int_equal(read_part(f.pool, block, len, (wanted_names){ "payload,content", "", "" }, &part), -EBADMSG);
    free(block);
    document_unref(doc);
  }
  fixture_close(&f);
}

static void part_of_a_block_of_another_pipeline_comes_back(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  fixture_random random = { 67 };
  document *doc = random_document(&f, &random);
  size_t len;
  void *block = fixture_block(doc, &len);
  schema_set *set;
  document_pool *pool;
  document *part;
  assert_int_equal(schema_set_new(&set), 0);
  assert_int_equal(document_pool_new(set, NULL, &pool), 0);
  assert_int_equal(read_part(pool, block, len, (wanted_names){ "payload,text", "", "source,weight,title" }, &part), 0);
  assert_int_equal(document_n_fields(part), 3);
  document_unref(part);
  document_pool_free(pool);
  schema_set_free(set);
  free(block);
  document_unref(doc);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(document_comes_back_equal),
    cmocka_unit_test(document_from_a_block_goes_on_like_any_other),
    cmocka_unit_test(document_without_text_comes_back),
    cmocka_unit_test(block_without_room_is_not_written),
    cmocka_unit_test(truncated_block_is_refused),
    cmocka_unit_test(damaged_block_is_refused_by_its_checksum),
    cmocka_unit_test(block_changed_anywhere_is_refused_or_holds_together),
    cmocka_unit_test(block_of_another_pipeline_is_refused),
    cmocka_unit_test(part_of_a_block_has_what_was_wanted_and_nothing_else),
    cmocka_unit_test(part_of_a_block_of_another_pipeline_comes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
