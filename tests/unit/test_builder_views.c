/* SPDX-License-Identifier: Apache-2.0 */

/* Builders over views: spans stand in the text and are read in any view, and layers are edited. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "builder_world.h"

#include <cmocka.h>

/* --- views --- */

static void spans_of_a_view_are_kept_in_the_text_and_read_in_any_view(void **state) {
  (void)state;
  static const token in_content[] = { { 0, 5, 0, 0, NULL }, { 6, 10, 0, 1, NULL }, { 11, 16, 0, 0, NULL } };
  static const qn_span in_text[] = { { 0, 5 }, { 11, 15 }, { 16, 21 } };
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, example_text);
  build_content(&f, doc);
  stage_layout layout = fixture_layout(&f, FIXTURE_CONTENT, SCHEMA_VIEW_NONE, "token/1");
  builder_begin(f.builder, doc, &layout);
  write_tokens(f.builder, 0, in_content, 3);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  qn_layer layer;
  uint32_t slot = fixture_slot(&f, "token/1");
  for (int again = 0; again < 2; again++) {
    assert_int_equal(document_layer_get(doc, slot, SCHEMA_VIEW_TEXT, &layer), 0);
    for (uint32_t i = 0; i < 3; i++) {
      assert_int_equal(layer.begin[i], in_text[i].begin);
      assert_int_equal(layer.end[i], in_text[i].end);
    }
    size_t bytes = document_bytes(doc);
    assert_int_equal(document_layer_get(doc, slot, FIXTURE_CONTENT, &layer), 0);
    for (uint32_t i = 0; i < 3; i++) {
      assert_int_equal(layer.begin[i], in_content[i].begin);
      assert_int_equal(layer.end[i], in_content[i].end);
    }
    assert_true(again == 0 || document_bytes(doc) == bytes); /* mapped once */
  }
  document_unref(doc);
  fixture_close(&f);
}

static void row_in_a_cut_is_read_as_empty_at_the_cut(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = with_tokens(&f);
  build_content(&f, doc);
  qn_layer layer;
  assert_int_equal(document_layer_get(doc, fixture_slot(&f, "token/1"), FIXTURE_CONTENT, &layer), 0);
  assert_int_equal(layer.begin[1], 6);
  assert_int_equal(layer.end[1], 6);
  assert_int_equal(layer.begin[2], 6);
  assert_int_equal(layer.end[2], 10);
  document_unref(doc);
  fixture_close(&f);
}

static void span_across_a_break_is_refused_unless_the_layer_may(void **state) {
  (void)state;
  static const struct {
    const char *layer;
    qn_span span;
    int result;
  } rows[] = {
    { "test.all/1", { 0, 6 }, 0 },
    { "test.all/1", { 6, 10 }, 0 },
    { "test.all/1", { 5, 10 }, -EINVAL },
    { "summary/1", { 0, 16 }, 0 },
  };
  fixture f;
  fixture_open(&f);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    document *doc = fixture_text(&f, example_text);
    build_content(&f, doc);
    stage_layout layout = fixture_layout(&f, FIXTURE_CONTENT, SCHEMA_VIEW_NONE, rows[i].layer);
    qn_error error = { 0 };
    builder_begin(f.builder, doc, &layout);
    if (strcmp(rows[i].layer, "test.all/1") == 0) {
      all_row row = { rows[i].span, { 0, 0 }, QN_NO_ROW, { QN_NO_ROW, 0 }, 0 };
      write_all(f.builder, 0, &row);
    } else {
      qn_rows room;
      assert_int_equal(builder_layer_reserve(f.builder, 0, 1, 0, &room), 0);
      room.begin[0] = rows[i].span.begin;
      room.end[0] = rows[i].span.end;
      *(uint32_t *)room.columns[QN_SUMMARY_SENTENCE] = QN_NO_ROW;
      *(qn_heap_str *)room.columns[QN_SUMMARY_TEXT] = (qn_heap_str){ QN_NO_ROW, 0 };
      *(double *)room.columns[QN_SUMMARY_SCORE] = NAN;
      assert_int_equal(builder_layer_commit(f.builder, 0, 1, 0), 0);
    }
    assert_int_equal(builder_seal(f.builder, &error), rows[i].result);
    assert_true(rows[i].result == 0 || strstr(error.message, "across a break") != NULL);
    document_unref(doc);
  }
  fixture_close(&f);
}

static void identical_view_costs_neither_bytes_nor_mapping(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = with_tokens(&f);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, NULL);
  size_t before = document_bytes(doc);
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 0, EXAMPLE_BYTES }), 0);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  assert_true(document_bytes(doc) - before <= 128);
  before = document_bytes(doc);
  qn_layer a, b;
  qn_view whole, alias;
  uint32_t slot = fixture_slot(&f, "token/1");
  assert_int_equal(document_layer_get(doc, slot, SCHEMA_VIEW_TEXT, &a), 0);
  assert_int_equal(document_layer_get(doc, slot, FIXTURE_CONTENT, &b), 0);
  assert_int_equal(document_view_get(doc, SCHEMA_VIEW_TEXT, &whole), 0);
  assert_int_equal(document_view_get(doc, FIXTURE_CONTENT, &alias), 0);
  assert_ptr_equal(a.begin, b.begin);
  assert_ptr_equal(whole.data, alias.data);
  assert_int_equal(document_bytes(doc), before);
  document_unref(doc);
  fixture_close(&f);
}

