/* SPDX-License-Identifier: Apache-2.0 */

/* keyphrases: what repeats and what is named comes out, in one form, no more than asked for; the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "qanat/layers.h"

#include <cmocka.h>

#define BEFORE                                                                                                         \
  "[{\"use\":\"decode\"},{\"use\":\"normalize\"},{\"use\":\"sentences\"},{\"use\":\"tokenize\"},{\"use\":"             \
  "\"entities\"},"

static const char article[] =
    "افتتحت البلدية محطة الطاقة الشمسية في الوادي. وتنتج محطة الطاقة الشمسية كهرباء للقرى البعيدة.\n"
    "وقال المدير إن الطاقة الشمسية أرخص من الديزل. وزارت Nvidia الموقع، ثم أعلنت إنفيديا دعم المشروع.\n"
    "وللطاقة الشمسية أنصار كثيرون بين السكان، والألواح تحتاج إلى تنظيف كل أسبوع.\n";

static int has_phrase(const qn_layer *phrases, const char *text) {
  for (uint32_t i = 0; i < phrases->n_rows; i++) {
    qn_str found = qn_layer_str(phrases, QN_KEYPHRASE_TEXT, i);
    if (found.len == strlen(text) && memcmp(found.data, text, found.len) == 0) {
      return 1;
    }
  }
  return 0;
}

static void keyphrases_repeated_phrase_found_once(void **state) {
  (void)state;
  harness *h = harness_new(BEFORE "{\"use\":\"keyphrases\"}]");
  document *doc = harness_push_text(h, article);
  assert_non_null(doc);
  qn_layer phrases = harness_layer(h, doc, "keyphrase/1");
  assert_true(phrases.n_rows > 1 && phrases.n_rows <= 10);
  assert_true(has_phrase(&phrases, "محطة الطاقة الشمسية") || has_phrase(&phrases, "الطاقة الشمسية"));
  assert_false(has_phrase(&phrases, "محطة الطاقة الشمسية") && has_phrase(&phrases, "الطاقة الشمسية"));
  document_unref(doc);
  harness_free(h);
}

/* Both spellings of a name have one link, and so make one phrase. */
static void keyphrases_spellings_of_a_name_are_one(void **state) {
  (void)state;
  harness *h = harness_new(BEFORE "{\"use\":\"keyphrases\",\"with\":{\"phrases\":50}}]");
  document *doc = harness_push_text(h, article);
  assert_non_null(doc);
  qn_layer phrases = harness_layer(h, doc, "keyphrase/1");
  assert_int_equal(has_phrase(&phrases, "Nvidia") + has_phrase(&phrases, "إنفيديا"), 1);
  document_unref(doc);
  harness_free(h);
}

static void keyphrases_limits_are_kept(void **state) {
  (void)state;
  harness *h = harness_new(BEFORE "{\"use\":\"keyphrases\",\"with\":{\"phrases\":2,\"min_score\":0.3}}]");
  document *doc = harness_push_text(h, article);
  assert_non_null(doc);
  qn_layer phrases = harness_layer(h, doc, "keyphrase/1");
  assert_true(phrases.n_rows >= 1 && phrases.n_rows <= 2);
  for (uint32_t i = 0; i < phrases.n_rows; i++) {
    double score = qn_layer_f64(&phrases, QN_KEYPHRASE_SCORE, i);
    assert_true(score >= 0.3 && score <= 1);
    assert_true(i == 0 || phrases.begin[i - 1] <= phrases.begin[i]);
  }
  document_unref(doc);
  harness_free(h);
}

static void keyphrases_title_lifts_its_words(void **state) {
  (void)state;
  static const char text[] = "زار الوفد مصنع الزجاج القديم ثم حديقة الورد الأحمر في المدينة.";
  double scores[2] = { 0, 0 };
  for (int i = 0; i < 2; i++) {
    harness *h = harness_new(BEFORE "{\"use\":\"keyphrases\",\"with\":{\"phrases\":50}}]");
    harness_set_field(h, "title", i == 0 ? "سوق الذهب" : "حديقة الورد");
    document *doc = harness_push_text(h, text);
    assert_non_null(doc);
    qn_layer phrases = harness_layer(h, doc, "keyphrase/1");
    for (uint32_t row = 0; row < phrases.n_rows; row++) {
      qn_str found = qn_layer_str(&phrases, QN_KEYPHRASE_TEXT, row);
      if (found.len > 10 && memcmp(found.data, "حديقة", 10) == 0) {
        scores[i] = qn_layer_f64(&phrases, QN_KEYPHRASE_SCORE, row);
      }
    }
    document_unref(doc);
    harness_free(h);
  }
  assert_true(scores[0] > 0 && scores[1] > scores[0]);
}

static void keyphrases_laws_hold(void **state) {
  (void)state;
  const char *texts[] = { article, "", "كلمة", "one two three four five. one two three four five." };
  harness *h = harness_new(BEFORE "{\"use\":\"keyphrases\"}]");
  harness_check_laws(h, texts, 4);
  harness_free(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(keyphrases_repeated_phrase_found_once),
    cmocka_unit_test(keyphrases_spellings_of_a_name_are_one),
    cmocka_unit_test(keyphrases_limits_are_kept),
    cmocka_unit_test(keyphrases_title_lifts_its_words),
    cmocka_unit_test(keyphrases_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
