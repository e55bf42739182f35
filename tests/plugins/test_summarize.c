/* SPDX-License-Identifier: Apache-2.0 */

/* summarize: budgets, order, what is never taken, long documents, the laws. */
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
  "\"entities\"},"                                                                                                     \
  "{\"use\":\"quotes\"},"

static const char article[] =
    "أعلنت بلدية الوادي بناء محطة لتنقية المياه بكلفة 40 مليون دولار تخدم 120 ألف نسمة قبل نهاية العام المقبل.\n"
    "هل تكفي المحطة؟ وتقع المحطة على بعد عشرة كيلومترات من المدينة قرب الطريق الساحلي القديم.\n"
    "وقال المدير سامي حداد: «نحن سعداء جدا بهذا العمل الكبير الذي انتظرناه طويلا». نعم.\n"
    "وسيمول   البنك الدولي 60 بالمئة من المشروع، وتدفع الحكومة الباقي على ثلاث سنوات تبدأ في يناير 2027.\n"
    "وأعلنت بلدية الوادي بناء محطة لتنقية المياه بكلفة 40 مليون دولار تخدم 120 ألف نسمة قبل نهاية العام المقبل.\n"
    "أما سكان الحي فيشكون من الغبار والضجيج الذي يرافق أعمال الحفر منذ شهرين في الشارع الرئيسي.\n";

static document *summary_of(harness *h, const char *text, qn_layer *ret_summary) {
  document *doc = harness_push_text(h, text);
  assert_non_null(doc);
  *ret_summary = harness_layer(h, doc, "summary/1");
  return doc;
}

static int holds(const qn_layer *summary, const char *words) {
  for (uint32_t i = 0; i < summary->n_rows; i++) {
    qn_str text = qn_layer_str(summary, QN_SUMMARY_TEXT, i);
    if (memmem(text.data, text.len, words, strlen(words)) != NULL) {
      return 1;
    }
  }
  return 0;
}

static void summarize_news_first_and_no_repeats(void **state) {
  (void)state;
  qn_layer summary;
  harness *h = harness_new(BEFORE "{\"use\":\"summarize\"}]");
  document *doc = summary_of(h, article, &summary);
  assert_int_equal(summary.n_rows, 3);
  assert_int_equal(qn_layer_u32(&summary, QN_SUMMARY_SENTENCE, 0), 0);
  assert_true(holds(&summary, "وسيمول البنك الدولي")); /* figures, and the spaces tidied */
  assert_false(holds(&summary, "وأعلنت بلدية"));
  assert_false(holds(&summary, "هل تكفي"));
  for (uint32_t i = 0; i < summary.n_rows; i++) {
    double score = qn_layer_f64(&summary, QN_SUMMARY_SCORE, i);
    assert_true(score >= 0 && score <= 1);
    assert_true(i == 0 || summary.begin[i - 1] < summary.begin[i]);
  }
  document_unref(doc);
  harness_free(h);
}

typedef struct budget_row {
  const char *config;
  uint32_t n_rows;
} budget_row;

static void summarize_budgets_are_kept(void **state) {
  (void)state;
  static const budget_row rows[] = {
    { "{\"sentences\":1}", 1 }, { "{\"sentences\":2}", 2 }, { "{\"sentences\":5,\"words\":22}", 1 },
    { "{\"words\":1}", 1 }, /* the best is taken even if it is longer */
    { "{\"ratio\":0.3}", 2 },   { "{\"ratio\":0}", 1 },
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char stages[1024];
    qn_layer summary;
    snprintf(stages, sizeof(stages), BEFORE "{\"use\":\"summarize\",\"with\":%s}]", rows[i].config);
    harness *h = harness_new(stages);
    document *doc = summary_of(h, article, &summary);
    assert_int_equal(summary.n_rows, rows[i].n_rows);
    document_unref(doc);
    harness_free(h);
  }
}

static void summarize_nothing_fit_nothing_said(void **state) {
  (void)state;
  static const char *const texts[] = { "", "\n\n", "هل من جواب؟", "...", "ما الخبر؟ متى؟" };
  harness *h = harness_new(BEFORE "{\"use\":\"summarize\"}]");
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    qn_layer summary;
    document *doc = summary_of(h, texts[i], &summary);
    assert_int_equal(summary.n_rows, 0);
    document_unref(doc);
  }
  harness_free(h);
}

/* A hundred thousand sentences: only a choice of them is compared with each other. */
static void summarize_long_document_is_no_trouble(void **state) {
  (void)state;
  enum { SENTENCES = 100000 };
  char *text = malloc(SENTENCES * 64);
  assert_non_null(text);
  size_t len = 0;
  for (size_t i = 0; i < SENTENCES; i++) {
    len += (size_t)snprintf(text + len, 64, "Report %zu says that %zu tons were sold.\n", i, i * 7 % 1000);
  }
  harness *h = harness_new("[{\"use\":\"decode\"},{\"use\":\"sentences\"},{\"use\":\"tokenize\"},"
                           "{\"use\":\"summarize\",\"with\":{\"sentences\":100}}]");
  document *doc = harness_push(h, text, len);
  assert_non_null(doc);
  assert_int_equal(harness_layer(h, doc, "summary/1").n_rows, 100);
  document_unref(doc);
  free(text);
  harness_free(h);
}

static void summarize_laws_hold(void **state) {
  (void)state;
  const char *texts[] = { article, "جملة واحدة قصيرة.", "عنوان بلا نقطة" };
  harness *h = harness_new(BEFORE "{\"use\":\"summarize\"}]");
  harness_check_laws(h, texts, 3);
  harness_free(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(summarize_news_first_and_no_repeats),
    cmocka_unit_test(summarize_budgets_are_kept),
    cmocka_unit_test(summarize_nothing_fit_nothing_said),
    cmocka_unit_test(summarize_long_document_is_no_trouble),
    cmocka_unit_test(summarize_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
