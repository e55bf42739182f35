/* SPDX-License-Identifier: Apache-2.0 */

/* Views and their alignment: what a view may be, and the laws of mapping, over random views of random texts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/alignment.h"
#include "document_fixture.h"

enum { ROUNDS = 300, TEXT_BYTES = 220 };

static const uint32_t views[] = { SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, FIXTURE_NORMALIZED };

/* --- laws, on a document with three views --- */

static bool is_border(const qn_view *view, uint32_t offset) {
  return offset == view->len || (view->data[offset] & 0xC0) != 0x80;
}

static qn_span map(const document *doc, uint32_t from, uint32_t to, qn_span span) {
  qn_span mapped;
  assert_int_equal(document_span_map(doc, from, to, span, &mapped), 0);
  return mapped;
}

static void assert_span_in_view(const document *doc, uint32_t slot, qn_span span) {
  qn_view view;
  assert_int_equal(document_view_get(doc, slot, &view), 0);
  assert_true(span.begin <= span.end);
  assert_true(span.end <= view.len);
  assert_true(is_border(&view, span.begin));
  assert_true(is_border(&view, span.end));
}

static void assert_span_equal(qn_span a, qn_span b) {
  assert_int_equal(a.begin, b.begin);
  assert_int_equal(a.end, b.end);
}

/* All spans on code points of a view, to the text and back and there again. */
static void assert_round_trips(const document *doc, uint32_t slot) {
  qn_view view;
  assert_int_equal(document_view_get(doc, slot, &view), 0);
  for (uint32_t begin = 0; begin <= view.len; begin++) {
    for (uint32_t end = begin; end <= view.len && end <= begin + 24; end++) {
      if (!is_border(&view, begin) || !is_border(&view, end)) {
        continue;
      }
      qn_span text = map(doc, slot, SCHEMA_VIEW_TEXT, (qn_span){ begin, end });
      assert_span_in_view(doc, SCHEMA_VIEW_TEXT, text);
      qn_span back = map(doc, SCHEMA_VIEW_TEXT, slot, text);
      assert_span_in_view(doc, slot, back);
      assert_span_equal(map(doc, slot, SCHEMA_VIEW_TEXT, back), text);
    }
  }
}

static void assert_text_round_trips(const document *doc, uint32_t slot) {
  qn_view text;
  assert_int_equal(document_view_get(doc, SCHEMA_VIEW_TEXT, &text), 0);
  for (uint32_t begin = 0; begin <= text.len; begin++) {
    for (uint32_t end = begin; end <= text.len && end <= begin + 24; end++) {
      if (!is_border(&text, begin) || !is_border(&text, end)) {
        continue;
      }
      qn_span there = map(doc, SCHEMA_VIEW_TEXT, slot, (qn_span){ begin, end });
      assert_span_in_view(doc, slot, there);
      qn_span back = map(doc, slot, SCHEMA_VIEW_TEXT, there);
      assert_span_equal(map(doc, SCHEMA_VIEW_TEXT, slot, back), there);
    }
  }
}

static void assert_monotone(const document *doc, uint32_t from, uint32_t to) {
  qn_view view;
  qn_span before = { 0, 0 };
  assert_int_equal(document_view_get(doc, from, &view), 0);
  for (uint32_t begin = 0; begin < view.len; begin++) {
    if (is_border(&view, begin)) {
      qn_span rest = map(doc, from, to, (qn_span){ begin, view.len });
      assert_true(rest.begin >= before.begin);
      before = rest;
    }
  }
  before = (qn_span){ 0, 0 };
  for (uint32_t end = 0; end <= view.len; end++) {
    if (is_border(&view, end)) {
      qn_span start = map(doc, from, to, (qn_span){ 0, end });
      assert_true(start.end >= before.end);
      before = start;
    }
  }
}

static document *random_document(fixture *f, fixture_random *random, bool identical_text) {
  uint8_t payload[TEXT_BYTES + 8];
  uint32_t len = fixture_random_text(random, fixture_next(random, TEXT_BYTES), payload);
  document *doc;
  if (identical_text) {
    payload[len] = 0;
    doc = fixture_text(f, (const char *)payload);
  } else {
    doc = fixture_document(f, payload, len);
    fixture_random_view(f, doc, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, random);
  }
  fixture_random_view(f, doc, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, random);
  fixture_random_view(f, doc, FIXTURE_CONTENT, FIXTURE_NORMALIZED, random);
  return doc;
}

