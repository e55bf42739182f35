/* SPDX-License-Identifier: Apache-2.0 */

/* Parts: what a stage did elsewhere goes into the document as if it had been done there, and nothing else does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "document/block.h"
#include "document/block_format.h"
#include "document/block_part.h"
#include "qanat/stage.h" /* before cmocka.h, which has a macro of the name of a member in there */

#include <cmocka.h>

#include "document_fixture.h"

enum { PART_MAX = 4096 };

static const char text[] = "one two three";

static const char *const written[] = { "mood", "old" };

/* Reads the text, provides a layer and writes two fields. */
static stage_layout worker_layout(const fixture *f) {
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  layout.may_set_any_field = 0;
  layout.n_fields_written = 2;
  layout.fields_written = written;
  return layout;
}

static document *begin(fixture *f) {
  document *doc = fixture_text(f, text);
  qn_value value = { .type = QN_VALUE_STR, .as = { .str = QN_LIT("before") } };
  assert_int_equal(document_field_set(doc, QN_LIT("kept"), &value), 0);
  assert_int_equal(document_field_set(doc, QN_LIT("old"), &value), 0);
  return doc;
}

static void work(fixture *f, document *doc, uint32_t n_rows) {
  stage_layout layout = worker_layout(f);
  qn_rows rows;
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_layer_reserve(f->builder, 0, n_rows, 0, &rows), 0);
  for (uint32_t i = 0; i < n_rows; i++) {
    rows.begin[i] = i;
    rows.end[i] = i + 1;
    ((uint32_t *)rows.columns[0])[i] = 0;
    ((uint32_t *)rows.columns[1])[i] = 1;
    ((qn_heap_str *)rows.columns[2])[i] = (qn_heap_str){ QN_NO_ROW, 0 };
  }
  assert_int_equal(builder_layer_commit(f->builder, 0, n_rows, 0), 0);
  qn_value mood = { .type = QN_VALUE_SPAN, .as = { .span = { 4, 7 } } }, none = { .type = QN_VALUE_NONE };
  assert_int_equal(builder_field_set(f->builder, QN_LIT("mood"), &mood), 0);
  assert_int_equal(builder_field_set(f->builder, QN_LIT("old"), &none), 0);
  qn_error error = { 0 };
  assert_int_equal(builder_seal(f->builder, &error), 0);
}

static size_t part_of(fixture *f, document *doc, unsigned char *ret_part) {
  stage_layout layout = worker_layout(f);
  size_t len = 0;
  assert_int_equal(block_part_write(doc, &layout, ret_part, PART_MAX, &len), 0);
  assert_int_equal(len, block_part_size(doc, &layout));
  return len;
}

static void assert_same(const document *a, const document *b) {
  size_t len_a, len_b;
  void *block_a = fixture_block(a, &len_a), *block_b = fixture_block(b, &len_b);
  assert_int_equal(len_a, len_b);
  assert_memory_equal(block_a, block_b, len_a);
  free(block_a);
  free(block_b);
}

static void part_put_into_another_makes_it_equal(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *there = begin(&f), *here = begin(&f);
  unsigned char part[PART_MAX];
  stage_layout layout = worker_layout(&f);
  qn_error error = { 0 };
  work(&f, there, 5);
  size_t len = part_of(&f, there, part);
  assert_int_equal(block_part_read(here, &layout, part, len, &error), 0);
  assert_same(there, here);
  assert_int_equal(block_part_read(here, &layout, part, len, &error), -EEXIST);
  assert_same(there, here);
  document_unref(there);
  document_unref(here);
  fixture_close(&f);
}

static void part_with_more_than_declared_is_refused(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *there = begin(&f), *here = begin(&f), *untouched = begin(&f);
  unsigned char part[PART_MAX];
  qn_error error = { 0 };
  work(&f, there, 5);
  size_t len = part_of(&f, there, part);
  stage_layout other = worker_layout(&f);
  other.layer_slot[0] = (uint8_t)fixture_slot(&f, "block/1");
  assert_int_equal(block_part_read(here, &other, part, len, &error), -EBADMSG);
  assert_same(here, untouched);
  other = worker_layout(&f);
  other.n_fields_written = 0;
  assert_int_equal(block_part_read(here, &other, part, len, &error), -EBADMSG);
  assert_non_null(strstr(error.message, "may not write it"));
  assert_same(here, untouched);
  assert_int_equal(block_write(there, part, PART_MAX, &len), 0); /* the whole document, its text and all */
  other = worker_layout(&f);
  assert_int_equal(block_part_read(here, &other, part, len, &error), -EBADMSG);
  assert_same(here, untouched);
  document_unref(there);
  document_unref(here);
  document_unref(untouched);
  fixture_close(&f);
}

/* Spans are held to the text that is here, not to the one the writer had. */
static void part_for_a_longer_text_is_refused(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *there = begin(&f), *here = fixture_text(&f, "one");
  unsigned char part[PART_MAX];
  stage_layout layout = worker_layout(&f);
  qn_error error = { 0 };
  work(&f, there, 5);
  size_t len = part_of(&f, there, part);
  assert_int_equal(block_part_read(here, &layout, part, len, &error), -EBADMSG);
  document_unref(there);
  document_unref(here);
  fixture_close(&f);
}

static void part_changed_anywhere_changes_nothing_or_holds_together(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *there = begin(&f), *untouched = begin(&f);
  unsigned char part[PART_MAX], changed[PART_MAX];
  stage_layout layout = worker_layout(&f);
  work(&f, there, 5);
  size_t len = part_of(&f, there, part);
  uint32_t n_refused = 0;
  for (size_t at = 0; at < len; at++) {
    for (uint32_t bit = 0; bit < 8; bit++) {
      document *here = begin(&f);
      qn_error error = { 0 };
      memcpy(changed, part, len);
      changed[at] ^= (unsigned char)(1u << bit);
      block_head head;
      memcpy(&head, changed, sizeof head);
      head.checksum = block_checksum(changed + offsetof(block_head, len), len - offsetof(block_head, len));
      memcpy(changed, &head, sizeof head);
      if (block_part_read(here, &layout, changed, len, &error) != 0) {
        assert_same(here, untouched);
        assert_string_not_equal(error.message, "");
        n_refused++;
      } else {
        size_t bytes;
        void *block = fixture_block(here, &bytes);
        document *again = NULL;
        assert_int_equal(block_read(f.pool, block, bytes, &again, &error), 0);
        document_unref(again);
        free(block);
      }
      document_unref(here);
    }
  }
  assert_in_range(n_refused, len, 8 * len);
  document_unref(there);
  document_unref(untouched);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(part_put_into_another_makes_it_equal),
    cmocka_unit_test(part_with_more_than_declared_is_refused),
    cmocka_unit_test(part_for_a_longer_text_is_refused),
    cmocka_unit_test(part_changed_anywhere_changes_nothing_or_holds_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
