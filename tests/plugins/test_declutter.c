/* SPDX-License-Identifier: Apache-2.0 */

/* The declutter stage: blocks, content and fields of whole pages; the laws. How lines get their roles is tested in
 * unit/test_roles.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "qanat/layers.h"

#include <cmocka.h>

static const char stages[] = "[{\"use\":\"decode\"},{\"use\":\"declutter\"}]";

#define MENU "الرئيسية | أخبار | اقتصاد | رياضة"
#define TITLE "حديقة جديدة على ضفة النهر تفتح أبوابها"
#define BYLINE "دمشق - منى الحداد - 3 آذار 2026"
#define FIRST "أعلنت بلدية المدينة اليوم افتتاح الحديقة الجديدة على ضفة النهر، بعد أعمال استمرت ثلاث سنوات."
#define SECOND "وقال رئيس البلدية إن الحديقة تضم ألف شجرة وملعبين للأطفال، وإن الدخول إليها سيكون مجانا طوال العام."
#define RIGHTS "جميع الحقوق محفوظة © 2026"

static const char page[] = MENU "\n" TITLE "\n" BYLINE "\n\n" FIRST "\nإعلان\n" SECOND "\n" FIRST "\n" RIGHTS "\n";

static void check_text(qn_view view, const char *expected) {
  assert_int_equal(view.len, strlen(expected));
  assert_memory_equal(view.data, expected, view.len);
}

static void declutter_content_is_the_article(void **state) {
  (void)state;
  harness *harness = harness_new(stages);
  document *document = harness_push_text(harness, page);
  assert_non_null(document);
  qn_view content = harness_view(harness, document, "content");
  check_text(content, TITLE "\n" BYLINE "\n\n" FIRST "\n" SECOND "\n");
  assert_int_equal(content.n_breaks, 1);
  assert_int_equal(content.breaks[0], strlen(TITLE "\n" BYLINE "\n\n" FIRST "\n"));
  document_unref(document);
  harness_free(harness);
}

static void declutter_blocks_cover_every_line(void **state) {
  static const uint32_t roles[] = { QN_BLOCK_ROLE_FURNITURE, QN_BLOCK_ROLE_TITLE,     QN_BLOCK_ROLE_BYLINE,
                                    QN_BLOCK_ROLE_PARAGRAPH, QN_BLOCK_ROLE_FURNITURE, QN_BLOCK_ROLE_PARAGRAPH,
                                    QN_BLOCK_ROLE_DUPLICATE, QN_BLOCK_ROLE_FURNITURE };
  (void)state;
  harness *harness = harness_new(stages);
  document *document = harness_push_text(harness, page);
  assert_non_null(document);
  qn_layer blocks = harness_layer(harness, document, QN_LAYER_BLOCK);
  assert_int_equal(blocks.n_rows, sizeof roles / sizeof roles[0]);
  for (uint32_t i = 0; i < blocks.n_rows; i++) {
    assert_int_equal(qn_layer_u32(&blocks, QN_BLOCK_ROLE, i), roles[i]);
    assert_int_equal(qn_layer_u32(&blocks, QN_BLOCK_OF, i), i == 6 ? 3 : QN_NO_ROW);
  }
  char *title = harness_text_of(document, blocks.begin[1], blocks.end[1]);
  assert_string_equal(title, TITLE);
  free(title);
  document_unref(document);
  harness_free(harness);
}

static void declutter_fields_are_set(void **state) {
  qn_value value;
  (void)state;
  harness *harness = harness_new(stages);
  document *document = harness_push_text(harness, page);
  assert_int_equal(document_field_get(document, QN_LIT("title"), &value), 0);
  assert_int_equal(value.type, QN_VALUE_SPAN);
  assert_int_equal(value.as.span.begin, strlen(MENU "\n"));
  assert_int_equal(value.as.span.end, strlen(MENU "\n" TITLE));
  assert_int_equal(document_field_get(document, QN_LIT("published"), &value), 0);
  assert_memory_equal(value.as.str.data, "2026-03-03", 10);
  assert_int_equal(document_field_get(document, QN_LIT("byline"), &value), 0);
  assert_memory_equal(value.as.str.data, BYLINE, value.as.str.len);
  document_unref(document);
  harness_set_field(harness, "published", "2020-02-02");
  document = harness_push_text(harness, page);
  assert_int_equal(document_field_get(document, QN_LIT("published"), &value), 0);
  assert_memory_equal(value.as.str.data, "2020-02-02", 10);
  document_unref(document);
  harness_free(harness);
}

static void declutter_may_only_mark(void **state) {
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"declutter\",\"with\":{\"cut_furniture\":false,"
                                 "\"cut_duplicates\":false}}]");
  document *document = harness_push_text(harness, page);
  check_text(harness_view(harness, document, "content"), page);
  document_unref(document);
  harness_free(harness);
}

static void declutter_own_phrases_count(void **state) {
  (void)state;
  harness *harness =
      harness_new("[{\"use\":\"decode\"},{\"use\":\"declutter\",\"with\":{\"phrases\":[\"زهرة الياسمين\"]}}]");
  document *document = harness_push_text(harness, TITLE "\n" FIRST "\nمن زهرة الياسمين\n" SECOND "\n");
  check_text(harness_view(harness, document, "content"), TITLE "\n" FIRST "\n" SECOND "\n");
  document_unref(document);
  harness_free(harness);
}

static void declutter_laws_hold(void **state) {
  static const char *const texts[] = { page, "سطر", "one line. Another?", "" };
  (void)state;
  harness *harness = harness_new(stages);
  harness_check_laws(harness, texts, 4);
  harness_free(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(declutter_content_is_the_article), cmocka_unit_test(declutter_blocks_cover_every_line),
    cmocka_unit_test(declutter_fields_are_set),         cmocka_unit_test(declutter_may_only_mark),
    cmocka_unit_test(declutter_own_phrases_count),      cmocka_unit_test(declutter_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
