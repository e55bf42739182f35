/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel of sentences: where a sentence ends, and where it does not. */
#include "sentences/split.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/utf8.h"

/* Sentences joined by '|', in a growing string. */
typedef struct joined {
  const char *text;
  char *out;
  size_t len;
  uint32_t n;
  uint32_t last_end;
  uint32_t fail_at; /* 0: never */
} joined;

static int take(void *arg, qn_span span) {
  joined *self = arg;
  size_t len = span.end - span.begin;
  assert_true(span.begin >= self->last_end && span.begin < span.end);
  assert_true(utf8_is_lead((uint8_t)self->text[span.begin]));
  if (++self->n == self->fail_at) {
    return -ENOMEM;
  }
  self->out = realloc(self->out, self->len + len + 2);
  assert_non_null(self->out);
  if (self->n > 1) {
    self->out[self->len++] = '|';
  }
  memcpy(self->out + self->len, self->text + span.begin, len);
  self->len += len;
  self->out[self->len] = '\0';
  self->last_end = span.end;
  return 0;
}

static void check(const char *text, uint32_t max_words, const char *want) {
  joined got = { .text = text };
  size_t len = strlen(text);
  uint8_t *exact = malloc(len + (len == 0)); /* so that a sanitizer sees a read past the end */
  assert_non_null(exact);
  memcpy(exact, text, len);
  assert_int_equal(split_sentences(exact, (qn_span){ 0, (uint32_t)len }, max_words, take, &got), 0);
  assert_string_equal(got.out == NULL ? "" : got.out, want);
  free(got.out);
  free(exact);
}

typedef struct split_row {
  const char *text;
  const char *want;
} split_row;

