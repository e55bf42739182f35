/* SPDX-License-Identifier: Apache-2.0 */

/* Encodings: found, converted, and each character aligned to its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucnv.h>

#include <cmocka.h>

#include "decode/convert.h"
#include "decode/junk.h"
#include "qanat/doc.h"
#include "text/utf8.h"

static const char arabic[] = "أعلنت الحكومة اليوم خطة جديدة لدعم المزارعين في الأقاليم الجنوبية، وقال الوزير إنها تبدأ "
                             "في الربيع.";
static const char russian[] = "Правительство объявило о новом плане поддержки фермеров в южных областях страны.";

/* UTF-8 text in another encoding, made by ICU, which is no part of what is tested. */
static size_t encode(const char *name, const char *text, uint8_t *out, size_t capacity) {
  UErrorCode status = U_ZERO_ERROR;
  int32_t n = ucnv_convert(name, "UTF-8", (char *)out, (int32_t)capacity, text, (int32_t)strlen(text), &status);
  assert_true(U_SUCCESS(status));
  return (size_t)n;
}

typedef struct find_row {
  const char *encoding; /* that the bytes are in */
  const char *text;
  const char *label;
  const char *found;
} find_row;

static const find_row find_rows[] = {
  { "utf-8", arabic, "", "utf-8" },
  { "utf-8", arabic, "windows-1256", "utf-8" },
  { "utf-8", "plain", "", "utf-8" },
  { "utf-8", "", "", "utf-8" },
  { "windows-1256", arabic, "", "windows-1256" },
  { "windows-1256", arabic, "utf-8", "windows-1256" },
  { "windows-1256", arabic, "iso-8859-1", "windows-1256" },
  { "windows-1256", arabic, "iso-8859-6", "windows-1256" },
  { "windows-1256", "مرحبا بكم", "", "windows-1256" },
  { "iso-8859-6", arabic, "", "iso-8859-6" },
  { "iso-8859-6", arabic, "Windows-1256", "iso-8859-6" },
  { "utf-16le", arabic, "", "utf-16le" },
  { "utf-16be", arabic, "", "utf-16be" },
  { "utf-16le", "plain text", "", "utf-16le" },
  { "windows-1251", russian, "", "windows-1251" },
  { "koi8-r", russian, "koi8-r", "koi8-r" },
  { "windows-1252", "Le président a déclaré que l’été était fini", "", "windows-1252" },
  { "windows-1252", "caf\xC3\xA9", "no-such-charset", "windows-1252" },
};

static void charset_is_found(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof find_rows / sizeof find_rows[0]; i++) {
    const find_row *row = &find_rows[i];
    uint8_t bytes[1024];
    charset set;
    size_t len = encode(row->encoding, row->text, bytes, sizeof bytes);
    charset_find(bytes, len, row->label, strlen(row->label), &set);
    assert_string_equal(set.name, row->found);
    assert_int_equal(set.bom_len, 0);
  }
}

typedef struct bytes_row {
  const char *bytes;
  size_t len;
  const char *found;
  uint32_t bom_len;
} bytes_row;

static const bytes_row bytes_rows[] = {
  { "\xEF\xBB\xBFx", 4, "utf-8", 3 },       { "\xFF\xFEx\0", 4, "utf-16le", 2 },
  { "\xFE\xFF\0x", 4, "utf-16be", 2 },      { "\xFF\xFE\0\0x\0\0\0", 8, "utf-32le", 4 },
  { "abc\xFF\xFE\x80 def", 9, "utf-8", 0 }, { "\xD9\x85\xD8\xB1\xFF\xD8\xAD", 7, "utf-8", 0 },
};

static void charset_marks_and_damage_are_seen(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bytes_rows / sizeof bytes_rows[0]; i++) {
    charset set;
    charset_find((const uint8_t *)bytes_rows[i].bytes, bytes_rows[i].len, "", 0, &set);
    assert_string_equal(set.name, bytes_rows[i].found);
    assert_int_equal(set.bom_len, bytes_rows[i].bom_len);
  }
}

