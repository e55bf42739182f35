/* SPDX-License-Identifier: Apache-2.0 */

/* Documents out of blocks: what a source's configuration promises is there, and nothing else is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "document/block.h"
#include "plugin/carry.h"
#include "qanat/stage.h" /* before cmocka.h, which has a macro of the name of a member in there */

#include <cmocka.h>

#include "document_fixture.h"

static const char text[] = "one two three";

/* A document with a text, a layer of three rows, a field and a field that is a span. */
static void *block_new(fixture *f, size_t *ret_len) {
  document *doc = fixture_text(f, text);
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  qn_rows rows;
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_layer_reserve(f->builder, 0, 3, 0, &rows), 0);
  for (uint32_t i = 0; i < 3; i++) {
    rows.begin[i] = i;
    rows.end[i] = i + 1;
    ((uint32_t *)rows.columns[0])[i] = 0;
    ((uint32_t *)rows.columns[1])[i] = 1;
    ((qn_heap_str *)rows.columns[2])[i] = (qn_heap_str){ QN_NO_ROW, 0 };
  }
  assert_int_equal(builder_layer_commit(f->builder, 0, 3, 0), 0);
  qn_error error = { 0 };
  assert_int_equal(builder_seal(f->builder, &error), 0);
  const qn_value plain = { .type = QN_VALUE_STR, .as.str = QN_LIT("here") };
  const qn_value title = { .type = QN_VALUE_SPAN, .as.span = { 4, 7 } };
  assert_int_equal(document_field_set(doc, QN_LIT("place"), &plain), 0);
  assert_int_equal(document_field_set(doc, QN_LIT("title"), &title), 0);
  void *block = fixture_block(doc, ret_len);
  document_unref(doc);
  return block;
}

static carry_promise promise_of(const fixture *f, bool has_text, const char *layer) {
  carry_promise promise = { .set = f->set, .views = has_text ? 1u << SCHEMA_VIEW_TEXT : 0 };
  if (layer != NULL) {
    promise.layers = UINT64_C(1) << fixture_slot(f, layer);
  }
  return promise;
}

static void what_is_promised_is_there(void **state) {
  static const struct {
    bool has_text;
    const char *layer;
  } cases[] = { { true, "token/1" }, { true, NULL }, { false, NULL } };
  fixture own, *f = &own;
  (void)state;
  fixture_open(f);
  size_t len;
  void *block = block_new(f, &len);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    carry_promise promise = promise_of(f, cases[i].has_text, cases[i].layer);
    qn_error error = { 0 };
    document *made = NULL;
    qn_view view;
    qn_layer layer;
    qn_value value;
    assert_int_equal(carry_read(f->pool, &promise, block, len, &made, &error), 0);
    assert_int_equal(document_view_get(made, SCHEMA_VIEW_PAYLOAD, &view), 0);
    assert_int_equal(document_view_get(made, SCHEMA_VIEW_TEXT, &view), cases[i].has_text ? 0 : -ENOENT);
    int rc = document_layer_get(made, fixture_slot(f, "token/1"), SCHEMA_VIEW_TEXT, &layer);
    assert_int_equal(rc, cases[i].layer != NULL ? 0 : -ENOENT);
    assert_int_equal(document_field_get(made, QN_LIT("place"), &value), 0);
    /* A span means nothing without the text. */
    assert_int_equal(document_field_get(made, QN_LIT("title"), &value), cases[i].has_text ? 0 : -ENOENT);
    document_unref(made);
  }
  free(block);
  fixture_close(f);
}

static void what_is_promised_and_missing_is_told(void **state) {
  fixture own, *f = &own;
  (void)state;
  fixture_open(f);
  size_t len;
  document *bare = fixture_text(f, text);
  void *block = fixture_block(bare, &len);
  document_unref(bare);
  carry_promise promise = promise_of(f, true, "token/1");
  qn_error error = { 0 };
  document *made = NULL;
  assert_int_equal(carry_read(f->pool, &promise, block, len, &made, &error), -EBADMSG);
  assert_non_null(strstr(error.message, "token/1"));
  assert_null(made);
  free(block);
  fixture_close(f);
}

static void what_is_no_block_is_told(void **state) {
  fixture own, *f = &own;
  (void)state;
  fixture_open(f);
  size_t len;
  unsigned char *block = block_new(f, &len);
  carry_promise promise = promise_of(f, true, "token/1");
  for (size_t cut = 0; cut < len; cut += 8) { /* every length, and every word changed */
    qn_error error = { 0 };
    document *made = NULL;
    assert_int_equal(carry_read(f->pool, &promise, block, cut, &made, &error), -EBADMSG);
    block[cut] ^= 0x55;
    assert_int_equal(carry_read(f->pool, &promise, block, len, &made, &error), -EBADMSG);
    block[cut] ^= 0x55;
    assert_true(strlen(error.message) > 0);
  }
  free(block);
  fixture_close(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_promised_is_there),
    cmocka_unit_test(what_is_promised_and_missing_is_told),
    cmocka_unit_test(what_is_no_block_is_told),
  };
  return cmocka_run_group_tests_name("carry", tests, NULL, NULL);
}
