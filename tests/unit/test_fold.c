/* SPDX-License-Identifier: Apache-2.0 */

/* Match keys: what two spellings share, and the laws that every input keeps. */
#include "text/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/utf8.h"

typedef struct fold_row {
  const char *text;
  const char *key;
} fold_row;

static void check_rows(const fold_row *rows, size_t n_rows) {
  for (size_t i = 0; i < n_rows; i++) {
    uint8_t out[256];
    size_t len = fold_key((const uint8_t *)rows[i].text, strlen(rows[i].text), out);
    out[len] = '\0';
    assert_string_equal((const char *)out, rows[i].key);
  }
}

static void arabic_spellings_share_a_key(void **state) {
  static const fold_row rows[] = {
    { "أحمد", "احمد" },
    { "إحمد", "احمد" },
    { "آسيا", "اسيا" },
    { "القاهِرَة", "القاهره" },
    { "مصطفى", "مصطفي" },
    { "مســــؤول", "مسوول" },
    { "رئيس", "رييس" },
    { "ماء", "ماء" },
    { "کتاب ایران", "كتاب ايران" },
    { "گوگل", "غوغل" },
    { "ڤيديو", "فيديو" },
    { "پاريس", "باريس" },
    { "هٰذا", "هذا" },
    { "ا\u0654", "ا" }, /* decomposed: alef and a combining hamza */
    { "ﻻﺏ", "لاب" },
    { "ﷲ", "الله" },
    { "١٢٫٥٪", "12.5%" },
    { "۱۲", "12" },
    { "\u200fمصر\u200e", "مصر" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void latin_spellings_share_a_key(void **state) {
  static const fold_row rows[] = {
    { "NVIDIA", "nvidia" },       { "Société Générale", "societe generale" },
    { "Erdoğan", "erdogan" },     { "İstanbul", "istanbul" },
    { "Łódź", "lodz" },           { "Straße", "strasse" },
    { "L’Oréal", "l'oreal" },     { "Ærø", "aero" },
    { "ﬁnance", "finance" },      { "ＮＥＣ", "nec" },
    { "e\u0301clair", "eclair" }, { "a\u00a0b\u2011c", "a b-c" },
    { "Москва", "москва" },       { "東京", "東京" },
    { "\u200b\u00ad", "" },       { "", "" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void every_code_point_keeps_the_bound_and_folds_once(void **state) {
  (void)state;
  for (uint32_t code = 0; code < 0x110000; code++) {
    if (code >= 0xD800 && code < 0xE000) {
      continue;
    }
    uint8_t text[UTF8_MAX];
    uint8_t once[FOLD_BOUND(UTF8_MAX)];
    uint8_t twice[FOLD_BOUND(sizeof once)];
    size_t len = utf8_encode(code, text);
    size_t once_len = fold_key(text, len, once);
    assert_true(once_len <= FOLD_BOUND(len));
    assert_int_equal(utf8_valid_prefix(once, once_len), once_len);
    assert_int_equal(fold_key(once, once_len, twice), once_len);
    assert_memory_equal(once, twice, once_len);
    if (code < 0xFB00) {
      assert_true(once_len <= len);
    }
  }
}

static void rubbish_bytes_are_copied_as_they_are(void **state) {
  static const uint8_t rubbish[] = {
    0xFF, 'A', 0xD8, 0xC0, 0x80, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80, 0xE2, 0x80
  };
  static const uint8_t want[] = { 0xFF, 'a', 0xD8, 0xC0, 0x80, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80, 0xE2, 0x80 };
  uint8_t *exact = malloc(sizeof rubbish); /* so that a sanitizer sees a read past the end */
  uint8_t out[FOLD_BOUND(sizeof rubbish)];
  (void)state;
  assert_non_null(exact);
  memcpy(exact, rubbish, sizeof rubbish);
  assert_int_equal(fold_key(exact, sizeof rubbish, out), sizeof want);
  assert_memory_equal(out, want, sizeof want);
  free(exact);
}

static void a_code_point_folds_as_its_text_does(void **state) {
  (void)state;
  assert_int_equal(fold_code(0x0623), 0x0627);
  assert_int_equal(fold_code('Q'), 'q');
  assert_int_equal(fold_code(0x0640), 0);
  assert_int_equal(fold_code(0xFDF2), 0xFDF2);
  assert_int_equal(fold_code(0x1F600), 0x1F600);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(arabic_spellings_share_a_key),
    cmocka_unit_test(latin_spellings_share_a_key),
    cmocka_unit_test(every_code_point_keeps_the_bound_and_folds_once),
    cmocka_unit_test(rubbish_bytes_are_copied_as_they_are),
    cmocka_unit_test(a_code_point_folds_as_its_text_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
