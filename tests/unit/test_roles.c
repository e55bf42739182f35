/* SPDX-License-Identifier: Apache-2.0 */

/* The roles of a page's lines: whole pages with the role of each line, repeats, wrapped text, phrases, odd pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "declutter/roles.h"

static phrase_table *phrases;

static int load_phrases(void **state) {
  static char tsv[1 << 20];
  char path[4096];
  uint32_t bad_line = 0;
  const char *root = getenv("QANAT_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/plugins/declutter/furniture.tsv", root == NULL ? "." : root);
  FILE *file = fopen(path, "r");
  (void)state;
  if (file == NULL) {
    fprintf(stderr, "cannot open %s\n", path);
    return -1;
  }
  size_t len = fread(tsv, 1, sizeof tsv, file);
  fclose(file);
  return phrases_new(tsv, len, &phrases, &bad_line);
}

static int free_phrases(void **state) {
  (void)state;
  phrases_free(phrases);
  return 0;
}

static void find(page_roles *roles, const char *text, const char *title) {
  roles_options options = { .min_duplicate_words = 5, .duplicate_similarity = 0.8 };
  options.title = (const uint8_t *)title;
  options.title_len = title == NULL ? 0 : strlen(title);
  assert_int_equal(roles_find(roles, (const uint8_t *)text, (uint32_t)strlen(text), phrases, &options), 0);
}

/* A page: each line behind the letter of its role. p paragraph, h heading, t title, y byline, c caption, l list,
 * f furniture, d duplicate. */
static void check_page(const char *const *lines, size_t n_lines) {
  page_roles roles = { .capacity = 0 };
  char text[16384] = "";
  for (size_t i = 0; i < n_lines; i++) {
    strcat(text, lines[i] + 2);
    strcat(text, "\n\n");
  }
  find(&roles, text, NULL);
  assert_int_equal(roles.page.n_lines, n_lines);
  for (size_t i = 0; i < n_lines; i++) {
    char role = "phtyclfd"[roles.role[i]];
    if (role != lines[i][0]) {
      fprintf(stderr, "# %c, not %c: %s\n", role, lines[i][0], lines[i] + 2);
    }
    assert_int_equal(role, lines[i][0]);
  }
  roles_done(&roles);
}

#define FIRST "أعلنت بلدية المدينة اليوم افتتاح الحديقة الجديدة على ضفة النهر، بعد أعمال استمرت ثلاث سنوات."
#define SECOND "وقال رئيس البلدية إن الحديقة تضم ألف شجرة وملعبين للأطفال، وإن الدخول إليها سيكون مجانا طوال العام."
#define THIRD "وأضاف أن سكان الأحياء القريبة من النهر شاركوا في اختيار الأشجار، وأن المرحلة الثانية تبدأ في الربيع."

static void roles_page_with_everything(void **state) {
  static const char *const page[] = {
    "f الرئيسيةأخبارمحلياتثقافةالمزيد",
    "f الرئيسية | أخبار | اقتصاد | رياضة",
    "f الثلاثاء 3 آذار 2026",
    "t حديقة جديدة على ضفة النهر تفتح أبوابها",
    "y كتبت: منى الحداد | 3 آذار 2026",
    "f شارك الخبر: فيسبوك تويتر واتساب",
    "p " FIRST,
    "f إعلان",
    "p " SECOND,
    "h أشجار من كل حي",
    "p " THIRD,
    "d " SECOND,
    "f اقرأ أيضا",
    "f جسر المشاة يغلق أسبوعين للصيانة",
    "f جميع الحقوق محفوظة © 2026",
    "f 0",
  };
  (void)state;
  check_page(page, sizeof page / sizeof page[0]);
}

static void roles_short_paragraphs_and_headings_stay(void **state) {
  static const char *const page[] = {
    "t حديقة جديدة على ضفة النهر تفتح أبوابها",
    "p " FIRST,
    "p ولم يعلن موعد الافتتاح.",
    "h مرحلة ثانية في الربيع",
    "p " SECOND,
    "p قال: «الحديقة لكم».",
    "p " THIRD,
  };
  (void)state;
  check_page(page, sizeof page / sizeof page[0]);
}

static void roles_notices_of_any_length_are_furniture(void **state) {
  static const char *const page[] = {
    "f نستخدم ملفات تعريف الارتباط لتحسين تجربتك على موقعنا، وبمتابعتك التصفح فإنك توافق على سياسة الخصوصية.",
    "t حديقة جديدة على ضفة النهر تفتح أبوابها",
    "p " FIRST,
    "p " SECOND,
    "f إخلاء المسؤولية: الآراء الواردة في هذه الصفحة تعبر عن أصحابها وحدهم، ولا يتحمل الموقع أي تبعات لما قد ينتج عن "
    "الاعتماد عليها في اتخاذ أي قرار مهما كان، وعلى القارئ أن يتحقق بنفسه.",
  };
  (void)state;
  check_page(page, sizeof page / sizeof page[0]);
}

static void roles_verbs_that_look_like_prompts_are_prose(void **state) {
  static const char *const page[] = {
    "p شارك رئيس البلدية في افتتاح الحديقة الجديدة على ضفة النهر بحضور سكان الحي.",
    "p تابع مئات السكان حفل الافتتاح من الجسر القريب من الحديقة.",
    "p سجل الزوار ملاحظاتهم في دفتر كبير عند مدخل الحديقة.",
  };
  (void)state;
  check_page(page, sizeof page / sizeof page[0]);
}