static void views_at_random_keep_the_laws_of_mapping(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  fixture_random random = { 2 };
  for (uint32_t round = 0; round < ROUNDS; round++) {
    document *doc = random_document(&f, &random, round % 2 == 0);
    for (size_t i = 1; i < sizeof views / sizeof *views; i++) {
      assert_round_trips(doc, views[i]);
      assert_text_round_trips(doc, views[i]);
      assert_monotone(doc, views[i], SCHEMA_VIEW_TEXT);
      assert_monotone(doc, SCHEMA_VIEW_TEXT, views[i]);
      assert_monotone(doc, SCHEMA_VIEW_PAYLOAD, views[i]);
    }
    document_unref(doc);
  }
  fixture_close(&f);
}

/* What no stage changed comes back as it was. */
static void span_inside_copies_maps_to_itself_and_back(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "first part. MENU second part, long. END");
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, NULL);
  qn_view_room room;
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_view_reserve(f.builder, 64, 4, &room), 0);
  memcpy(room.data, "first part. second part, long.", 30);
  room.derived[0] = 0, room.base[0] = 0, room.kind[0] = QN_RUN_COPY;
  room.derived[1] = 12, room.base[1] = 17, room.kind[1] = QN_RUN_COPY | QN_RUN_BREAK;
  assert_int_equal(builder_view_commit(f.builder, 30, 2), 0);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  for (uint32_t begin = 0; begin <= 30; begin++) {
    for (uint32_t end = begin + 1; end <= 30; end++) {
      qn_span text = map(doc, FIXTURE_CONTENT, SCHEMA_VIEW_TEXT, (qn_span){ begin, end });
      assert_int_equal(text.begin, begin < 12 ? begin : begin + 5);
      assert_int_equal(text.end, end <= 12 ? end : end + 5);
      assert_span_equal(map(doc, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, text), (qn_span){ begin, end });
    }
  }
  assert_span_equal(map(doc, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, (qn_span){ 13, 16 }), (qn_span){ 12, 12 });
  assert_span_equal(map(doc, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, (qn_span){ 36, 39 }), (qn_span){ 30, 30 });
  assert_span_equal(map(doc, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, (qn_span){ 10, 20 }), (qn_span){ 10, 15 });
  document_unref(doc);
  fixture_close(&f);
}

static void breaks_of_random_views_ascend_between_code_points(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  fixture_random random = { 77 };
  uint32_t n_breaks = 0;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    document *doc = random_document(&f, &random, false);
    qn_view view;
    assert_int_equal(document_view_get(doc, FIXTURE_NORMALIZED, &view), 0);
    for (uint32_t i = 0; i < view.n_breaks; i++) {
      assert_true(view.breaks[i] > 0 && view.breaks[i] < view.len && is_border(&view, view.breaks[i]));
      assert_true(i == 0 || view.breaks[i] > view.breaks[i - 1]);
    }
    n_breaks += view.n_breaks;
    document_unref(doc);
  }
  assert_true(n_breaks > ROUNDS);
  fixture_close(&f);
}

/* --- bulk --- */

static int by_begin_then_longest(const void *a, const void *b) {
  const qn_span *x = a;
  const qn_span *y = b;
  if (x->begin != y->begin) {
    return x->begin < y->begin ? -1 : 1;
  }
  return x->end == y->end ? 0 : x->end > y->end ? -1 : 1;
}

static bool in_order(const uint32_t *begin, const uint32_t *end, uint32_t i) {
  return begin[i - 1] < begin[i] || (begin[i - 1] == begin[i] && (end[i - 1] >= end[i] || end[i - 1] == begin[i - 1]));
}

/* Runs with copies, units, insertions and cuts; returns the derived length. */
static uint32_t random_runs(fixture_random *random, run_list *list, uint32_t base_len) {
  uint32_t derived = 0;
  uint32_t base = 0;
  list->n = 0;
  while (base < base_len) {
    uint32_t len = 1 + fixture_next(random, 6);
    len = len < base_len - base ? len : base_len - base;
    switch (fixture_next(random, 4)) {
    case 0:
      assert_int_equal(run_list_push(list, derived, base, base + len, true), 0);
      derived += len;
      base += len;
      break;
    case 1:
      assert_int_equal(run_list_push(list, derived, base, base + len, false), 0);
      derived += 1 + fixture_next(random, 4);
      base += len;
      break;
    case 2:
      assert_int_equal(run_list_push(list, derived, base, base, false), 0);
      derived += 2;
      break;
    default:
      base += len;
      break;
    }
  }
  assert_int_equal(run_list_finish(list, derived, base_len), 0);
  return derived;
}