static void layers_of_a_decoder_are_in_payload_offsets(void **state) {
  (void)state;
  static const char payload[] = "\xEF\xBB\xBF"
                                "alpha beta";
  static const token in_payload[] = { { 0, 8, 0, 0, NULL }, { 9, 13, 0, 0, NULL } };
  fixture f;
  fixture_open(&f);
  document *doc = fixture_document(&f, payload, sizeof payload - 1);
  stage_layout decode = fixture_layout(&f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, "token/1");
  qn_value title = { .type = QN_VALUE_SPAN, .as.span = { 3, 8 } };
  builder_begin(f.builder, doc, &decode);
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 3, 13 }), 0);
  assert_int_equal(builder_field_set(f.builder, QN_LIT("title"), &title), 0);
  write_tokens(f.builder, 0, in_payload, 2);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  qn_layer layer;
  assert_int_equal(document_layer_get(doc, fixture_slot(&f, "token/1"), SCHEMA_VIEW_TEXT, &layer), 0);
  assert_int_equal(layer.begin[0], 0);
  assert_int_equal(layer.end[0], 5);
  assert_int_equal(layer.begin[1], 6);
  assert_int_equal(layer.end[1], 10);
  assert_int_equal(document_layer_get(doc, fixture_slot(&f, "token/1"), SCHEMA_VIEW_PAYLOAD, &layer), 0);
  assert_int_equal(layer.begin[1], 9);
  assert_int_equal(layer.end[1], 13);
  assert_int_equal(document_field_get(doc, QN_LIT("title"), &title), 0);
  assert_int_equal(title.as.span.begin, 0);
  assert_int_equal(title.as.span.end, 5);
  document_unref(doc);
  fixture_close(&f);
}

/* --- modifying --- */

static stage_layout modifying(const fixture *f, const char *layer) {
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, layer);
  layout.layer_access[0] = LAYER_MODIFIES;
  return layout;
}

static void edited_layer_replaces_the_old_one(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = with_tokens(&f);
  document *fork = document_fork(doc);
  stage_layout layout = modifying(&f, "token/1");
  qn_rows rows;
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_layer_edit(f.builder, 0, 1, 8, &rows), 0);
  assert_int_equal(rows.n_filled, 3);
  assert_int_equal(rows.capacity, 4);
  assert_int_equal(rows.heap_base, 9);
  memcpy(rows.heap, "g", 1);
  rows.begin[3] = 16;
  rows.end[3] = 21;
  ((uint32_t *)rows.columns[QN_TOKEN_KIND])[3] = QN_TOKEN_KIND_SYMBOL;
  ((uint32_t *)rows.columns[QN_TOKEN_SCRIPT])[3] = 0;
  ((qn_heap_str *)rows.columns[QN_TOKEN_FORM])[3] = (qn_heap_str){ rows.heap_base, 1 };
  assert_int_equal(builder_layer_replace(f.builder, 0, 4, rows.heap_base + 1), 0);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  qn_layer layer;
  uint32_t slot = fixture_slot(&f, "token/1");
  assert_int_equal(document_layer_get(doc, slot, SCHEMA_VIEW_TEXT, &layer), 0);
  assert_int_equal(layer.n_rows, 4);
  assert_memory_equal(qn_layer_str(&layer, QN_TOKEN_FORM, 0).data, "alpha", 5);
  assert_memory_equal(qn_layer_str(&layer, QN_TOKEN_FORM, 3).data, "g", 1);
  assert_int_equal(document_layer_get(fork, slot, SCHEMA_VIEW_TEXT, &layer), 0);
  assert_int_equal(layer.n_rows, 3); /* the fork keeps what it was made with */
  document_unref(doc);
  document_unref(fork);
  fixture_close(&f);
}

static void layer_that_a_ref_points_at_is_not_lent_for_editing(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = with_tokens(&f);
  stage_layout all = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "test.all/1");
  stage_layout modify = modifying(&f, "token/1");
  all_row row = { { 0, 5 }, { 0, 0 }, 1, { QN_NO_ROW, 0 }, 0 };
  qn_rows rows;
  builder_begin(f.builder, doc, &all);
  write_all(f.builder, 0, &row);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  builder_begin(f.builder, doc, &modify);
  assert_int_equal(builder_layer_edit(f.builder, 0, 0, 0, &rows), -EBUSY);
  builder_discard(f.builder);
  document_unref(doc);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(spans_of_a_view_are_kept_in_the_text_and_read_in_any_view),
    cmocka_unit_test(row_in_a_cut_is_read_as_empty_at_the_cut),
    cmocka_unit_test(span_across_a_break_is_refused_unless_the_layer_may),
    cmocka_unit_test(identical_view_costs_neither_bytes_nor_mapping),
    cmocka_unit_test(layers_of_a_decoder_are_in_payload_offsets),
    cmocka_unit_test(edited_layer_replaces_the_old_one),
    cmocka_unit_test(layer_that_a_ref_points_at_is_not_lent_for_editing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
