/* SPDX-License-Identifier: Apache-2.0 */

/* Builders: what is sealed can be read back, what breaks a rule is refused whole, and a refused or discarded stage
 * leaves no trace. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "builder_world.h"

#include <cmocka.h>

/* --- writing --- */

static void rows_of_several_commits_are_read_back(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = with_tokens(&f);
  qn_layer layer;
  assert_int_equal(document_layer_get(doc, fixture_slot(&f, "token/1"), SCHEMA_VIEW_TEXT, &layer), 0);
  assert_int_equal(layer.n_rows, 3);
  assert_int_equal(layer.n_columns, QN_TOKEN_N_COLUMNS);
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(layer.begin[i], good_tokens[i].begin);
    assert_int_equal(layer.end[i], good_tokens[i].end);
    assert_int_equal(qn_layer_u32(&layer, QN_TOKEN_SCRIPT, i), good_tokens[i].script);
    qn_str form = qn_layer_str(&layer, QN_TOKEN_FORM, i);
    assert_int_equal(form.data != NULL, good_tokens[i].form != NULL);
    assert_int_equal(form.len, form.data != NULL ? strlen(good_tokens[i].form) : 0);
    assert_memory_equal(form.data != NULL ? form.data : "", form.data != NULL ? good_tokens[i].form : "", form.len);
  }
  document_unref(doc);
  fixture_close(&f);
}

static void layer_never_committed_is_sealed_empty(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, example_text);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  qn_rows rows;
  qn_layer layer;
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_layer_reserve(f.builder, 0, 10, 0, &rows), 0);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  assert_int_equal(document_layer_get(doc, fixture_slot(&f, "token/1"), SCHEMA_VIEW_TEXT, &layer), 0);
  assert_int_equal(layer.n_rows, 0);
  document_unref(doc);
  fixture_close(&f);
}

/* --- refused rows --- */

typedef struct bad_tokens {
  token tokens[2];
  const char *message;
} bad_tokens;

static const bad_tokens bad_rows[] = {
  { { { 5, 0, 0, 0, NULL } }, "begin must not be past end" },
  { { { 0, 22, 0, 0, NULL } }, "past the end of the view" },
  { { { 12, 15, 0, 0, NULL } }, "inside a code point" },
  { { { 11, 14, 0, 0, NULL } }, "inside a code point" },
  { { { 6, 10, 0, 0, NULL }, { 0, 5, 0, 0, NULL } }, "row 1 (bytes 0 to 5): rows must be sorted" },
  { { { 0, 4, 0, 0, NULL }, { 0, 5, 0, 0, NULL } }, "the longest must come first" },
  { { { 0, 5, 5, 0, NULL } }, "column \"kind\": 5 is not a symbol; they go from 0 to 4" },
  { { { 0, 5, 0, 0, NULL }, { 0, 5, 0, 99, NULL } }, "row 1, column \"script\"" },
  { { { 0, 5, 0, 0, "\xFF" } }, "column \"form\": the string is not UTF-8" },
};

static void row_that_breaks_a_rule_is_refused_with_layer_row_and_rule(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, example_text);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
    const bad_tokens *bad = &bad_rows[i];
    qn_error error = { 0 };
    builder_begin(f.builder, doc, &layout);
    write_tokens(f.builder, 0, bad->tokens, bad->tokens[1].end != 0 ? 2 : 1);
    assert_int_equal(builder_seal(f.builder, &error), -EINVAL);
    if (strstr(error.message, bad->message) == NULL || strstr(error.message, "layer \"token/1\", row") == NULL) {
      fail_msg("row %zu: \"%s\" does not say \"%s\"", i, error.message, bad->message);
    }
  }
  document_unref(doc);
  fixture_close(&f);
}

static void equal_and_empty_rows_are_allowed(void **state) {
  (void)state;
  static const token tokens[] = {
    { 0, 5, 0, 0, NULL }, { 0, 5, 0, 0, NULL }, { 0, 0, 0, 0, NULL }, { 0, 4, 0, 0, NULL }, { 21, 21, 0, 0, NULL }
  };
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, example_text);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  builder_begin(f.builder, doc, &layout);
  write_tokens(f.builder, 0, tokens, sizeof tokens / sizeof *tokens);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  document_unref(doc);
  fixture_close(&f);
}