static void rows_mapped_in_bulk_equal_single_spans_and_stay_sorted(void **state) {
  (void)state;
  enum { N = 120, LEN = 150 };
  fixture_random random = { 5 };
  run_list list = { 0 };
  for (uint32_t round = 0; round < 2000; round++) {
    uint32_t derived_len = random_runs(&random, &list, LEN);
    alignment runs = { list.runs, list.n, 0 };
    alignment_way way = round % 2 == 0 ? ALIGNMENT_TO_BASE : ALIGNMENT_TO_DERIVED;
    uint32_t limit = way == ALIGNMENT_TO_BASE ? derived_len : LEN;
    qn_span spans[N];
    uint32_t begin[N], end[N], to_begin[N], to_end[N];
    for (uint32_t i = 0; i < N; i++) {
      spans[i].begin = fixture_next(&random, limit + 1);
      uint32_t reach = fixture_next(&random, 8) == 0 ? limit : 9;
      spans[i].end = spans[i].begin + fixture_next(&random, reach + 1);
      spans[i].end = spans[i].end < limit ? spans[i].end : limit;
    }
    qsort(spans, N, sizeof *spans, by_begin_then_longest);
    for (uint32_t i = 0; i < N; i++) {
      begin[i] = spans[i].begin;
      end[i] = spans[i].end;
    }
    alignment_map_rows(&runs, way, N, begin, end, to_begin, to_end);
    for (uint32_t i = 0; i < N; i++) {
      qn_span single = alignment_map(&runs, way, spans[i]);
      assert_int_equal(to_begin[i], single.begin);
      assert_true(to_end[i] >= single.end);
      assert_true(i == 0 || in_order(to_begin, to_end, i));
      bool shares_begin = i + 1 < N && to_begin[i + 1] == to_begin[i] && begin[i + 1] != begin[i];
      assert_true(to_end[i] == single.end || shares_begin || (i + 1 < N && to_end[i] == to_end[i + 1]));
    }
  }
  run_list_done(&list);
}

/* --- composition --- */

/* Where the bytes of a span come from, byte by byte in two steps; empty if they were all put in. */
static qn_span two_steps(const alignment *upper, const alignment *lower, qn_span span) {
  qn_span covered = { 0, 0 };
  for (uint32_t at = span.begin; at < span.end; at++) {
    qn_span middle = alignment_map(upper, ALIGNMENT_TO_BASE, (qn_span){ at, at + 1 });
    qn_span base = alignment_map(lower, ALIGNMENT_TO_BASE, middle);
    if (base.end > base.begin) {
      covered.begin = covered.end == 0 ? base.begin : covered.begin;
      covered.end = base.end;
    }
  }
  return covered;
}

static void composition_covers_what_two_steps_cover(void **state) {
  (void)state;
  enum { LEN = 100 };
  fixture_random random = { 9 };
  run_list lower = { 0 };
  run_list upper = { 0 };
  run_list both = { 0 };
  for (uint32_t round = 0; round < 1000; round++) {
    uint32_t middle_len = random_runs(&random, &lower, LEN);
    uint32_t top_len = random_runs(&random, &upper, middle_len);
    alignment low = { lower.runs, lower.n, 0 };
    alignment up = { upper.runs, upper.n, 0 };
    assert_int_equal(run_list_compose(&both, &upper, &low, LEN), 0);
    alignment composed = { both.runs, both.n, 0 };
    for (uint32_t begin = 0; begin < top_len; begin++) {
      for (uint32_t end = begin + 1; end <= top_len && end < begin + 10; end++) {
        qn_span one = alignment_map(&composed, ALIGNMENT_TO_BASE, (qn_span){ begin, end });
        qn_span two = two_steps(&up, &low, (qn_span){ begin, end });
        assert_true(one.begin <= one.end && one.end <= LEN);
        assert_true(two.end == 0 || (one.begin <= two.begin && one.end >= two.end));
        qn_span back = alignment_map(&composed, ALIGNMENT_TO_DERIVED, one);
        assert_span_equal(alignment_map(&composed, ALIGNMENT_TO_BASE, back), one);
      }
    }
  }
  run_list_done(&lower);
  run_list_done(&upper);
  run_list_done(&both);
}

