/* SPDX-License-Identifier: Apache-2.0 */

/* normalize: the view it provides, how spans of it map back, its switches, the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include <cmocka.h>

static void check_view(const char *stages, const char *text, const char *want) {
  harness *harness = harness_new(stages);
  document *document = harness_push_text(harness, text);
  assert_non_null(document);
  qn_view view = harness_view(harness, document, "normalized");
  assert_int_equal(view.len, strlen(want));
  assert_memory_equal(view.data, want, view.len);
  document_unref(document);
  harness_free(harness);
}

static void normalize_text_provides_one_form(void **state) {
  static const struct {
    const char *text;
    const char *want;
  } rows[] = {
    { "قَالَ الرَّئيس : «نعـــم» .", "قال الرئيس: «نعم»." },
    { "نص بلا تغيير.", "نص بلا تغيير." },
    { "من عَمَّان إلى عُمَان وعُمانيّ.", "من عمّان إلى عُمان وعماني." }, /* nothing else tells the two apart */
    { "بعمّانَ، عمّ أنور", "بعمّان، عم أنور" },
    { "ﻻ\u00A0شيء", "لا شيء" },
    { "\u200F", "" },
    { "", "" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    check_view("[{\"use\":\"decode\"},{\"use\":\"normalize\"}]", rows[i].text, rows[i].want);
  }
}

static void normalize_switch_off_keeps_characters(void **state) {
  static const struct {
    const char *stages;
    const char *want;
  } rows[] = {
    { "[{\"use\":\"decode\"},{\"use\":\"normalize\",\"with\":{\"diacritics\":false}}]", "مَن، ا" },
    { "[{\"use\":\"decode\"},{\"use\":\"normalize\",\"with\":{\"tatweel\":false}}]", "مــن، ا" },
    { "[{\"use\":\"decode\"},{\"use\":\"normalize\",\"with\":{\"punctuation\":false}}]", "من ، ا" },
    { "[{\"use\":\"decode\"},{\"use\":\"normalize\",\"with\":{\"spaces\":false}}]", "من،  ا" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    check_view(rows[i].stages, "مَــن ،  ا", rows[i].want);
  }
}

/* What later stages find in the view has its place in the text. */
static void normalize_spans_map_back_to_the_text(void **state) {
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"normalize\"},{\"use\":\"tokenize\"}]");
  document *document = harness_push_text(harness, "قَالَ  : ﻻ\u200F بـــأس");
  assert_non_null(document);
  static const char *const want[] = { "قَالَ", ":", "ﻻ", "بـــأس" };
  qn_layer tokens = harness_layer(harness, document, "token/1");
  assert_int_equal(tokens.n_rows, 4);
  for (uint32_t i = 0; i < tokens.n_rows; i++) {
    char *text = harness_text_of(document, tokens.begin[i], tokens.end[i]);
    assert_string_equal(text, want[i]);
    free(text);
  }
  document_unref(document);
  harness_free(harness);
}

static void normalize_any_text_keeps_the_laws(void **state) {
  static const char *const texts[] = {
    "قَالَ ـ الرَّئيس ، «نعم»  .\r\n\tﷲ ﻻ\u0654 e\u0301 5 % ؟ !",
    "\u200F\u200F",
    "नमस्ते 東京 한국 ไทย Ελλάδα",
  };
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"normalize\"}]");
  harness_check_laws(harness, texts, sizeof texts / sizeof texts[0]);
  harness_free(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(normalize_text_provides_one_form),
    cmocka_unit_test(normalize_switch_off_keeps_characters),
    cmocka_unit_test(normalize_spans_map_back_to_the_text),
    cmocka_unit_test(normalize_any_text_keeps_the_laws),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
