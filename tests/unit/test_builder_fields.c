/* SPDX-License-Identifier: Apache-2.0 */

/* Builders and fields: who sees them and when, how many there may be, who may write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "builder_world.h"

#include <cmocka.h>

/* --- fields --- */

static void fields_are_seen_by_their_stage_at_once_and_by_others_after_the_seal(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = fixture_text(&f, example_text);
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
  document *doc = fixture_text(&f, example_text);
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
  document *doc = fixture_text(&f, example_text);
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
  document *doc = fixture_text(&f, example_text);
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

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(fields_are_seen_by_their_stage_at_once_and_by_others_after_the_seal),
    cmocka_unit_test(fields_beyond_their_bounds_are_refused),
    cmocka_unit_test(field_is_written_only_if_declared_and_read_in_the_stages_view),
    cmocka_unit_test(field_set_for_ever_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