/* --- what is refused --- */

typedef struct bad_view {
  const char *data;
  uint32_t n_runs;
  uint32_t derived[3];
  uint32_t base[3];
  uint8_t kind[3];
  const char *message; /* what the error must speak of */
} bad_view;

/* The text is "abم cd": bytes 0 to 7, with a code point of two at 2. */
static const bad_view bad_views[] = {
  { "ab", 0, { 0 }, { 0 }, { 0 }, "no run" },
  { "ab", 1, { 1 }, { 0 }, { QN_RUN_COPY }, "begin at derived offset 0" },
  { "ab", 1, { 0 }, { 0 }, { 8 }, "QN_RUN_COPY or QN_RUN_REPLACE" },
  { "ab", 2, { 0, 1 }, { 4, 0 }, { QN_RUN_COPY, QN_RUN_COPY }, "ascend" },
  { "ab", 2, { 0, 9 }, { 0, 4 }, { QN_RUN_COPY, QN_RUN_COPY }, "ascend" },
  { "ab", 1, { 0 }, { 8 }, { QN_RUN_REPLACE }, "ascend" },
  { "xb", 1, { 0 }, { 0 }, { QN_RUN_COPY }, "differs from its base" },
  { "abc", 2, { 0, 3 }, { 0, 2 }, { QN_RUN_COPY, QN_RUN_REPLACE }, "longer than its base" },
  { "\xD9\x85", 2, { 0, 1 }, { 2, 4 }, { QN_RUN_REPLACE, QN_RUN_REPLACE }, "code point of the derived" },
  { "x", 1, { 0 }, { 3 }, { QN_RUN_REPLACE }, "code point of the base" },
  { "\x85", 1, { 0 }, { 0 }, { QN_RUN_REPLACE }, "not UTF-8" },
  { "a\xD9", 1, { 0 }, { 0 }, { QN_RUN_REPLACE }, "not UTF-8" },
};

static void view_that_breaks_a_rule_is_refused_with_the_rule(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "ab\xD9\x85 cd");
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, NULL);
  for (size_t i = 0; i < sizeof bad_views / sizeof *bad_views; i++) {
    const bad_view *bad = &bad_views[i];
    qn_view_room room;
    qn_error error = { 0 };
    builder_begin(f.builder, doc, &layout);
    assert_int_equal(builder_view_reserve(f.builder, 16, 3, &room), 0);
    memcpy(room.data, bad->data, strlen(bad->data));
    for (uint32_t k = 0; k < bad->n_runs; k++) {
      room.derived[k] = bad->derived[k];
      room.base[k] = bad->base[k];
      room.kind[k] = bad->kind[k];
    }
    assert_int_equal(builder_view_commit(f.builder, (uint32_t)strlen(bad->data), bad->n_runs), 0);
    assert_int_equal(builder_seal(f.builder, &error), -EINVAL);
    if (strstr(error.message, bad->message) == NULL || strstr(error.message, "content") == NULL) {
      fail_msg("row %zu: \"%s\" does not speak of \"%s\"", i, error.message, bad->message);
    }
    qn_view view;
    assert_int_equal(document_view_get(doc, FIXTURE_CONTENT, &view), -ENOENT);
  }
  document_unref(doc);
  fixture_close(&f);
}

static void alias_of_a_payload_is_checked_for_utf8(void **state) {
  (void)state;
  static const struct {
    const char *payload;
    size_t len;
    qn_span piece;
    int result;
  } rows[] = {
    { "abc", 3, { 0, 3 }, 0 },
    { "", 0, { 0, 0 }, 0 },
    { "\xEF\xBB\xBF"
      "abc",
      6,
      { 3, 6 },
      0 },
    { "abc\xFF", 4, { 0, 3 }, 0 },
    { "abc\x85", 4, { 0, 3 }, 0 },
    { "abc\xFF", 4, { 0, 4 }, -EINVAL },
    { "a\0c", 3, { 0, 3 }, -EINVAL },
    { "\xD9\x85", 2, { 0, 1 }, -EINVAL },
    { "\xED\xA0\x80", 3, { 0, 3 }, -EINVAL },
  };
  fixture f;
  fixture_open(&f);
  stage_layout decode = fixture_layout(&f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, "token/1");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    document *doc = fixture_document(&f, rows[i].payload, rows[i].len);
    builder_begin(f.builder, doc, &decode);
    assert_int_equal(builder_view_alias(f.builder, rows[i].piece), 0);
    assert_int_equal(builder_seal(f.builder, NULL), rows[i].result);
    if (rows[i].result == 0) {
      uint32_t len = rows[i].piece.end - rows[i].piece.begin;
      assert_span_equal(map(doc, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_PAYLOAD, (qn_span){ 0, len }), rows[i].piece);
    }
    document_unref(doc);
  }
  fixture_close(&f);
}