static void every_type_of_column_is_held_to_its_rule(void **state) {
  (void)state;
  static const struct {
    all_row row;
    const char *message; /* NULL: fine */
  } rows[] = {
    { { { 0, 5 }, { 0, 4 }, 2, { 6, 10 }, 2 }, NULL },
    { { { 0, 5 }, { QN_NO_ROW, 0 }, QN_NO_ROW, { QN_NO_ROW, 0 }, 0 }, NULL },
    { { { 0, 5 }, { 4, 0 }, 0, { 21, 21 }, 0 }, NULL },
    { { { 0, 5 }, { 4, 1 }, 0, { 0, 0 }, 0 }, "\"name\": the string is not inside the heap" },
    { { { 0, 5 }, { UINT32_MAX - 1, 5 }, 0, { 0, 0 }, 0 }, "\"name\": the string is not inside the heap" },
    { { { 0, 5 }, { 2, 1 }, 0, { 0, 0 }, 0 }, "\"name\": the string is not UTF-8" },
    { { { 0, 5 }, { 0, 2 }, 0, { 0, 0 }, 0 }, "\"name\": the string is not UTF-8" },
    { { { 0, 5 }, { 0, 0 }, 3, { 0, 0 }, 0 }, "refers to row 3 of \"token/1\", which has 3" },
    { { { 0, 5 }, { 0, 0 }, 0, { 5, 4 }, 0 }, "\"near\": the span is not inside the view" },
    { { { 0, 5 }, { 0, 0 }, 0, { 0, 22 }, 0 }, "\"near\": the span is not inside the view" },
    { { { 0, 5 }, { 0, 0 }, 0, { 0, 12 }, 0 }, "\"near\": the span begins or ends inside a code point" },
    { { { 0, 5 }, { 0, 0 }, 0, { 0, 0 }, 3 }, "\"mood\": 3 is not a symbol" },
  };
  fixture f;
  fixture_open(&f);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "test.all/1");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    document *doc = with_tokens(&f);
    qn_error error = { 0 };
    builder_begin(f.builder, doc, &layout);
    write_all(f.builder, 0, &rows[i].row);
    int rc = builder_seal(f.builder, &error);
    assert_int_equal(rc, rows[i].message == NULL ? 0 : -EINVAL);
    if (rows[i].message != NULL && strstr(error.message, rows[i].message) == NULL) {
      fail_msg("row %zu: \"%s\" does not say \"%s\"", i, error.message, rows[i].message);
    }
    document_unref(doc);
  }
  fixture_close(&f);
}

static void ref_may_point_into_a_layer_of_the_same_call(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, example_text);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "test.all/1");
  layout.n_layers = 2;
  layout.layer_slot[1] = (uint8_t)fixture_slot(&f, "token/1");
  layout.layer_access[1] = LAYER_PROVIDES;
  all_row row = { { 0, 5 }, { 0, 0 }, 2, { 0, 0 }, 0 };
  builder_begin(f.builder, doc, &layout);
  write_all(f.builder, 0, &row);
  write_tokens(f.builder, 1, good_tokens, 3);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  document_unref(doc);
  doc = fixture_text(&f, example_text);
  builder_begin(f.builder, doc, &layout);
  write_all(f.builder, 0, &row);
  write_tokens(f.builder, 1, good_tokens, 2);
  assert_int_equal(builder_seal(f.builder, NULL), -EINVAL);
  qn_layer layer;
  assert_int_equal(document_layer_get(doc, layout.layer_slot[1], SCHEMA_VIEW_TEXT, &layer), -ENOENT);
  document_unref(doc);
  fixture_close(&f);
}

/* --- rules of the calls --- */

