/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel of normalize: what is rewritten, and that the alignment tells the truth about it. */
#include "normalize/rewrite.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/utf8.h"

/* A room that grows byte by byte as asked, so that sanitizers see any write beyond it. */
typedef struct test_room {
  qn_view_room room;
  uint32_t n_grows;
  uint32_t fail_at; /* 0: never */
} test_room;

static void *resized(void *memory, size_t bytes) {
  void *grown = realloc(memory, bytes == 0 ? 1 : bytes);
  assert_non_null(grown);
  return grown;
}

static int room_grow(void *arg, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room) {
  test_room *test = arg;
  qn_view_room *room = &test->room;
  if (++test->n_grows == test->fail_at) {
    return -ENOMEM;
  }
  room->data = resized(room->data, bytes);
  room->derived = resized(room->derived, n_runs * sizeof *room->derived);
  room->base = resized(room->base, n_runs * sizeof *room->base);
  room->kind = resized(room->kind, n_runs);
  room->capacity = bytes;
  room->run_capacity = n_runs;
  *ret_room = *room;
  return 0;
}

static void room_free(test_room *test) {
  free(test->room.data);
  free(test->room.derived);
  free(test->room.base);
  free(test->room.kind);
}

/* The runs ascend, stand on borders of code points, and COPY runs copy. */
static void check_runs(const qn_view *view, const test_room *test, const rewrite_result *result) {
  const qn_view_room *room = &test->room;
  for (uint32_t i = 0; i < result->n_runs; i++) {
    uint32_t derived_end = i + 1 < result->n_runs ? room->derived[i + 1] : result->n_bytes;
    uint32_t base_end = i + 1 < result->n_runs ? room->base[i + 1] : view->len;
    uint32_t len = derived_end - room->derived[i];
    assert_true(i > 0 || room->derived[0] == 0);
    assert_true(room->derived[i] <= derived_end && room->base[i] <= base_end);
    assert_true(utf8_boundary(room->data, result->n_bytes, room->derived[i]));
    assert_true(utf8_boundary(view->data, view->len, room->base[i]));
    if (room->kind[i] == QN_RUN_COPY) {
      assert_true(len > 0 && room->base[i] + len <= base_end);
      assert_memory_equal(room->data + room->derived[i], view->data + room->base[i], len);
    }
  }
}

/* The scan by tables alone comes to the same bytes and runs. */
static void check_without_blocks(rewrite_plan *plan, const qn_view *view, const test_room *want_room,
                                 const rewrite_result *want) {
  test_room test = { 0 };
  rewrite_result result;
  plan->blocks = 0;
  assert_int_equal(rewrite_view(plan, view, room_grow, &test, &result), 0);
  assert_int_equal(result.n_bytes, want->n_bytes);
  assert_int_equal(result.n_runs, want->n_runs);
  assert_int_equal(result.unchanged, want->unchanged);
  if (result.n_runs > 0) {
    assert_memory_equal(test.room.data, want_room->room.data, result.n_bytes);
    assert_memory_equal(test.room.base, want_room->room.base, result.n_runs * sizeof *test.room.base);
    assert_memory_equal(test.room.kind, want_room->room.kind, result.n_runs);
  }
  room_free(&test);
}

/* Rewrites text with breaks (may be none) and gives the new text, NUL-terminated, to be freed. */
static char *rewritten(uint32_t rules, const char *text, size_t len, const uint32_t *breaks, uint32_t n_breaks,
                       uint32_t *ret_n_runs) {
  rewrite_plan plan;
  test_room test = { 0 };
  rewrite_result result;
  uint8_t *exact = malloc(len + (len == 0));
  assert_non_null(exact);
  memcpy(exact, text, len);
  qn_view view = { exact, (uint32_t)len, n_breaks, breaks };
  rewrite_plan_init(&plan, rules);
  assert_int_equal(rewrite_view(&plan, &view, room_grow, &test, &result), 0);
  check_without_blocks(&plan, &view, &test, &result);
  char *out = calloc(1, len + result.n_bytes + 1);
  assert_non_null(out);
  if (result.unchanged) {
    assert_int_equal(test.n_grows, 0);
    memcpy(out, text, len);
  } else {
    check_runs(&view, &test, &result);
    memcpy(out, test.room.data == NULL ? exact : test.room.data, result.n_bytes);
    assert_int_equal(utf8_valid_prefix((uint8_t *)out, result.n_bytes), result.n_bytes);
  }
  if (ret_n_runs != NULL) {
    *ret_n_runs = result.unchanged ? 0 : result.n_runs;
  }
  room_free(&test);
  free(exact);
  return out;
}

typedef struct rewrite_row {
  uint32_t rules;
  const char *text;
  const char *want;
} rewrite_row;

static void check_rows(const rewrite_row *rows, size_t n_rows) {
  for (size_t i = 0; i < n_rows; i++) {
    char *out = rewritten(rows[i].rules, rows[i].text, strlen(rows[i].text), NULL, 0, NULL);
    assert_string_equal(out, rows[i].want);
    free(out);
  }
}

