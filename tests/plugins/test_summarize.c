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
  assert_true(holds(&summary, "سامي حداد"));
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

typedef struct voice_row {
  const char *config;
  const char *text;
  uint32_t n_rows;
  int has_voice;
} voice_row;

#define TWO_FACTS                                                                                                                                                                                \
  "أعلنت بلدية الوادي بناء محطة لتنقية المياه بكلفة 40 مليون دولار تخدم 120 ألف نسمة قبل نهاية العام المقبل.\n" \
  "وسيمول البنك الدولي 60 بالمئة من المشروع، وتدفع الحكومة الباقي على ثلاث سنوات تبدأ في يناير 2027.\n"
#define VOICE                                                                                                          \
  "وقال المدير سامي حداد: «نحن سعداء جدا بهذا العمل الكبير الذي انتظرناه، وسيغير حياة الناس في بلدية الوادي».\n"
#define WEAK_FACT "وتقع المحطة على بعد عشرة كيلومترات من المدينة.\n"
#define STRONG_FACT                                                                                                    \
  "وتبلغ طاقة محطة تنقية المياه في الوادي 30 ألف متر في اليوم، وسترتفع بكلفة 12 مليون دولار بنسبة 45 بالمئة.\n"

/* Whether the words of VOICE are in the summary that a stage of this configuration makes of a text. */
static void voice_check(const voice_row *row, const char *text) {
  char stages[1024];
  qn_layer summary;
  snprintf(stages, sizeof(stages), BEFORE "{\"use\":\"summarize\",\"with\":%s}]", row->config);
  harness *h = harness_new(stages);
  document *doc = summary_of(h, text, &summary);
  assert_int_equal(summary.n_rows, row->n_rows);
  assert_int_equal(holds(&summary, "سامي حداد"), row->has_voice);
  document_unref(doc);
  harness_free(h);
}

/* For the third somebody's words weigh more: not more than a strong fact, nor for a composer who wants none, nor among
 * two. */
static void summarize_third_may_be_a_voice(void **state) {
  (void)state;
  static const voice_row rows[] = {
    { "{}", TWO_FACTS VOICE WEAK_FACT, 3, 1 },
    { "{\"voice\":true,\"sentences\":3}", TWO_FACTS WEAK_FACT VOICE WEAK_FACT, 3, 1 },
    { "{}", TWO_FACTS STRONG_FACT VOICE WEAK_FACT, 3, 0 },
    { "{\"voice\":false}", TWO_FACTS "ويقول السكان إن المحطة تخدم 20 قرية في الوادي.\n" WEAK_FACT VOICE WEAK_FACT, 3,
      0 },
    { "{\"sentences\":2}", TWO_FACTS VOICE WEAK_FACT, 2, 0 },
    { "{}", TWO_FACTS WEAK_FACT, 3, 0 },
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    voice_check(&rows[i], rows[i].text);
  }
}

/* A voice far down among hundreds of sentences is found; a budget of words holds for it, too. */
static void summarize_voice_is_found_far_down_and_keeps_the_budget(void **state) {
  (void)state;
  static const voice_row rows[] = { { "{}", NULL, 3, 1 }, { "{\"sentences\":9,\"words\":20}", NULL, 3, 0 } };
  enum { SENTENCES = 300, VOICE_AT = 60, LINE_MAX_BYTES = 256 };
  char *text = malloc((size_t)SENTENCES * LINE_MAX_BYTES);
  assert_non_null(text);
  size_t len = 0;
  for (size_t i = 0; i < SENTENCES; i++) {
    /* No word twice, or what sentences share would decide. */
    len += (size_t)(i == VOICE_AT ? snprintf(text + len, LINE_MAX_BYTES, VOICE)
                                  : snprintf(text + len, LINE_MAX_BYTES, "Abc%zu def%zu ghi%zu jkl%zu %zu mno%zu.\n", i,
                                             i, i, i, i, i));
  }
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    voice_check(&rows[i], text);
  }
  free(text);
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

typedef struct spelling_row {
  const char *text;
  const char *shown;
} spelling_row;

/* The text's own letters and marks; the page's spaces and invisible controls go. */
static void summarize_spelling_is_the_texts_own(void **state) {
  (void)state;
  static const spelling_row rows[] = {
    { "قَرَّرَ مجلسُ الإدارةِ توزيعَ 40 مليونَ ريالٍ على المُساهمينَ هذا العام.",
      "قَرَّرَ مجلسُ الإدارةِ توزيعَ 40 مليونَ ريالٍ على المُساهمينَ هذا العام." },
    { "أعلـــن المصنع  بيع 12 ألف سيارة ، منها ألف كهربائية .", "أعلـــن المصنع بيع 12 ألف سيارة، منها ألف كهربائية." },
    { "ارتفع إنتاج \xE2\x80\xABالحقل\xE2\x80\xAC إلى 30 ألف برميل يوميا بعد الصيانة.",
      "ارتفع إنتاج الحقل إلى 30 ألف برميل يوميا بعد الصيانة." },
    { "زارت بعثة \xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xB1\xD9\x88 أربعين قرية في ثلاثة أيام.",
      "زارت بعثة \xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xB1\xD9\x88 أربعين قرية في ثلاثة أيام." },
    { "يعمل البرنامج على .NET منذ عام 2024 في كل الفروع .", "يعمل البرنامج على .NET منذ عام 2024 في كل الفروع." },
  };
  harness *h = harness_new(BEFORE "{\"use\":\"summarize\"}]");
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    qn_layer summary;
    document *doc = summary_of(h, rows[i].text, &summary);
    assert_int_equal(summary.n_rows, 1);
    qn_str text = qn_layer_str(&summary, QN_SUMMARY_TEXT, 0);
    assert_int_equal(text.len, strlen(rows[i].shown));
    assert_memory_equal(text.data, rows[i].shown, text.len);
    document_unref(doc);
  }
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
    cmocka_unit_test(summarize_spelling_is_the_texts_own),
    cmocka_unit_test(summarize_laws_hold),
    cmocka_unit_test(summarize_third_may_be_a_voice),
    cmocka_unit_test(summarize_voice_is_found_far_down_and_keeps_the_budget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
