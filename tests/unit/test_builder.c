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

#include "qanat/layers.h"
#include "qanat/stage.h" /* before cmocka.h, which has a macro of the name of one of its members */

#include <cmocka.h>

#include "document_fixture.h"

static const char text[] = "alpha beta \xD9\x85\xD8\xA7 gamma"; /* 0-5, 6-10, 11-15, 16-21 */

/* --- writing --- */

typedef struct token {
  uint32_t begin, end, kind, script;
  const char *form; /* NULL: none */
} token;

static void write_tokens(builder *b, uint32_t index, const token *tokens, uint32_t n) {
  qn_rows rows;
  assert_int_equal(builder_layer_reserve(b, index, n, 256, &rows), 0);
  uint32_t used = 0;
  for (uint32_t i = 0; i < n; i++) {
    rows.begin[i] = tokens[i].begin;
    rows.end[i] = tokens[i].end;
    ((uint32_t *)rows.columns[QN_TOKEN_KIND])[i] = tokens[i].kind;
    ((uint32_t *)rows.columns[QN_TOKEN_SCRIPT])[i] = tokens[i].script;
    qn_heap_str form = { QN_NO_ROW, 0 };
    if (tokens[i].form != NULL) {
      form = (qn_heap_str){ rows.heap_base + used, (uint32_t)strlen(tokens[i].form) };
      memcpy(rows.heap + used, tokens[i].form, form.len);
      used += form.len;
    }
    ((qn_heap_str *)rows.columns[QN_TOKEN_FORM])[i] = form;
  }
  assert_int_equal(builder_layer_commit(b, index, n, used), 0);
}

static const token good_tokens[] = {
  { 0, 5, QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_LATIN, "alpha" },
  { 6, 10, QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_LATIN, NULL },
  { 11, 15, QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_ARABIC, "\xD9\x85\xD8\xA7" },
};

static document *with_tokens(fixture *f) {
  document *doc = fixture_text(f, text);
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  builder_begin(f->builder, doc, &layout);
  write_tokens(f->builder, 0, good_tokens, 2);
  write_tokens(f->builder, 0, good_tokens + 2, 1);
  assert_int_equal(builder_seal(f->builder, NULL), 0);
  return doc;
}

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
  document *doc = fixture_text(&f, text);
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
  document *doc = fixture_text(&f, text);
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
  document *doc = fixture_text(&f, text);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  builder_begin(f.builder, doc, &layout);
  write_tokens(f.builder, 0, tokens, sizeof tokens / sizeof *tokens);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  document_unref(doc);
  fixture_close(&f);
}

/* One row of the layer that has every type of column. */
typedef struct all_row {
  qn_span span;
  qn_heap_str name;
  uint32_t token;
  qn_span near;
  uint32_t mood;
} all_row;

static void write_all(builder *b, uint32_t index, const all_row *row) {
  qn_rows rows;
  assert_int_equal(builder_layer_reserve(b, index, 1, 4, &rows), 0);
  memcpy(rows.heap, "a\xD9\x85z", 4);
  rows.begin[0] = row->span.begin;
  rows.end[0] = row->span.end;
  *(uint32_t *)rows.columns[0] = 7;
  *(int64_t *)rows.columns[1] = -7;
  *(double *)rows.columns[2] = 0.5;
  *(qn_heap_str *)rows.columns[3] = row->name;
  *(uint32_t *)rows.columns[4] = row->token;
  *(qn_span *)rows.columns[5] = row->near;
  *(uint32_t *)rows.columns[6] = row->mood;
  assert_int_equal(builder_layer_commit(b, index, 1, 4), 0);
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
  document *doc = fixture_text(&f, text);
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
  doc = fixture_text(&f, text);
  builder_begin(f.builder, doc, &layout);
  write_all(f.builder, 0, &row);
  write_tokens(f.builder, 1, good_tokens, 2);
  assert_int_equal(builder_seal(f.builder, NULL), -EINVAL);
  qn_layer layer;
  assert_int_equal(document_layer_get(doc, layout.layer_slot[1], SCHEMA_VIEW_TEXT, &layer), -ENOENT);
  document_unref(doc);
  fixture_close(&f);
}

/* --- views --- */

