/* SPDX-License-Identifier: Apache-2.0 */

/* The classes of characters, and UTF-8 scans. */
#include "text/letters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/utf8.h"

static void characters_have_their_kind_and_script(void **state) {
  static const struct {
    uint32_t code;
    uint32_t kind;
    uint32_t script;
  } rows[] = {
    { 'a', LETTERS_LETTER, LETTERS_SCRIPT_LATIN },     { 0x00E9, LETTERS_LETTER, LETTERS_SCRIPT_LATIN },
    { 0x0628, LETTERS_LETTER, LETTERS_SCRIPT_ARABIC }, { 0x06AF, LETTERS_LETTER, LETTERS_SCRIPT_ARABIC },
    { 0xFEFB, LETTERS_LETTER, LETTERS_SCRIPT_ARABIC }, { 0x0416, LETTERS_LETTER, LETTERS_SCRIPT_OTHER },
    { 0x6771, LETTERS_LETTER, LETTERS_SCRIPT_OTHER },  { 0x064E, LETTERS_MARK, LETTERS_SCRIPT_ARABIC },
    { 0x0301, LETTERS_MARK, LETTERS_SCRIPT_NONE },     { 0x0640, LETTERS_TATWEEL, LETTERS_SCRIPT_ARABIC },
    { '7', LETTERS_DIGIT, LETTERS_SCRIPT_NONE },       { 0x0667, LETTERS_DIGIT, LETTERS_SCRIPT_ARABIC },
    { 0x060C, LETTERS_PUNCT, LETTERS_SCRIPT_NONE },    { 0x061F, LETTERS_PUNCT, LETTERS_SCRIPT_NONE },
    { 0x201D, LETTERS_PUNCT, LETTERS_SCRIPT_NONE },    { '$', LETTERS_SYMBOL, LETTERS_SCRIPT_NONE },
    { 0x1F600, LETTERS_SYMBOL, LETTERS_SCRIPT_NONE },  { ' ', LETTERS_SPACE, LETTERS_SCRIPT_NONE },
    { '\n', LETTERS_SPACE, LETTERS_SCRIPT_NONE },      { 0x00A0, LETTERS_SPACE, LETTERS_SCRIPT_NONE },
    { 0x200F, LETTERS_FORMAT, LETTERS_SCRIPT_NONE },   { 0xFEFF, LETTERS_FORMAT, LETTERS_SCRIPT_NONE },
    { 0x0001, LETTERS_CONTROL, LETTERS_SCRIPT_NONE },  { 0xE000, LETTERS_NONE, LETTERS_SCRIPT_NONE },
    { 0x10FFFF, LETTERS_NONE, LETTERS_SCRIPT_NONE },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(letters_kind(rows[i].code), rows[i].kind);
    assert_int_equal(letters_script(rows[i].code), rows[i].script);
  }
  assert_true(letters_class('A') & LETTERS_UPPER);
  assert_false(letters_class('a') & LETTERS_UPPER);
  assert_true(letters_class(0x6771) & LETTERS_DENSE);
}

static void digits_have_their_value(void **state) {
  (void)state;
  for (int value = 0; value < 10; value++) {
    assert_int_equal(letters_digit((uint32_t)('0' + value)), value);
    assert_int_equal(letters_digit((uint32_t)(0x0660 + value)), value);
    assert_int_equal(letters_digit((uint32_t)(0x06F0 + value)), value);
    assert_int_equal(letters_digit((uint32_t)(0xFF10 + value)), value);
  }
  for (uint32_t code = 0; code < 0x110000; code++) {
    if (letters_digit(code) >= 0) {
      assert_int_equal(letters_kind(code), LETTERS_DIGIT);
    }
  }
}

/* The letters that scans pass over in one step are those of the classes. */
static void arabic_letters_by_place_are_those_of_the_classes(void **state) {
  (void)state;
  for (uint32_t code = 0x80; code < 0x800; code++) {
    uint8_t bytes[UTF8_MAX];
    utf8_encode(code, bytes);
    uint32_t place = letters_arabic_place(bytes);
    bool letter = code >= 0x620 && code < 0x660 && letters_kind(code) == LETTERS_LETTER;
    assert_int_equal(place < 64, code >= 0x620 && code < 0x660);
    assert_int_equal(place < 64 && (LETTERS_ARABIC_PLACES >> place & 1) != 0, letter);
    assert_int_equal(letters_arabic_run(bytes, 0, 2), letter ? 2 : 0);
    assert_true(!letter || letters_script(code) == LETTERS_SCRIPT_ARABIC);
  }
  assert_int_equal(letters_arabic_run((const uint8_t *)"مصر 12", 0, 9), 6);
  assert_int_equal(letters_arabic_run((const uint8_t *)"مصر", 0, 5), 4);
}