static void check_rows(const split_row *rows, size_t n_rows) {
  for (size_t i = 0; i < n_rows; i++) {
    check(rows[i].text, 0, rows[i].want);
  }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

static void plain_stops_and_line_ends_end_sentences(void **state) {
  static const split_row rows[] = {
    { "", "" },
    { " \n\n ", "" },
    { "ذهب الولد. ثم عاد. وأكل", "ذهب الولد.|ثم عاد.|وأكل" },
    { "سطر أول\nسطر ثان\n\nسطر ثالث", "سطر أول|سطر ثان|سطر ثالث" },
    { "هل جاء؟ نعم! جاء؛ ثم ذهب: بعيدا، جدا.", "هل جاء؟|نعم!|جاء؛ ثم ذهب: بعيدا، جدا." },
    { "ماذا؟! لا أعرف.", "ماذا؟!|لا أعرف." },
    { "كلمة . كلمة أخرى .", "كلمة .|كلمة أخرى ." },
    { "***\nنص.\n---", "نص." },
    { "It ended. The next began. iPhone sales fell.", "It ended.|The next began.|iPhone sales fell." },
    { "東京です。次の文。", "東京です。|次の文。" },
    { "في الجدول.[12] ثم قال.", "في الجدول.[12]|ثم قال." },
  };
  (void)state;
  CHECK(rows);
}

static void closing_marks_belong_to_what_they_close(void **state) {
  static const split_row rows[] = {
    /* items within a line, and acronyms in brackets */
    { "الخطوات: 1. شراء المعدات 2. تدريب العمال 3. الفتح.", "الخطوات: 1. شراء المعدات 2. تدريب العمال 3. الفتح." },
    { "بلغ عددهم 12. وقال المدير إن العدد كاف.", "بلغ عددهم 12.|وقال المدير إن العدد كاف." },
    { "شركة النور (ش.م.م.) تعمل في دبي. مقرها المرفأ.", "شركة النور (ش.م.م.) تعمل في دبي.|مقرها المرفأ." },
    { "انتهى العمل (في الموعد.) ثم خرجوا.", "انتهى العمل (في الموعد.)|ثم خرجوا." },
    { "قال «نعم». ثم مضى.", "قال «نعم».|ثم مضى." },
    { "قال «نعم.» ثم مضى.", "قال «نعم.»|ثم مضى." },
    { "قال \"نعم.\" ثم مضى.", "قال \"نعم.\"|ثم مضى." },
    { "قال \"نعم\". \"لا\" قال.", "قال \"نعم\".|\"لا\" قال." },
    { "قال: \" نعم . \" ثم مضى .", "قال: \" نعم . \"|ثم مضى ." },
    { "عاد . \"السوق هدأت\" ، قال .", "عاد .|\"السوق هدأت\" ، قال ." },
    { "قال “نعم.” ثم ”لا“. وعاد", "قال “نعم.”|ثم ”لا“.|وعاد" },
    { "«الأولى. الثانية. الثالثة» ختم.", "«الأولى.|الثانية.|الثالثة» ختم." },
    { "(جملة كاملة.) ثم أخرى.", "(جملة كاملة.)|ثم أخرى." },
    { "«من جاء؟» سأل الرجل. «أنا!» وجلس.", "«من جاء؟» سأل الرجل.|«أنا!»|وجلس." },
    { "\"Why now?\" says the man. \"Why?\" The man left.", "\"Why now?\" says the man.|\"Why?\"|The man left." },
    { "«لماذا؟»، قال الرجل.", "«لماذا؟»، قال الرجل." },
    { "قال.\"وأضاف", "قال.|\"وأضاف" },
    { "قال \"نعم.\"وأضاف", "قال \"نعم.\"|وأضاف" },
  };
  (void)state;
  CHECK(rows);
}

static void points_inside_words_and_numbers_end_nothing(void **state) {
  static const split_row rows[] = {
    { "بلغ 8.4 في المئة و٣.٥ مليون.", "بلغ 8.4 في المئة و٣.٥ مليون." },
    { "سهم NVDA.O صعد. U.S. Steel too.", "سهم NVDA.O صعد.|U.S. Steel too." },
    { "موقع www.example.com وبريد a.b@c.org مفتوح.", "موقع www.example.com وبريد a.b@c.org مفتوح." },
    { "منصة .NET جديدة.", "منصة .NET جديدة." },
    { "شركة تي.إس.إم.سي ربحت.", "شركة تي.إس.إم.سي ربحت." },
    { "ثم ... سكت. وقال.. شيئا", "ثم ... سكت.|وقال.. شيئا" },
    { "سكت…\nثم قال.", "سكت…|ثم قال." },
    { "1. النص الأول. وفي 2025. عاد", "1. النص الأول.|وفي 2025.|عاد" },
    { "النسخة 2.0.x صدرت.", "النسخة 2.0.x صدرت." },
    { "رابط http://a.b/c?d=e هنا.", "رابط http://a.b/c?d=e هنا." },
    { "اشترت Yahoo! منصة. وقال (!) شيئا.", "اشترت Yahoo! منصة.|وقال (!) شيئا." },
  };
  (void)state;
  CHECK(rows);
}

static void abbreviations_end_nothing_unless_a_sentence_follows(void **state) {
  static const split_row rows[] = {
    { "قال د. سامي وأ. ليلى.", "قال د. سامي وأ. ليلى." },
    { "حضر أ.د. سامي. وحضر م. عمر.", "حضر أ.د. سامي.|وحضر م. عمر." },
    { "كان جون إف. كينيدي رئيسا.", "كان جون إف. كينيدي رئيسا." },
    { "اشترى من بي واي دي. أما غيره فلا.", "اشترى من بي واي دي.|أما غيره فلا." },
    { "عام 1447 هـ. كان البرد", "عام 1447 هـ.|كان البرد" },
    { "شركة Acme Inc. في دبي. وشركة Acme Inc. وقالت إنها تبيع.",
      "شركة Acme Inc. في دبي.|وشركة Acme Inc.|وقالت إنها تبيع." },
    { "Mr. Smith met Dr. J. K. Jones. They left.", "Mr. Smith met Dr. J. K. Jones.|They left." },
    { "It left the U.S. The rest stayed in the U.S. market.", "It left the U.S.|The rest stayed in the U.S. market." },
    { "قالت أ ف ب. لا جديد", "قالت أ ف ب.|لا جديد" },
    { "See No. 5 and Fig. 3. He said no. Then on Sept. 4 he left.",
      "See No. 5 and Fig. 3.|He said no.|Then on Sept. 4 he left." },
    { "He came at 5 p.m. and left.", "He came at 5 p.m. and left." },
  };
  (void)state;
  CHECK(rows);
}

static void stops_without_their_space_end_sentences(void **state) {
  static const split_row rows[] = {
    { "انتهى العمل.وبدأ غيره", "انتهى العمل.|وبدأ غيره" },
    { "قالت Nvidia.وأضافت", "قالت Nvidia.|وأضافت" },
    { "منذ 2025.وقال", "منذ 2025.|وقال" },
    { "لماذا؟وقال", "لماذا؟|وقال" },
    { "It came to an end.The rest went on.", "It came to an end.|The rest went on." },
  };
  (void)state;
  CHECK(rows);
}

static void long_stretches_are_cut_at_the_next_best_place(void **state) {
  (void)state;
  check("a b، c d e f g h i", 6, "a b، c d e f|g h i");
  check("a b c d، e f g h i", 6, "a b c d،|e f g h i");
  check("a b c؛ d، e f g h i", 6, "a b c؛|d، e f g h i");
  check("a b c، و d، e f g h", 6, "a b c،|و d، e f g h");
  check("a b c d e f", 6, "a b c d e f");
}

static void each_line_of_a_heading_is_one_unit(void **state) {
  const char *text = "Nvidia. ما هي؟\n \n***\nسطر آخر\n";
  joined got = { .text = text };
  (void)state;
  assert_int_equal(split_lines((const uint8_t *)text, (qn_span){ 0, (uint32_t)strlen(text) }, take, &got), 0);
  assert_string_equal(got.out, "Nvidia. ما هي؟|سطر آخر");
  free(got.out);
}

static void a_failing_taker_ends_the_split(void **state) {
  const char *text = "نعم. لا. بلى. ليس.\nلعل. كلا.";
  (void)state;
  for (uint32_t fail_at = 1; fail_at <= 6; fail_at++) {
    joined got = { .text = text, .fail_at = fail_at };
    assert_int_equal(split_sentences((const uint8_t *)text, (qn_span){ 0, (uint32_t)strlen(text) }, 0, take, &got),
                     -ENOMEM);
    assert_int_equal(got.n, fail_at);
    free(got.out);
  }
}

static int count(void *arg, qn_span span) {
  (void)span;
  ++*(uint32_t *)arg;
  return 0;
}

/* Would run for minutes if any rule looked back or ahead without a bound. */
static void rubbish_takes_linear_time(void **state) {
  static const char *const pieces[] = { ".",  ". ", "a. ",    "ا.",  "\" . ", "؟ ", "1. ",
                                        ".)", "…",  "   .\t", "a.B", "[1",    "'" };
  enum { SIZE = 1 << 20 };
  uint8_t *text = malloc(SIZE);
  (void)state;
  assert_non_null(text);
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    size_t len = strlen(pieces[i]);
    size_t n_spaces = i % 2 == 0 ? 0 : SIZE / 2;
    memset(text, ' ', n_spaces);
    size_t end = n_spaces;
    for (; end + len <= SIZE; end += len) {
      memcpy(text + end, pieces[i], len);
    }
    uint32_t n = 0;
    assert_int_equal(split_sentences(text, (qn_span){ 0, (uint32_t)end }, 20, count, &n), 0);
  }
  free(text);
}