/* Checks what the host will check, and that copies are copies. */
static void check_runs(const aligned_text *text, const uint8_t *source, uint32_t source_len) {
  assert_int_equal(utf8_valid_prefix(text->bytes, text->len), text->len);
  assert_true(text->len == 0 || memchr(text->bytes, 0, text->len) == NULL);
  assert_true(text->n_runs > 0 || text->len == 0);
  for (uint32_t i = 0; i < text->n_runs; i++) {
    bool last = i + 1 == text->n_runs;
    uint32_t end = last ? text->len : text->derived[i + 1];
    uint32_t base_end = last ? source_len : text->base[i + 1];
    assert_true(i > 0 || text->derived[i] == 0);
    assert_true(text->derived[i] <= end && text->base[i] <= base_end && base_end <= source_len);
    assert_true(text->derived[i] == text->len || utf8_is_lead(text->bytes[text->derived[i]]));
    if (text->kind[i] == QN_RUN_COPY) {
      assert_true(end - text->derived[i] <= base_end - text->base[i]);
      assert_memory_equal(text->bytes + text->derived[i], source + text->base[i], end - text->derived[i]);
    }
  }
}

/* Bytes of the source that the character at `at` of the text came from. */
static qn_span source_of(const aligned_text *text, uint32_t at, uint32_t source_len) {
  uint32_t i = 0;
  while (i + 1 < text->n_runs && text->derived[i + 1] <= at) {
    i++;
  }
  if (text->kind[i] == QN_RUN_COPY) {
    uint32_t begin = text->base[i] + (at - text->derived[i]);
    return (qn_span){ begin, begin + utf8_len(text->bytes[at]) };
  }
  return (qn_span){ text->base[i], i + 1 < text->n_runs ? text->base[i + 1] : source_len };
}

static void convert_back_gives_the_text(void **state) {
  static const char *const encodings[] = { "windows-1256", "iso-8859-6", "utf-16le", "utf-16be",
                                           "utf-8",        "utf-32be",   "gb18030",  "utf-7" };
  charset_converter *converter;
  aligned_text text = { .len = 0 };
  (void)state;
  assert_int_equal(converter_new(&converter), 0);
  for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
    uint8_t bytes[2048];
    charset set;
    uint64_t n_replaced;
    size_t len = encode(encodings[i], arabic, bytes, sizeof bytes);
    assert_int_equal(charset_by_label(encodings[i], strlen(encodings[i]), &set), 0);
    assert_int_equal(converter_run(converter, &set, bytes, (uint32_t)len, &text, &n_replaced), 0);
    assert_int_equal(text.len, strlen(arabic));
    assert_memory_equal(text.bytes, arabic, text.len);
    assert_int_equal(n_replaced, 0);
    check_runs(&text, bytes, (uint32_t)len);
  }
  aligned_done(&text);
  converter_free(converter);
}

static void convert_single_byte_aligns_each_character(void **state) {
  charset_converter *converter;
  aligned_text text = { .len = 0 };
  uint8_t bytes[64];
  charset set;
  uint64_t n_replaced;
  (void)state;
  size_t len = encode("windows-1256", "ab مر c", bytes, sizeof bytes);
  assert_int_equal(converter_new(&converter), 0);
  assert_int_equal(charset_by_label("windows-1256", 12, &set), 0);
  assert_int_equal(converter_run(converter, &set, bytes, (uint32_t)len, &text, &n_replaced), 0);
  uint32_t place = 0;
  for (uint32_t at = 0; at < text.len; at += utf8_len(text.bytes[at]), place++) {
    qn_span span = source_of(&text, at, (uint32_t)len);
    assert_int_equal(span.begin, place);
    assert_int_equal(span.end, place + 1);
  }
  assert_int_equal(place, len);
  aligned_done(&text);
  converter_free(converter);
}

typedef struct bad_row {
  const char *bytes;
  size_t len;
  charset_kind kind;
  const char *text;
  uint64_t n_replaced;
} bad_row;

#define FFFD "\xEF\xBF\xBD"
static const bad_row bad_rows[] = {
  { "a\0b", 3, CHARSET_UTF8, "a" FFFD "b", 1 },
  { "a\xFFz", 3, CHARSET_UTF8, "a" FFFD "z", 1 },
  { "\xC3", 1, CHARSET_UTF8, FFFD, 1 },
  { "\xE2\x82z", 3, CHARSET_UTF8, FFFD "z", 1 },
  { "\xF0\x9F\x98z", 4, CHARSET_UTF8, FFFD "z", 1 },
  { "\xED\xA0\x80z", 4, CHARSET_UTF8, FFFD "z", 1 },
  { "\xC0\xAFz", 3, CHARSET_UTF8, FFFD FFFD "z", 2 },
  { "\xF5\x80\x80\x80", 4, CHARSET_UTF8, FFFD FFFD FFFD FFFD, 4 },
  { "a\0\x00\xD8z\0", 6, CHARSET_UTF16LE, "a" FFFD "z", 1 },
  { "\0a\xD8\x3D\xDE\0\0", 7, CHARSET_UTF16BE, "a😀" FFFD, 1 },
  { "\0\0", 2, CHARSET_UTF16LE, FFFD, 1 },
};