static void code_points_survive_encoding(void **state) {
  (void)state;
  for (uint32_t code = 0; code < 0x110000; code++) {
    if (code >= 0xD800 && code < 0xE000) {
      continue;
    }
    uint8_t bytes[UTF8_MAX];
    uint32_t len = utf8_encode(code, bytes);
    uint32_t pos = 0;
    uint32_t decoded_len;
    assert_int_equal(utf8_decode(bytes, len, &decoded_len), code);
    assert_int_equal(decoded_len, len);
    assert_int_equal(utf8_next(bytes, &pos), code);
    assert_int_equal(pos, len);
    assert_int_equal(utf8_prev(bytes, &pos), code);
    assert_int_equal(pos, 0);
    assert_int_equal(utf8_len(bytes[0]), len);
    if (len > 1) { /* cut short, it is no character */
      assert_int_equal(utf8_decode(bytes, len - 1, &decoded_len), UTF8_INVALID);
      assert_int_equal(decoded_len, 1);
    }
  }
}

static void valid_prefix_ends_at_the_first_bad_byte(void **state) {
  static const struct {
    const char *bytes;
    size_t valid;
  } rows[] = {
    { "", 0 },
    { "plain ascii that is longer than eight", 37 },
    { "مصر والسودان وليبيا", 36 },
    { "12345678\xC1\x80", 8 },
    { "\xD9\x85\xD9\x85\xC1\x85\xD9\x85\xD9\x85", 4 },
    { "\xD9\x85\xD9\x85\xD9\x85\xD9\x85\xD9", 8 },
    { "ab\xED\xA0\x80", 2 },
    { "ab\xF4\x90\x80\x80", 2 },
    { "ab\xE0\x80\x80", 2 },
    { "ab\x80", 2 },
    { "\xF0\x9F\x98\x80", 4 },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    size_t len = strlen(rows[i].bytes);
    uint8_t *exact = malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact, rows[i].bytes, len);
    assert_int_equal(utf8_valid_prefix(exact, len), rows[i].valid);
    free(exact);
  }
}

static size_t valid_by_steps(const uint8_t *bytes, size_t len) {
  size_t at = 0;
  uint32_t step;
  while (at < len && utf8_decode(bytes + at, len - at, &step) != UTF8_INVALID) {
    at += step;
  }
  return at;
}

static void valid_prefix_of_spoiled_text_is_that_of_single_steps(void **state) {
  static const char text[] = "قال الوزير 25 إن «القرار» – وهو الأول – sera appliqué en été، ويبدأ 😀 في يناير المقبل";
  static const uint8_t bad[] = { 'a', 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xD8, 0xDF, 0xE0, 0xED, 0xF4, 0xF5, 0xFF };
  (void)state;
  size_t len = sizeof text - 1;
  assert_int_equal(utf8_valid_prefix((const uint8_t *)text, len), len);
  for (size_t at = 0; at < len; at++) {
    for (size_t k = 0; k < sizeof bad; k++) {
      uint8_t spoiled[sizeof text];
      memcpy(spoiled, text, sizeof text);
      spoiled[at] = bad[k];
      assert_int_equal(utf8_valid_prefix(spoiled, len), valid_by_steps(spoiled, len));
      assert_int_equal(utf8_valid_prefix(spoiled, at), valid_by_steps(spoiled, at));
    }
  }
}

static void scans_count_ascii_and_code_points(void **state) {
  const uint8_t *text = (const uint8_t *)"twelve bytesمصر";
  (void)state;
  assert_int_equal(utf8_ascii_prefix(text, 18), 12);
  assert_int_equal(utf8_ascii_prefix(text, 7), 7);
  assert_int_equal(utf8_count(text, 18), 15);
  assert_true(utf8_boundary(text, 18, 14));
  assert_false(utf8_boundary(text, 18, 15));
  assert_true(utf8_boundary(text, 18, 18));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(characters_have_their_kind_and_script),
    cmocka_unit_test(digits_have_their_value),
    cmocka_unit_test(code_points_survive_encoding),
    cmocka_unit_test(valid_prefix_ends_at_the_first_bad_byte),
    cmocka_unit_test(scans_count_ascii_and_code_points),
    cmocka_unit_test(arabic_letters_by_place_are_those_of_the_classes),
    cmocka_unit_test(valid_prefix_of_spoiled_text_is_that_of_single_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