static void each_rule_rewrites_what_it_names(void **state) {
  static const rewrite_row rows[] = {
    { REWRITE_ALL, "كَتَبَ مُحَمَّدٌ", "كتب محمد" },
    { REWRITE_ALL, "العـــربية", "العربية" },
    { REWRITE_ALL, "كلمة ـ كلمة", "كلمة ـ كلمة" },
    { REWRITE_ALL, "هـ", "ه" },
    { REWRITE_ALL, "ا\u0653ب ا\u0654ب ا\u0655ب و\u0654ب ي\u0654ب", "آب أب إب ؤب ئب" },
    { REWRITE_ALL, "ا\u064E\u0654ب", "أب" },
    { REWRITE_ALL, "اـ\u0654ب", "أب" },
    { REWRITE_ALL, "ب\u0654ب", "بب" },
    { REWRITE_ALL, "ﻻ ﺏ ﷲ ﷼ ﷺ", "لا ب الله ریال ﷺ" },
    { REWRITE_ALL, "ﻷﻧ\u064Eﻬﺎ", "لأنها" },
    { REWRITE_ALL, "ﺍ\u0653ﺏ", "آب" },
    { REWRITE_ALL, "ＡＢＣ１２ ﬁn", "ABC12 fin" },
    { REWRITE_ALL, "\u200Fمصر\u202A\u202C \u200Bليبيا\uFEFF", "مصر ليبيا" },
    { REWRITE_ALL, "می\u200Cشود", "میشود" },
    { REWRITE_ALL, "👨\u200D👩\u200D👧 ❤\uFE0F\u200D🔥", "👨\u200D👩\u200D👧 ❤\uFE0F\u200D🔥" },
    { REWRITE_ALL, "क्\u200Dष", "क्\u200Dष" },
    { REWRITE_ALL,
      "a\u00ADb\x01\x7F"
      "\xC2\x85"
      "c",
      "ab\nc" },
    { REWRITE_ALL, "a\r\nb\rc\u2028d\x0B", "a\nb\nc\nd\n" },
    { REWRITE_ALL, "a  b\u00A0c\t\u3000 d", "a b c d" },
    { REWRITE_ALL, "\u00A0", " " },
    { REWRITE_ALL, "كلمة ، كلمة . كلمة ؛ كلمة ؟", "كلمة، كلمة. كلمة؛ كلمة؟" },
    { REWRITE_ALL, "قال : نعم ! لا ؟!", "قال: نعم! لا؟!" },
    { REWRITE_ALL, "كلمة ... كلمة .NET ،كلمة .5", "كلمة ... كلمة .NET ،كلمة .5" },
    { REWRITE_ALL, "نحو 20 % و٢٠ ٪ من %", "نحو 20% و٢٠٪ من %" },
    { REWRITE_ALL, "سطر\n . ،", "سطر\n .،" },
    { REWRITE_ALL, " ، كلمة", " ، كلمة" },
    { REWRITE_ALL, "e\u0301a\u0323\u0302", "éậ" },
    { REWRITE_ALL, "ᄒ\u1161\u11AB Å \u037E", "한 Å ;" },
    { REWRITE_ALL, "«نعم» “لا” ١٢٣ 123 ‘ok’ گچپ", "«نعم» “لا” ١٢٣ 123 ‘ok’ گچپ" },
    { REWRITE_ALL, "", "" },
    { REWRITE_ALL, "\u200F\u200E", "" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void a_rule_switched_off_leaves_its_characters(void **state) {
  static const rewrite_row rows[] = {
    { 0, "ﻻ مَ ـ  ، e\u0301 \u200F\x01\r\n", "ﻻ مَ ـ  ، e\u0301 \u200F\x01\r\n" },
    { REWRITE_ALL & ~REWRITE_DIACRITICS, "مَّا ا\u0654\u064E", "مَّا أَ" },
    { REWRITE_ALL & ~REWRITE_TATWEEL, "عـ\u064Eـن", "عــن" },
    { REWRITE_ALL & ~REWRITE_SHAPES, "ﻻ ﬁ", "ﻻ ﬁ" },
    { REWRITE_ALL & ~REWRITE_COMPOSE, "e\u0301 مَ", "e\u0301 م" },
    { REWRITE_ALL & ~REWRITE_INVISIBLE, "a\u200Fb", "a\u200Fb" },
    { REWRITE_ALL & ~REWRITE_CONTROLS, "a\x01\r\nb", "a\x01\r\nb" },
    { REWRITE_ALL & ~REWRITE_SPACES, "a \u00A0b  ، ", "a \u00A0b، " },
    { REWRITE_ALL & ~REWRITE_PUNCTUATION, "a  ، b 5 %", "a ، b 5 %" },
    { REWRITE_DIACRITICS, "ا\u0654\u064E", "ا" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rewriting_again_changes_nothing(void **state) {
  static const char *const texts[] = { "قَالَ ـ الرَّئيس ، «نعم»  .", "e\u0301\u200F ﻻ\u0654 5 % ؟ !",
                                       "اـ\u0654\r\n\t\u3000x" };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    char *once = rewritten(REWRITE_ALL, texts[i], strlen(texts[i]), NULL, 0, NULL);
    char *twice = rewritten(REWRITE_ALL, once, strlen(once), NULL, 0, NULL);
    assert_string_equal(twice, once);
    free(once);
    free(twice);
  }
}

static void runs_are_as_fine_as_the_change(void **state) {
  uint32_t n_runs;
  (void)state;
  char *out = rewritten(REWRITE_ALL, "ab\u200Fcd\u00A0ef", strlen("ab\u200Fcd\u00A0ef"), NULL, 0, &n_runs);
  assert_string_equal(out, "abcd ef");
  assert_int_equal(n_runs, 4); /* copy, copy behind the deletion, replace, copy */
  free(out);
  out = rewritten(REWRITE_ALL, "كتَاب", strlen("كتَاب"), NULL, 0, &n_runs);
  assert_string_equal(out, "كتاب");
  assert_int_equal(n_runs, 3); /* the letter and its mark are one unit */
  free(out);
}

static void nothing_is_rewritten_across_a_break(void **state) {
  const char *text = "word , e\u0301x";
  const uint32_t breaks[] = { 5, 8 }; /* before the comma, and between e and its accent */
  (void)state;
  char *out = rewritten(REWRITE_ALL, text, strlen(text), breaks, 2, NULL);
  assert_string_equal(out, "word , e\u0301x");
  free(out);
}

static void any_valid_text_keeps_the_laws(void **state) {
  static const uint32_t pool[] = { 'a',    ' ',    '\n',   '\r',   '.',    '%',    0xA0,   0x627,   0x648,   0x640,
                                   0x64E,  0x651,  0x653,  0x654,  0x655,  0x60C,  0x200D, 0x200F,  0x301,   0x1161,
                                   0x1100, 0xFEFB, 0xFDF2, 0xFDFA, 0xFF21, 0xFB01, 0x2028, 0x1D15E, 0x1F468, 0x94D };
  uint32_t seed = 7;
  (void)state;
  for (uint32_t round = 0; round < 4000; round++) {
    uint8_t text[4 * 96];
    uint32_t len = 0;
    uint32_t breaks[2] = { 0, 0 };
    for (uint32_t i = 0; i < round % 96; i++) {
      seed = seed * 1664525u + 1013904223u;
      len += utf8_encode(pool[(seed >> 8) % (sizeof pool / sizeof pool[0])], text + len);
      breaks[i % 2 == 0 && i < round % 32 ? 0 : 1] = len;
    }
    breaks[1] = breaks[1] < breaks[0] ? breaks[0] : breaks[1];
    uint32_t rules = round % 3 == 0 ? seed >> 24 : REWRITE_ALL;
    free(rewritten(rules, (const char *)text, len, breaks, round % 2 ? 2 : 0, NULL));
  }
}

static void long_clusters_do_not_overflow(void **state) {
  static char text[3 * 4000];
  size_t len = 0;
  (void)state;
  for (uint32_t i = 0; i < 1500; i++) {
    len += utf8_encode(i % 500 == 0 ? 'e' : i < 500 ? 0x301 : i < 1000 ? 0x64E : 0x654, (uint8_t *)text + len);
  }
  free(rewritten(REWRITE_ALL, text, len, NULL, 0, NULL));
  free(rewritten(REWRITE_COMPOSE, text, len, NULL, 0, NULL));
}

static void failing_to_grow_is_reported(void **state) {
  const char *text = "مَ ، مَ ، مَ ، ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ ﷲ";
  qn_view view = { (const uint8_t *)text, (uint32_t)strlen(text), 0, NULL };
  rewrite_plan plan;
  (void)state;
  rewrite_plan_init(&plan, REWRITE_ALL);
  int rc = -1;
  for (uint32_t fail_at = 1; rc != 0; fail_at++) {
    test_room test = { .fail_at = fail_at };
    rewrite_result result;
    rc = rewrite_view(&plan, &view, room_grow, &test, &result);
    assert_true(rc == 0 || rc == -ENOMEM);
    assert_true(fail_at < 100);
    room_free(&test);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_rule_rewrites_what_it_names),    cmocka_unit_test(a_rule_switched_off_leaves_its_characters),
    cmocka_unit_test(rewriting_again_changes_nothing),     cmocka_unit_test(runs_are_as_fine_as_the_change),
    cmocka_unit_test(nothing_is_rewritten_across_a_break), cmocka_unit_test(any_valid_text_keeps_the_laws),
    cmocka_unit_test(long_clusters_do_not_overflow),       cmocka_unit_test(failing_to_grow_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
