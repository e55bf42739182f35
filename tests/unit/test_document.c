/* SPDX-License-Identifier: Apache-2.0 */

/* Documents: payload, fields, forks, prepared bytes, and the pool they come from and go back to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "qanat/stage.h" /* before cmocka.h, which has a macro of the name of one of its members */

#include <cmocka.h>

#include "document/block.h"
#include "document_fixture.h"

static void payload_is_reserved_once_and_shrinks_to_what_was_filled(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc;
  uint8_t *room, *again;
  qn_view view;
  assert_int_equal(document_new(f.pool, &doc), 0);
  assert_int_equal(document_payload_commit(doc, 0), -EINVAL);
  assert_int_equal(document_view_get(doc, SCHEMA_VIEW_PAYLOAD, &view), -ENOENT);
  assert_int_equal(document_payload_reserve(doc, ((size_t)64 << 20) + 1, &room), -EFBIG);
  assert_int_equal(document_payload_reserve(doc, 100000, &room), 0);
  assert_int_equal(document_payload_reserve(doc, 10, &again), -EINVAL);
  memset(room, 'x', 1000);
  assert_int_equal(document_payload_commit(doc, 100001), -EINVAL);
  assert_int_equal(document_payload_commit(doc, 1000), 0);
  assert_int_equal(document_payload_commit(doc, 1000), -EINVAL);
  assert_int_equal(document_payload_reserve(doc, 10, &again), -EINVAL);
  assert_int_equal(document_view_get(doc, SCHEMA_VIEW_PAYLOAD, &view), 0);
  assert_ptr_equal(view.data, room);
  assert_int_equal(view.len, 1000);
  assert_true(document_bytes(doc) < 1200);
  document_unref(doc);
  fixture_close(&f);
}

static void fields_of_every_type_are_kept_in_order(void **state) {
  (void)state;
  static const qn_value values[] = {
    { .type = QN_VALUE_BOOL, .as.i64 = 1 },         { .type = QN_VALUE_I64, .as.i64 = INT64_MIN },
    { .type = QN_VALUE_F64, .as.f64 = 0.25 },       { .type = QN_VALUE_STR, .as.str = { "string", 6 } },
    { .type = QN_VALUE_SPAN, .as.span = { 1, 2 } },
  };
  static const char *const names[] = { "bool", "i64", "f64", "str", "span" };
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "text");
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(document_field_set(doc, (qn_str){ names[i], strlen(names[i]) }, &values[i]), 0);
  }
  assert_int_equal(document_n_fields(doc), 5);
  for (uint32_t i = 0; i < 5; i++) {
    qn_str name;
    qn_value value;
    document_field_at(doc, i, &name, &value);
    assert_int_equal(name.len, strlen(names[i]));
    assert_memory_equal(name.data, names[i], name.len);
    assert_int_equal(value.type, values[i].type);
    if (value.type == QN_VALUE_STR) {
      assert_ptr_not_equal(value.as.str.data, values[i].as.str.data);
      assert_memory_equal(value.as.str.data, "string", 6);
    } else {
      assert_memory_equal(&value.as, &values[i].as, 8);
    }
  }
  qn_value none = { .type = QN_VALUE_NONE };
  assert_int_equal(document_field_set(doc, QN_LIT("i64"), &none), 0);
  assert_int_equal(document_field_set(doc, QN_LIT("never was"), &none), 0);
  assert_int_equal(document_n_fields(doc), 4);
  assert_int_equal(document_field_get(doc, QN_LIT("i64"), &none), -ENOENT);
  assert_int_equal(document_field_get(doc, QN_LIT("span"), &none), 0);
  document_unref(doc);
  fixture_close(&f);
}

static void field_that_is_not_utf8_is_repaired(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "text");
  qn_value value = { .type = QN_VALUE_STR, .as.str = { "caf\xE9.txt", 8 } };
  assert_int_equal(document_field_set(doc, QN_LIT("source"), &value), 0);
  assert_int_equal(document_field_get(doc, QN_LIT("source"), &value), 0);
  assert_int_equal(value.as.str.len, 10);
  assert_memory_equal(value.as.str.data, "caf\xEF\xBF\xBD.txt", 10);
  document_unref(doc);
  fixture_close(&f);
}