static void roles_english_page(void **state) {
  static const char *const page[] = {
    "f Home | News | Sports | Business",
    "t River park opens after three years of work",
    "f Share this: Facebook WhatsApp Email",
    "p The city opened its new park on the river bank on Tuesday, after works that took three years.",
    "p The mayor said that the park has a thousand trees and that entry to it will be free all year.",
    "f Read more: Foot bridge closes for repairs",
    "f © 2026 All rights reserved",
  };
  (void)state;
  check_page(page, sizeof page / sizeof page[0]);
}

static void roles_title_of_the_source_is_recognised(void **state) {
  page_roles roles = { .capacity = 0 };
  (void)state;
  find(&roles, "سطر أول قبل العنوان بكلمات كثيرة\nحديقة جديدة تفتح أبوابها\n" FIRST "\n" SECOND "\n",
       "حديقةٌ جديدة تفتح ابوابها - صحيفة النهر");
  assert_true(roles.title_given);
  assert_int_equal(roles.title, 1);
  roles_done(&roles);
}

static void roles_date_and_byline_are_kept(void **state) {
  page_roles roles = { .capacity = 0 };
  (void)state;
  find(&roles, "حديقة جديدة على ضفة النهر تفتح أبوابها\nدمشق - منى الحداد - 3 آذار 2026\n" FIRST "\n" SECOND "\n",
       NULL);
  assert_int_equal(roles.byline, 1);
  assert_memory_equal(roles.date.iso, "2026-03-03", DATE_ISO_BYTES);
  roles_done(&roles);
}

static void roles_near_copies_are_duplicates(void **state) {
  page_roles roles = { .capacity = 0 };
  (void)state;
  find(&roles,
       FIRST "\n" SECOND "\n" THIRD "\n"
             "وقال رئيس البلدية إنّ الحديقة تضمّ ألف شجرة وملعبين للأطفال، وإن الدخول اليها سيكون مجانا طوال العام\n",
       NULL);
  assert_int_equal(roles.found.of[3], 1);
  assert_int_equal(roles.found.of[0], REPEAT_NONE);
  assert_int_equal(roles.found.of[2], REPEAT_NONE);
  roles_done(&roles);
}

static void roles_wrapped_lines_make_one_paragraph(void **state) {
  page_roles roles = { .capacity = 0 };
  (void)state;
  find(&roles,
       "The city opened its new park on the bank of the river on\n"
       "Tuesday, after works that had taken three whole years and\n"
       "cost more than anybody had thought when they began.\n\n"
       "The mayor said that the park has a thousand old trees and\n"
       "two playgrounds, and that entry to it will be free for all\n"
       "of the year, also on holidays and in the winter months.\n",
       NULL);
  assert_int_equal(roles.page.n_lines, 2);
  roles_done(&roles);
}

static void roles_odd_pages_are_survived(void **state) {
  static const char *const pages[] = { "", "\n\n", " ", "x", ".", "\xE2\x80\x8F\n", "| | |", "1\n2\n3\n", "«»\n()" };
  page_roles roles = { .capacity = 0 };
  (void)state;
  for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
    find(&roles, pages[i], "x");
  }
  roles_done(&roles);
}

static void roles_many_short_lines_take_no_time(void **state) {
  size_t n = 60000;
  char *text = malloc(n * 16 + 1);
  page_roles roles = { .capacity = 0 };
  (void)state;
  assert_non_null(text);
  text[0] = '\0';
  char *at = text;
  for (size_t i = 0; i < n; i++) {
    at += sprintf(at, "اقرأ %zu\n", i);
  }
  find(&roles, text, NULL);
  assert_int_equal(roles.page.n_lines, n);
  roles_done(&roles);
  free(text);
}

static void phrases_bad_files_are_refused_with_their_line(void **state) {
  static const struct {
    const char *tsv;
    uint32_t line;
  } rows[] = { { "prompt\tx\nnonsense\ty\n", 2 },
               { "prompt\n", 1 },
               { "prompt\t\n", 1 },
               { "# only\n", 1 },
               { "prompt\t...\n", 1 },
               { "nav\ta b c d e f g h i\n", 1 },
               { "nav\t\xFF\n", 1 } };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    phrase_table *table = NULL;
    uint32_t line = 0;
    assert_true(phrases_new(rows[i].tsv, strlen(rows[i].tsv), &table, &line) < 0);
    assert_null(table);
    assert_int_equal(line, rows[i].line);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(roles_page_with_everything),
    cmocka_unit_test(roles_short_paragraphs_and_headings_stay),
    cmocka_unit_test(roles_notices_of_any_length_are_furniture),
    cmocka_unit_test(roles_verbs_that_look_like_prompts_are_prose),
    cmocka_unit_test(roles_english_page),
    cmocka_unit_test(roles_title_of_the_source_is_recognised),
    cmocka_unit_test(roles_date_and_byline_are_kept),
    cmocka_unit_test(roles_near_copies_are_duplicates),
    cmocka_unit_test(roles_wrapped_lines_make_one_paragraph),
    cmocka_unit_test(roles_odd_pages_are_survived),
    cmocka_unit_test(roles_many_short_lines_take_no_time),
    cmocka_unit_test(phrases_bad_files_are_refused_with_their_line),
  };
  return cmocka_run_group_tests(tests, load_phrases, free_phrases);
}