/* content = text without "beta ", with a break. */
static void build_content(fixture *f, document *doc) {
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, NULL);
  qn_view_room room;
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_view_reserve(f->builder, 64, 4, &room), 0);
  memcpy(room.data, text, 6);
  memcpy(room.data + 6, text + 11, 10);
  room.derived[0] = 0, room.base[0] = 0, room.kind[0] = QN_RUN_COPY;
  room.derived[1] = 6, room.base[1] = 11, room.kind[1] = QN_RUN_COPY | QN_RUN_BREAK;
  assert_int_equal(builder_view_commit(f->builder, 16, 2), 0);
  assert_int_equal(builder_seal(f->builder, NULL), 0);
}

static void spans_of_a_view_are_kept_in_the_text_and_read_in_any_view(void **state) {
  (void)state;
  static const token in_content[] = { { 0, 5, 0, 0, NULL }, { 6, 10, 0, 1, NULL }, { 11, 16, 0, 0, NULL } };
  static const qn_span in_text[] = { { 0, 5 }, { 11, 15 }, { 16, 21 } };
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, text);
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
    document *doc = fixture_text(&f, text);
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
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 0, sizeof text - 1 }), 0);
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
  document *doc = fixture_text(&f, text);
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

/* --- fields --- */

static void fields_are_seen_by_their_stage_at_once_and_by_others_after_the_seal(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, text);
  qn_value set = { .type = QN_VALUE_STR, .as.str = QN_LIT("ar") };
  qn_value got;
  assert_int_equal(document_field_set(doc, QN_LIT("language"), &set), 0);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, NULL);
  builder_begin(f.builder, doc, &layout);
  set.as.str = QN_LIT("fa");
  assert_int_equal(builder_field_set(f.builder, QN_LIT("language"), &set), 0);
  assert_int_equal(builder_field_get(f.builder, QN_LIT("language"), &got), 0);
  assert_memory_equal(got.as.str.data, "fa", 2);
  set.type = QN_VALUE_NONE;
  assert_int_equal(builder_field_set(f.builder, QN_LIT("language"), &set), 0);
  assert_int_equal(builder_field_get(f.builder, QN_LIT("language"), &got), -ENOENT);
  assert_int_equal(document_field_get(doc, QN_LIT("language"), &got), 0);
  assert_memory_equal(got.as.str.data, "ar", 2);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  assert_int_equal(document_field_get(doc, QN_LIT("language"), &got), -ENOENT);
  assert_int_equal(document_n_fields(doc), 0);
  document_unref(doc);
  fixture_close(&f);
}

static void fields_beyond_their_bounds_are_refused(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, text);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, NULL);
  builder_begin(f.builder, doc, &layout);
  char *big = calloc(1, 70000);
  memset(big, 'x', 70000);
  qn_value value = { .type = QN_VALUE_STR, .as.str = { big, 70000 } };
  assert_int_equal(builder_field_set(f.builder, QN_LIT("big"), &value), -E2BIG);
  assert_int_equal(document_field_set(doc, QN_LIT("big"), &value), -E2BIG);
  value.as.str.len = 40000;
  assert_int_equal(builder_field_set(f.builder, QN_LIT("big"), &value), 0);
  assert_int_equal(builder_field_set(f.builder, QN_LIT("big"), &value), 0); /* the same again */
  assert_int_equal(builder_field_set(f.builder, QN_LIT("other"), &value), -E2BIG);
  value = (qn_value){ .type = QN_VALUE_BOOL, .as.i64 = 1 };
  char name[2] = { 'A', 'A' };
  for (uint32_t i = 0; i < 63; i++) {
    name[0] = (char)('A' + i / 8);
    name[1] = (char)('A' + i % 8);
    assert_int_equal(builder_field_set(f.builder, (qn_str){ name, 2 }, &value), 0);
  }
  assert_int_equal(builder_field_set(f.builder, QN_LIT("one more"), &value), -E2BIG);
  value.type = QN_VALUE_ARRAY;
  assert_int_equal(builder_field_set(f.builder, QN_LIT("array"), &value), -EINVAL);
  value = (qn_value){ .type = QN_VALUE_STR, .as.str = { "\xFF", 1 } };
  assert_int_equal(builder_field_set(f.builder, QN_LIT("AA"), &value), -EINVAL);
  static const qn_span bad_spans[] = { { 0, 22 }, { 5, 4 }, { 0, 12 }, { 14, 15 } };
  for (size_t i = 0; i < sizeof bad_spans / sizeof *bad_spans; i++) {
    value = (qn_value){ .type = QN_VALUE_SPAN, .as.span = bad_spans[i] };
    assert_int_equal(builder_field_set(f.builder, QN_LIT("AA"), &value), -EINVAL);
    assert_int_equal(document_field_set(doc, QN_LIT("span"), &value), -EINVAL);
  }
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  assert_int_equal(document_n_fields(doc), 64);
  free(big);
  document_unref(doc);
  fixture_close(&f);
}

