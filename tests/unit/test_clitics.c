/* SPDX-License-Identifier: Apache-2.0 */

/* Division of words: the shipped model on plain cases, the grammar's bounds, and models that are none. */
#include "tokenize/clitics.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/utf8.h"

typedef struct fixture {
  uint8_t *bytes;
  size_t len;
  clitics_model model;
} fixture;

static int set_up(void **state) {
  const char *root = getenv("QANAT_SOURCE_ROOT");
  char path[4096];
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  snprintf(path, sizeof path, "%s/plugins/tokenize/data/clitics.qclt", root != NULL ? root : ".");
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  f->bytes = malloc(1 << 20);
  assert_non_null(f->bytes);
  f->len = fread(f->bytes, 1, 1 << 20, file);
  fclose(file);
  assert_int_equal(clitics_open(&f->model, f->bytes, f->len), 0);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  free(f->bytes);
  free(f);
  return 0;
}

/* The word with + between its parts. */
static void divided(const clitics_model *model, const char *word, char *out) {
  clitics_division division;
  uint32_t len = (uint32_t)strlen(word);
  uint32_t begin = 0;
  clitics_divide(model, (const uint8_t *)word, len, &division);
  for (uint32_t i = 0; i < division.n; i++) {
    assert_true(division.end[i] > begin && division.end[i] <= len);
    assert_true(utf8_boundary((const uint8_t *)word, len, division.end[i]));
    memcpy(out, word + begin, division.end[i] - begin);
    out += division.end[i] - begin;
    *out++ = '+';
    begin = division.end[i];
  }
  assert_true(division.n == 0 || begin == len);
  assert_true(division.n == 0 || division.stem < division.n || division.stem == CLITICS_PARTS_MAX);
  if (division.n == 0) {
    memcpy(out, word, len);
    out += len + 1;
  }
  out[-1] = '\0';
}

static void plain_words_are_divided_where_clitics_are_attached(void **state) {
  static const struct {
    const char *word;
    const char *want;
  } rows[] = {
    { "والشركة", "و+الشركة" },
    { "بالمدينة", "ب+المدينة" },
    { "للحكومة", "لل+حكومة" },
    { "وللحكومة", "و+لل+حكومة" },
    { "سيعلن", "س+يعلن" },
    { "كتابه", "كتاب+ه" },
    { "لهم", "ل+هم" },
    { "به", "ب+ه" },
    { "وبمساعدتهم", "و+ب+مساعدت+هم" },
    { "فقال", "ف+قال" },
    { "وزير", "وزير" },
    { "الوزير", "الوزير" },
    { "بكين", "بكين" },
    { "بايدن", "بايدن" },
    { "كان", "كان" },
    { "فريق", "فريق" },
    { "لين", "لين" },
    { "ليبيا", "ليبيا" },
    { "وَالشَّرِكَةُ", "وَ+الشَّرِكَةُ" },
    { "و", "و" },
    { "مصر", "مصر" },
    { "عليها", "علي+ها" },
    { "وقال", "و+قال" },
    { "لندن", "لندن" },
  };
  const fixture *f = *state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char out[256];
    divided(&f->model, rows[i].word, out);
    assert_string_equal(out, rows[i].want);
  }
}

static void hamza_on_alef_makes_no_difference(void **state) {
  const fixture *f = *state;
  char with[64];
  char without[64];
  divided(&f->model, "وأكد", with);
  divided(&f->model, "واكد", without);
  assert_string_equal(with, "و+أكد");
  assert_string_equal(without, "و+اكد");
}

static void words_that_are_not_arabic_or_too_long_stay_whole(void **state) {
  static const char *const words[] = { "wal", "12", "وA", "", "ب1", "والوالوالوالوالوالوالوالوالوالوالوالوالوالو" };
  const fixture *f = *state;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    clitics_division division;
    clitics_divide(&f->model, (const uint8_t *)words[i], (uint32_t)strlen(words[i]), &division);
    assert_int_equal(division.n, 0);
  }
}

static void any_letters_keep_the_laws(void **state) {
  static const uint16_t pool[] = { 0x648, 0x641, 0x633, 0x644, 0x628, 0x643, 0x627, 0x647,
                                   0x645, 0x646, 0x64A, 0x62A, 0x64E, 0x640, 0x623, 0x6AF };
  const fixture *f = *state;
  uint32_t seed = 5;
  for (uint32_t round = 0; round < 20000; round++) {
    char word[80];
    char out[160];
    uint32_t len = 0;
    for (uint32_t i = 0; i < 1 + round % 30; i++) {
      seed = seed * 1664525u + 1013904223u;
      len += utf8_encode(pool[seed >> 28], (uint8_t *)word + len);
    }
    word[len] = '\0';
    divided(&f->model, word, out);
  }
}

static void what_is_no_model_is_refused(void **state) {
  const fixture *f = *state;
  clitics_model model;
  uint8_t *copy = malloc(f->len + 4);
  assert_non_null(copy);
  for (size_t len = 0; len < sizeof(clitics_header) + 8; len++) {
    memcpy(copy, f->bytes, len);
    assert_int_equal(clitics_open(&model, copy, len), -EINVAL);
  }
  memcpy(copy, f->bytes, f->len);
  assert_int_equal(clitics_open(&model, copy, f->len - 1), -EINVAL);
  copy[f->len - 1] ^= 1;
  assert_int_equal(clitics_open(&model, copy, f->len), -EINVAL);
  memcpy(copy, f->bytes, f->len);
  copy[0] = 'X';
  assert_int_equal(clitics_open(&model, copy, f->len), -EINVAL);
  memcpy(copy + 1, f->bytes, f->len);
  assert_int_equal(clitics_open(&model, copy + 1, f->len), -EINVAL); /* not aligned */
  clitics_header header;
  memcpy(&header, f->bytes, sizeof header);
  header.weight_bits = 63;
  memcpy(copy, f->bytes, f->len);
  memcpy(copy, &header, sizeof header);
  assert_int_equal(clitics_open(&model, copy, f->len), -EINVAL);
  free(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_words_are_divided_where_clitics_are_attached),
    cmocka_unit_test(hamza_on_alef_makes_no_difference),
    cmocka_unit_test(words_that_are_not_arabic_or_too_long_stay_whole),
    cmocka_unit_test(any_letters_keep_the_laws),
    cmocka_unit_test(what_is_no_model_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
