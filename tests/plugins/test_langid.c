/* SPDX-License-Identifier: Apache-2.0 */

/* langid: the language of plain texts, silence on too little, the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include <cmocka.h>

static const char stages[] = "[{\"use\":\"decode\"},{\"use\":\"langid\"}]";

typedef struct row {
  const char *text;
  const char *language; /* NULL: unset */
} row;

static const row rows[] = {
  { "أعلنت الشركة اليوم أنها ستفتح مصنعا جديدا في شمال البلاد، وقال مديرها إن الإنتاج يبدأ في الربيع.", "ar" },
  { "The company said on Monday that it would open a new factory in the north of the country next spring.", "en" },
  { "Die Firma teilte am Montag mit, dass sie im nächsten Frühjahr eine neue Fabrik im Norden eröffnen werde.", "de" },
  { "شرکت گفت که بهار آینده کارخانه‌ای تازه در شمال کشور باز "
    "می‌کند.",
    "fa" },
  { "", NULL },
  { "12 34 56", NULL },
};

static void langid_text_language(void **state) {
  (void)state;
  harness *harness = harness_new(stages);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    document *document = harness_push_text(harness, rows[i].text);
    assert_non_null(document);
    qn_value value = { 0 };
    int found = document_field_get(document, QN_LIT("language"), &value);
    if (rows[i].language == NULL) {
      assert_int_not_equal(found, 0);
    } else {
      assert_int_equal(found, 0);
      assert_int_equal(value.as.str.len, strlen(rows[i].language));
      assert_memory_equal(value.as.str.data, rows[i].language, value.as.str.len);
    }
    document_unref(document);
  }
  harness_free(harness);
}

static void langid_long_text_samples_whole_code_points(void **state) {
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"langid\",\"with\":{\"sample_bytes\":257}}]");
  size_t len = strlen(rows[0].text);
  char *text = malloc(len * 200);
  assert_non_null(text);
  for (size_t i = 0; i < 200; i++) {
    memcpy(text + i * len, rows[0].text, len);
  }
  document *document = harness_push(harness, text, len * 200);
  assert_non_null(document);
  qn_value value = { 0 };
  assert_int_equal(document_field_get(document, QN_LIT("language"), &value), 0);
  assert_memory_equal(value.as.str.data, "ar", 2);
  document_unref(document);
  free(text);
  harness_free(harness);
}

static void langid_laws_hold(void **state) {
  (void)state;
  const char *texts[] = { rows[0].text, rows[1].text, rows[3].text };
  harness *harness = harness_new(stages);
  harness_check_laws(harness, texts, 3);
  harness_free(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(langid_text_language),
    cmocka_unit_test(langid_long_text_samples_whole_code_points),
    cmocka_unit_test(langid_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