static void field_is_written_only_if_declared_and_read_in_the_stages_view(void **state) {
  (void)state;
  static const char *const declared[] = { "title", "language" };
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, text);
  qn_value value = { .type = QN_VALUE_SPAN, .as.span = { 11, 15 } };
  assert_int_equal(document_field_set(doc, QN_LIT("title"), &value), 0);
  build_content(&f, doc);
  stage_layout layout = fixture_layout(&f, FIXTURE_CONTENT, SCHEMA_VIEW_NONE, NULL);
  layout.may_set_any_field = 0;
  layout.n_fields_written = 2;
  layout.fields_written = declared;
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_field_get(f.builder, QN_LIT("title"), &value), 0);
  assert_int_equal(value.as.span.begin, 6);
  assert_int_equal(value.as.span.end, 10);
  value.as.span = (qn_span){ 11, 16 };
  assert_int_equal(builder_field_set(f.builder, QN_LIT("titles"), &value), -EPERM);
  assert_int_equal(builder_field_set(f.builder, QN_LIT("title"), &value), 0);
  assert_int_equal(builder_field_get(f.builder, QN_LIT("nothing"), &value), -ENOENT);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  assert_int_equal(document_field_get(doc, QN_LIT("title"), &value), 0);
  assert_int_equal(value.as.span.begin, 16);
  assert_int_equal(value.as.span.end, 21);
  assert_int_equal(builder_field_get(f.builder, QN_LIT("title"), &value), -EINVAL); /* after the end */
  document_unref(doc);
  fixture_close(&f);
}

static void field_set_for_ever_ends(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, text);
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, NULL);
  char *big = calloc(1, 60000);
  memset(big, 'x', 60000);
  qn_value value = { .type = QN_VALUE_STR, .as.str = { big, 60000 } };
  builder_begin(f.builder, doc, &layout);
  int rc = 0;
  uint32_t n = 0;
  for (; rc == 0 && n < 1000; n++) {
    rc = builder_field_set(f.builder, QN_LIT("same"), &value);
  }
  assert_int_equal(rc, -E2BIG);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  free(big);
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
    document *doc = fixture_text(&f, text);
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
    document *doc = fixture_text(now, text);
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
  document *doc = fixture_text(&f, text);
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
    cmocka_unit_test(spans_of_a_view_are_kept_in_the_text_and_read_in_any_view),
    cmocka_unit_test(row_in_a_cut_is_read_as_empty_at_the_cut),
    cmocka_unit_test(span_across_a_break_is_refused_unless_the_layer_may),
    cmocka_unit_test(identical_view_costs_neither_bytes_nor_mapping),
    cmocka_unit_test(layers_of_a_decoder_are_in_payload_offsets),
    cmocka_unit_test(edited_layer_replaces_the_old_one),
    cmocka_unit_test(layer_that_a_ref_points_at_is_not_lent_for_editing),
    cmocka_unit_test(calls_that_the_rules_forbid_are_refused),
    cmocka_unit_test(view_room_grows_and_keeps_what_was_written),
    cmocka_unit_test(fields_are_seen_by_their_stage_at_once_and_by_others_after_the_seal),
    cmocka_unit_test(fields_beyond_their_bounds_are_refused),
    cmocka_unit_test(field_is_written_only_if_declared_and_read_in_the_stages_view),
    cmocka_unit_test(field_set_for_ever_ends),
    cmocka_unit_test(part_that_is_there_already_is_not_sealed_again),
    cmocka_unit_test(rows_without_a_text_are_refused),
    cmocka_unit_test(builder_gives_back_what_only_a_huge_document_needed),
    cmocka_unit_test(builder_serves_two_pipelines_in_turn),
    cmocka_unit_test(failed_or_discarded_stage_leaves_no_trace),
    cmocka_unit_test(stage_beyond_document_memory_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