static void fork_shares_parts_and_changes_alone(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *parent = fixture_text(&f, "shared text");
  qn_value value = { .type = QN_VALUE_I64, .as.i64 = 1 };
  assert_int_equal(document_field_set(parent, QN_LIT("n"), &value), 0);
  document *child = document_fork(parent);
  document *grandchild = document_fork(child);
  assert_int_equal(document_pool_live(f.pool), 3);
  qn_view a, b;
  assert_int_equal(document_view_get(parent, SCHEMA_VIEW_TEXT, &a), 0);
  assert_int_equal(document_view_get(grandchild, SCHEMA_VIEW_TEXT, &b), 0);
  assert_ptr_equal(a.data, b.data);
  assert_int_equal(document_bytes(grandchild), 0);
  value.as.i64 = 2;
  assert_int_equal(document_field_set(child, QN_LIT("n"), &value), 0);
  value.as.i64 = 3;
  assert_int_equal(document_field_set(parent, QN_LIT("m"), &value), 0);
  assert_int_equal(document_field_get(parent, QN_LIT("n"), &value), 0);
  assert_int_equal(value.as.i64, 1);
  assert_int_equal(document_field_get(child, QN_LIT("n"), &value), 0);
  assert_int_equal(value.as.i64, 2);
  assert_int_equal(document_field_get(child, QN_LIT("m"), &value), -ENOENT);
  assert_int_equal(document_field_get(grandchild, QN_LIT("n"), &value), 0);
  assert_int_equal(value.as.i64, 1);
  document_unref(parent); /* its memory stays as long as a fork reads it */
  document_unref(child);
  assert_int_equal(document_pool_live(f.pool), 3);
  assert_int_equal(document_view_get(grandchild, SCHEMA_VIEW_TEXT, &b), 0);
  assert_memory_equal(b.data, "shared text", 11);
  document_unref(grandchild);
  document_unref(NULL);
  fixture_close(&f);
}

static void prepared_bytes_are_kept_for_each_sink(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "text");
  assert_int_equal(document_prepared_get(doc, 0).len, 0);
  for (uint32_t slot = 0; slot < 8; slot++) {
    char bytes[2] = { 'a', (char)('0' + slot) };
    assert_int_equal(document_prepared_set(doc, slot, bytes, 2), 0);
  }
  assert_int_equal(document_prepared_set(doc, 8, "x", 1), -EINVAL);
  assert_int_equal(document_prepared_set(doc, 3, "again", 5), 0);
  assert_memory_equal(document_prepared_get(doc, 7).data, "a7", 2);
  assert_memory_equal(document_prepared_get(doc, 3).data, "again", 5);
  document_unref(doc);
  fixture_close(&f);
}

static void recycled_document_is_empty(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  for (int i = 0; i < 200; i++) {
    document *doc;
    qn_view view;
    qn_layer layer;
    assert_int_equal(document_new(f.pool, &doc), 0);
    assert_int_equal(document_n_fields(doc), 0);
    assert_int_equal(document_bytes(doc), 0);
    for (uint32_t slot = 0; slot < SCHEMA_VIEWS_MAX + 1; slot++) {
      assert_int_equal(document_view_get(doc, slot, &view), -ENOENT);
    }
    assert_int_equal(document_layer_get(doc, 0, SCHEMA_VIEW_TEXT, &layer), -ENOENT);
    assert_int_equal(document_prepared_get(doc, 0).len, 0);
    document_unref(doc);
    doc = fixture_text(&f, "some text");
    assert_int_equal(document_prepared_set(doc, 0, "x", 1), 0);
    document_unref(doc);
  }
  fixture_close(&f);
}

static void limits_beyond_what_is_possible_are_refused(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document_pool *pool;
  document_limits limits = { .document_bytes = ((size_t)1 << 30) + 1 };
  assert_int_equal(document_pool_new(f.set, &limits, &pool), -EINVAL);
  document_pool_free(NULL);
  fixture_close(&f);
}

static void span_outside_its_view_is_refused(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "ab\xD9\x85");
  qn_span span;
  assert_int_equal(document_span_map(doc, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_PAYLOAD, (qn_span){ 0, 5 }, &span), -EINVAL);
  assert_int_equal(document_span_map(doc, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_PAYLOAD, (qn_span){ 2, 1 }, &span), -EINVAL);
  assert_int_equal(document_span_map(doc, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, (qn_span){ 0, 1 }, &span), -ENOENT);
  assert_int_equal(document_span_map(doc, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_PAYLOAD, (qn_span){ 3, 3 }, &span), 0);
  assert_int_equal(document_span_map(doc, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, (qn_span){ 1, 3 }, &span), 0);
  assert_int_equal(span.begin, 1);
  assert_int_equal(span.end, 4); /* out to the code point */
  document_unref(doc);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(payload_is_reserved_once_and_shrinks_to_what_was_filled),
    cmocka_unit_test(fields_of_every_type_are_kept_in_order),
    cmocka_unit_test(field_that_is_not_utf8_is_repaired),
    cmocka_unit_test(fork_shares_parts_and_changes_alone),
    cmocka_unit_test(prepared_bytes_are_kept_for_each_sink),
    cmocka_unit_test(recycled_document_is_empty),
    cmocka_unit_test(limits_beyond_what_is_possible_are_refused),
    cmocka_unit_test(span_outside_its_view_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