static void calls_that_the_rules_forbid_are_refused(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = with_tokens(&f);
  stage_layout layout = { .n_layers = 3, .view_reads = SCHEMA_VIEW_TEXT, .view_provides = SCHEMA_VIEW_NONE };
  layout.layer_slot[0] = (uint8_t)fixture_slot(&f, "token/1");
  layout.layer_slot[1] = (uint8_t)fixture_slot(&f, "entity/1");
  layout.layer_access[1] = LAYER_PROVIDES;
  layout.layer_slot[2] = 255;
  layout.layer_access[2] = LAYER_MAY_READ;
  builder *b = f.builder;
  qn_rows rows;
  qn_layer layer;
  qn_view_room room;
  qn_value value = { .type = QN_VALUE_I64, .as.i64 = 1 };
  assert_int_equal(builder_layer_reserve(b, 1, 1, 0, &rows), -EINVAL); /* before begin */
  builder_begin(b, doc, &layout);
  assert_int_equal(builder_layer_reserve(b, 0, 1, 0, &rows), -EINVAL); /* only read */
  assert_int_equal(builder_layer_reserve(b, 3, 1, 0, &rows), -EINVAL);
  assert_int_equal(builder_layer_edit(b, 1, 1, 0, &rows), -EINVAL);
  assert_int_equal(builder_layer_commit(b, 1, 0, 0), -EINVAL); /* nothing reserved */
  assert_int_equal(builder_layer_reserve(b, 1, 4, 10, &rows), 0);
  assert_int_equal(builder_layer_commit(b, 1, 5, 0), -EINVAL);
  assert_int_equal(builder_layer_commit(b, 1, 0, 11), -EINVAL);
  assert_int_equal(builder_layer_commit(b, 1, 0, 0), 0);
  assert_int_equal(builder_layer_commit(b, 1, 0, 0), -EINVAL); /* twice */
  assert_int_equal(builder_layer_get(b, 2, &layer), -ENOENT);
  assert_int_equal(builder_layer_get(b, 9, &layer), -EINVAL);
  assert_int_equal(builder_layer_reserve(b, 1, UINT32_MAX, UINT32_MAX, &rows), -ENOMEM);
  assert_int_equal(builder_view_reserve(b, 1, 1, &room), -EINVAL);
  assert_int_equal(builder_view_alias(b, (qn_span){ 0, 1 }), -EINVAL);
  assert_int_equal(builder_field_set(b, QN_LIT("language"), &value), -EPERM);
  builder_discard(b);
  document_unref(doc);
  fixture_close(&f);
}

static void view_room_grows_and_keeps_what_was_written(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, example_text);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, NULL);
  qn_view_room room;
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_view_reserve(f.builder, 4, 1, &room), 0);
  memcpy(room.data, "alph", 4);
  room.derived[0] = 0, room.base[0] = 0, room.kind[0] = QN_RUN_COPY;
  assert_int_equal(builder_view_reserve(f.builder, 200000, 50000, &room), 0);
  assert_true(room.capacity >= 200000 && room.run_capacity >= 50000);
  room.data[4] = 'a';
  assert_int_equal(builder_view_commit(f.builder, 5, 1), 0);
  assert_int_equal(builder_view_commit(f.builder, 5, 1), -EINVAL);
  assert_int_equal(builder_view_reserve(f.builder, 4, 1, &room), -EINVAL);
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 0, 1 }), -EINVAL);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  qn_view view;
  assert_int_equal(document_view_get(doc, FIXTURE_CONTENT, &view), 0);
  assert_int_equal(view.len, 5);
  assert_memory_equal(view.data, "alpha", 5);
  document_unref(doc);
  fixture_close(&f);
}

/* --- what cannot be sealed --- */

static void part_that_is_there_already_is_not_sealed_again(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = with_tokens(&f);
  qn_error error = { 0 };
  stage_layout tokens = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  builder_begin(f.builder, doc, &tokens);
  assert_int_equal(builder_seal(f.builder, &error), -EEXIST);
  assert_non_null(strstr(error.message, "layer \"token/1\" is in the document already"));
  stage_layout decode = fixture_layout(&f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, NULL);
  builder_begin(f.builder, doc, &decode);
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 0, 1 }), 0);
  assert_int_equal(builder_seal(f.builder, &error), -EINVAL);
  assert_non_null(strstr(error.message, "view \"text\" cannot be built here: it is there already"));
  stage_layout skip = fixture_layout(&f, SCHEMA_VIEW_PAYLOAD, FIXTURE_CONTENT, NULL);
  builder_begin(f.builder, doc, &skip);
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 0, 1 }), 0);
  assert_int_equal(builder_seal(f.builder, &error), -EINVAL);
  document_unref(doc);
  fixture_close(&f);
}