static void convert_replaces_and_counts_bad_bytes(void **state) {
  charset_converter *converter;
  aligned_text text = { .len = 0 };
  (void)state;
  assert_int_equal(converter_new(&converter), 0);
  for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
    const bad_row *row = &bad_rows[i];
    charset set = { .kind = row->kind };
    uint64_t n_replaced;
    const uint8_t *bytes = (const uint8_t *)row->bytes;
    assert_int_equal(converter_run(converter, &set, bytes, (uint32_t)row->len, &text, &n_replaced), 0);
    assert_int_equal(text.len, strlen(row->text));
    assert_memory_equal(text.bytes, row->text, text.len);
    assert_int_equal(n_replaced, row->n_replaced);
    check_runs(&text, bytes, (uint32_t)row->len);
  }
  aligned_done(&text);
  converter_free(converter);
}

static void convert_any_bytes_keep_the_rules(void **state) {
  static const char *const encodings[] = { "utf-8",       "utf-16le", "utf-16be", "windows-1256",
                                           "iso-8859-6",  "gb18030",  "utf-32le", "shift_jis",
                                           "iso-2022-jp", "utf-7",    "big5",     "euc-kr" };
  charset_converter *converter;
  aligned_text text = { .len = 0 };
  uint32_t seed = 7;
  (void)state;
  assert_int_equal(converter_new(&converter), 0);
  for (int round = 0; round < 60; round++) {
    uint8_t bytes[3000];
    uint32_t len = (uint32_t)round * 50;
    for (uint32_t i = 0; i < len; i++) {
      seed = seed * 1664525 + 1013904223;
      bytes[i] = (uint8_t)(round % 2 == 0 ? seed >> 24 : (seed >> 24) & 0x7F);
    }
    for (size_t e = 0; e < sizeof encodings / sizeof encodings[0]; e++) {
      charset set;
      uint64_t n_replaced;
      assert_int_equal(charset_by_label(encodings[e], strlen(encodings[e]), &set), 0);
      assert_int_equal(converter_run(converter, &set, bytes, len, &text, &n_replaced), 0);
      check_runs(&text, bytes, len);
    }
  }
  aligned_done(&text);
  converter_free(converter);
}

/* Long enough to be read in blocks, with everything that is no plain letter at every place of a block. */
static void junk_language_is_that_of_the_letters(void **state) {
  static const struct {
    const char *text;
    const char *language;
  } rows[] = {
    { "أعلنت الشركة، يوم ٢٥ من الشهر، أنّها «ستفتح» مصنعاً جديـداً في الشمال (25%).", "ar" },
    { "شرکت گفت که بهار آینده کارخانه‌ای تازه در شمال کشور باز "
      "می‌کند.",
      "fa" },
    { "کمپنی نے کہا ہے کہ وہ اگلے سال شمال میں ایک نیا کارخانہ کھولے گی۔", "ur" },
    { "The company said on Monday that it would open a new factory in مصر next spring.", NULL },
    { "12 34 56 78 90 12 34 56 78 90", NULL },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t shift = 0; shift < 40; shift++) {
      char text[300];
      int len =
          snprintf(text, sizeof text, "%.*s%s", (int)shift, "........................................", rows[i].text);
      const char *found = junk_language((const uint8_t *)text, (size_t)len);
      assert_int_equal(found == NULL, rows[i].language == NULL);
      assert_true(found == NULL || strcmp(found, rows[i].language) == 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(charset_is_found),
    cmocka_unit_test(charset_marks_and_damage_are_seen),
    cmocka_unit_test(convert_back_gives_the_text),
    cmocka_unit_test(convert_single_byte_aligns_each_character),
    cmocka_unit_test(convert_replaces_and_counts_bad_bytes),
    cmocka_unit_test(convert_any_bytes_keep_the_rules),
    cmocka_unit_test(junk_language_is_that_of_the_letters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