/* Pieces of pieces share one memory, whatever follows them there, and keep the breaks inside. */
static void piece_of_a_view_shares_its_bytes_and_breaks(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_document(&f, "abc def\x85", 8); /* what follows the text is no code point */
  stage_layout decode = fixture_layout(&f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, NULL);
  builder_begin(f.builder, doc, &decode);
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 0, 7 }), 0);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  stage_layout first = fixture_layout(&f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, NULL);
  qn_view_room room;
  builder_begin(f.builder, doc, &first);
  assert_int_equal(builder_view_reserve(f.builder, 8, 2, &room), 0);
  memcpy(room.data, "abdef", 5);
  room.derived[0] = 0, room.base[0] = 0, room.kind[0] = QN_RUN_COPY;
  room.derived[1] = 2, room.base[1] = 4, room.kind[1] = QN_RUN_COPY | QN_RUN_BREAK;
  assert_int_equal(builder_view_commit(f.builder, 5, 2), 0);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  stage_layout second = fixture_layout(&f, FIXTURE_CONTENT, FIXTURE_NORMALIZED, "sentence/1");
  qn_rows rows;
  builder_begin(f.builder, doc, &second);
  assert_int_equal(builder_view_alias(f.builder, (qn_span){ 1, 5 }), 0);
  assert_int_equal(builder_layer_reserve(f.builder, 0, 1, 0, &rows), 0);
  rows.begin[0] = 2;
  rows.end[0] = 5;
  *(uint32_t *)rows.columns[0] = 0;
  assert_int_equal(builder_layer_commit(f.builder, 0, 1, 0), 0);
  assert_int_equal(builder_seal(f.builder, NULL), 0);
  qn_view content, piece;
  qn_layer layer;
  assert_int_equal(document_view_get(doc, FIXTURE_CONTENT, &content), 0);
  assert_int_equal(document_view_get(doc, FIXTURE_NORMALIZED, &piece), 0);
  assert_ptr_equal(piece.data, content.data + 1);
  assert_int_equal(piece.len, 4);
  assert_int_equal(piece.n_breaks, 1);
  assert_int_equal(piece.breaks[0], 1);
  assert_int_equal(document_layer_get(doc, fixture_slot(&f, "sentence/1"), SCHEMA_VIEW_TEXT, &layer), 0);
  assert_int_equal(layer.begin[0], 4);
  assert_int_equal(layer.end[0], 7); /* at the end of the text, whatever the payload has there */
  assert_int_equal(document_layer_get(doc, fixture_slot(&f, "sentence/1"), FIXTURE_NORMALIZED, &layer), 0);
  assert_int_equal(layer.begin[0], 1);
  assert_int_equal(layer.end[0], 4);
  document_unref(doc);
  fixture_close(&f);
}

static void view_not_built_is_an_error_at_ok(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, "text");
  stage_layout layout = fixture_layout(&f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, NULL);
  qn_error error = { 0 };
  builder_begin(f.builder, doc, &layout);
  assert_int_equal(builder_seal(f.builder, &error), -EINVAL);
  assert_non_null(strstr(error.message, "view \"content\" was not built"));
  document_unref(doc);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(views_at_random_keep_the_laws_of_mapping),
    cmocka_unit_test(span_inside_copies_maps_to_itself_and_back),
    cmocka_unit_test(breaks_of_random_views_ascend_between_code_points),
    cmocka_unit_test(rows_mapped_in_bulk_equal_single_spans_and_stay_sorted),
    cmocka_unit_test(composition_covers_what_two_steps_cover),
    cmocka_unit_test(view_that_breaks_a_rule_is_refused_with_the_rule),
    cmocka_unit_test(alias_of_a_payload_is_checked_for_utf8),
    cmocka_unit_test(piece_of_a_view_shares_its_bytes_and_breaks),
    cmocka_unit_test(view_not_built_is_an_error_at_ok),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