static void rows_without_a_text_are_refused(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_document(&f, "payload", 7);
  qn_error error = { 0 };
  qn_value title = { .type = QN_VALUE_SPAN, .as.span = { 0, 1 } };
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_NONE, "token/1");
  builder_begin(f.builder, doc, &layout);
  write_tokens(f.builder, 0, good_tokens, 1);
  assert_int_equal(builder_seal(f.builder, &error), -EINVAL);
  assert_non_null(strstr(error.message, "the document has no text"));
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_field_set(f.builder, QN_LIT("title"), &title), 0);
  assert_int_equal(builder_seal(f.builder, &error), -EINVAL);
  assert_non_null(strstr(error.message, "no text yet"));
  builder_begin(f.builder, doc, &layout);
  write_tokens(f.builder, 0, good_tokens, 1);
  builder_begin(f.builder, doc, &layout); /* the stage before never ended: its rows are gone */
  assert_int_equal(builder_seal(f.builder, &error), 0);
  qn_layer layer;
  assert_int_equal(document_layer_get(doc, layout.layer_slot[0], SCHEMA_VIEW_PAYLOAD, &layer), 0);
  assert_int_equal(layer.n_rows, 0);
  document_unref(doc);
  fixture_close(&f);
}

/* --- a builder of many documents --- */

static void builder_gives_back_what_only_a_huge_document_needed(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, "token/1");
  for (int round = 0; round < 3; round++) {
    document *doc = fixture_text(&f, example_text);
    qn_rows rows;
    qn_view_room room;
    builder_begin(f.builder, doc, &layout);
    assert_int_equal(builder_layer_reserve(f.builder, 0, 1000000, 8000000, &rows), 0);
    assert_int_equal(builder_view_reserve(f.builder, 8000000, 2000000, &room), 0);
    rows.begin[999999] = 1; /* the room is there */
    rows.heap[7999999] = 1;
    room.data[7999999] = 1;
    room.kind[1999999] = 1;
    builder_discard(f.builder);
    builder_begin(f.builder, doc, &layout);
    assert_int_equal(builder_layer_reserve(f.builder, 0, 10, 10, &rows), 0);
    assert_int_equal(builder_view_reserve(f.builder, 10, 10, &room), 0);
    assert_true(room.capacity < 4096 && room.run_capacity < 4096);
    builder_discard(f.builder);
    document_unref(doc);
  }
  fixture_close(&f);
}

static void builder_serves_two_pipelines_in_turn(void **state) {
  (void)state;
  fixture f, g;
  fixture_open(&f);
  fixture_open(&g);
  for (int round = 0; round < 4; round++) {
    fixture *now = round % 2 == 0 ? &f : &g;
    document *doc = fixture_text(now, example_text);
    stage_layout layout = fixture_layout(now, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
    builder_begin(f.builder, doc, &layout);
    write_tokens(f.builder, 0, good_tokens, 3);
    assert_int_equal(builder_seal(f.builder, NULL), 0);
    document_unref(doc);
  }
  fixture_close(&g);
  fixture_close(&f);
}

/* --- no trace --- */

/* A stage that builds a view, a field and two layers; `fault` is the row that spoils it, or -1. */
static void run_stage(fixture *f, document *doc, const stage_layout *layout, bool spoil) {
  token tokens[3];
  memcpy(tokens, good_tokens, sizeof tokens);
  tokens[2].end = spoil ? 14 : 15;
  qn_value value = { .type = QN_VALUE_STR, .as.str = QN_LIT("value") };
  builder_begin(f->builder, doc, layout);
  assert_int_equal(builder_view_alias(f->builder, (qn_span){ 0, 10 }), 0);
  assert_int_equal(builder_field_set(f->builder, QN_LIT("field"), &value), 0);
  write_tokens(f->builder, 1, tokens, 3);
}

static void failed_or_discarded_stage_leaves_no_trace(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, example_text);
  qn_value value = { .type = QN_VALUE_I64, .as.i64 = 3 };
  assert_int_equal(document_field_set(doc, QN_LIT("field"), &value), 0);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, "sentence/1");
  layout.n_layers = 2;
  layout.layer_slot[1] = (uint8_t)fixture_slot(&f, "token/1");
  layout.layer_access[1] = LAYER_PROVIDES;
  size_t before_len, after_len;
  void *before = fixture_block(doc, &before_len);
  size_t bytes = document_bytes(doc);
  for (int round = 0; round < 10; round++) {
    run_stage(&f, doc, &layout, round % 2 == 0);
    if (round % 2 == 0) {
      assert_int_equal(builder_seal(f.builder, NULL), -EINVAL);
    } else {
      builder_discard(f.builder);
    }
    void *after = fixture_block(doc, &after_len);
    assert_int_equal(after_len, before_len);
    assert_memory_equal(after, before, before_len);
    assert_int_equal(document_bytes(doc), bytes);
    free(after);
  }
  run_stage(&f, doc, &layout, false);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  qn_layer layer;
  assert_int_equal(document_layer_get(doc, layout.layer_slot[1], SCHEMA_VIEW_TEXT, &layer), 0);
  assert_int_equal(layer.n_rows, 3);
  free(before);
  document_unref(doc);
  fixture_close(&f);
}