static void any_valid_text_keeps_the_laws(void **state) {
  static const uint32_t pool[] = { 'a',  'B',  ' ',    ' ',    '\n',   '.',   '.',    '!',    '"',
                                   ')',  '[',  '1',    '\'',   0x627,  0x648, 0x62F,  0x61F,  0x60C,
                                   0xAB, 0xBB, 0x201D, 0x2026, 0x3002, 0x64E, 0x200F, 0x1F600 };
  uint32_t seed = 3;
  (void)state;
  for (uint32_t round = 0; round < 5000; round++) {
    char text[4 * 64 + 1];
    uint32_t len = 0;
    for (uint32_t i = 0; i < round % 64; i++) {
      seed = seed * 1664525u + 1013904223u;
      len += utf8_encode(pool[(seed >> 8) % (sizeof pool / sizeof pool[0])], (uint8_t *)text + len);
    }
    text[len] = '\0';
    joined got = { .text = text };
    assert_int_equal(split_sentences((const uint8_t *)text, (qn_span){ 0, len }, round % 7, take, &got), 0);
    free(got.out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_stops_and_line_ends_end_sentences),
    cmocka_unit_test(closing_marks_belong_to_what_they_close),
    cmocka_unit_test(points_inside_words_and_numbers_end_nothing),
    cmocka_unit_test(abbreviations_end_nothing_unless_a_sentence_follows),
    cmocka_unit_test(stops_without_their_space_end_sentences),
    cmocka_unit_test(long_stretches_are_cut_at_the_next_best_place),
    cmocka_unit_test(each_line_of_a_heading_is_one_unit),
    cmocka_unit_test(a_failing_taker_ends_the_split),
    cmocka_unit_test(rubbish_takes_linear_time),
    cmocka_unit_test(any_valid_text_keeps_the_laws),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