static void stage_beyond_document_memory_fails_cleanly(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document_pool *pool;
  document_limits limits = { .document_bytes = 4096, .document_memory = 8192 };
  assert_int_equal(document_pool_new(f.set, &limits, &pool), 0);
  document *doc;
  uint8_t *room;
  assert_int_equal(document_new(pool, &doc), 0);
  assert_int_equal(document_payload_reserve(doc, 4097, &room), -EFBIG);
  assert_int_equal(document_payload_reserve(doc, 4096, &room), 0);
  memset(room, 'a', 4096);
  assert_int_equal(document_payload_commit(doc, 4096), 0);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, "token/1");
  qn_view_room view;
  qn_rows rows;
  qn_error error = { 0 };
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_view_reserve(f.builder, 4097, 1, &view), -EFBIG);
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 0, 4096 }), 0);
  assert_int_equal(builder_layer_reserve(f.builder, 0, 300, 0, &rows), 0);
  for (uint32_t i = 0; i < 300; i++) {
    rows.begin[i] = rows.end[i] = i;
    ((uint32_t *)rows.columns[QN_TOKEN_KIND])[i] = 0;
    ((uint32_t *)rows.columns[QN_TOKEN_SCRIPT])[i] = 0;
    ((qn_heap_str *)rows.columns[QN_TOKEN_FORM])[i] = (qn_heap_str){ QN_NO_ROW, 0 };
  }
  assert_int_equal(builder_layer_commit(f.builder, 0, 300, 0), 0);
  assert_int_equal(builder_seal(f.builder, &error), -ENOMEM);
  assert_non_null(strstr(error.message, "limits.document_memory"));
  document_unref(doc);
  document_pool_free(pool);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_of_several_commits_are_read_back),
    cmocka_unit_test(layer_never_committed_is_sealed_empty),
    cmocka_unit_test(row_that_breaks_a_rule_is_refused_with_layer_row_and_rule),
    cmocka_unit_test(equal_and_empty_rows_are_allowed),
    cmocka_unit_test(every_type_of_column_is_held_to_its_rule),
    cmocka_unit_test(ref_may_point_into_a_layer_of_the_same_call),
    cmocka_unit_test(calls_that_the_rules_forbid_are_refused),
    cmocka_unit_test(view_room_grows_and_keeps_what_was_written),
    cmocka_unit_test(part_that_is_there_already_is_not_sealed_again),
    cmocka_unit_test(rows_without_a_text_are_refused),
    cmocka_unit_test(builder_gives_back_what_only_a_huge_document_needed),
    cmocka_unit_test(builder_serves_two_pipelines_in_turn),
    cmocka_unit_test(failed_or_discarded_stage_leaves_no_trace),
    cmocka_unit_test(stage_beyond_document_memory_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
