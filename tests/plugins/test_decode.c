/* SPDX-License-Identifier: Apache-2.0 */

/* The decode stage: text, fields and places of whole documents; what it rejects; the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include <cmocka.h>

static const char stages[] = "[{\"use\":\"decode\"}]";

typedef struct decode_row {
  const char *payload;
  size_t len;
  const char *text;
  const char *encoding;
  int64_t replaced;
} decode_row;

#define BYTES(literal) literal, sizeof(literal) - 1

static const decode_row rows[] = {
  { BYTES(""), "", "utf-8", 0 },
  { BYTES("plain\ntext"), "plain\ntext", "utf-8", 0 },
  { BYTES("\xEF\xBB\xBFمرحبا"), "مرحبا", "utf-8", 0 },
  { BYTES("\xEF\xBB\xBF"), "", "utf-8", 0 },
  { BYTES("a\0b\xFFz"), "a\uFFFDb\uFFFDz", "utf-8", 2 },
  { BYTES("\xFF\xFEx\0E\6"), "xم", "utf-16le", 0 },
  { BYTES("\xE3\xD1\xCD\xC8\xC7 \xC8\xDF\xE3"), "مرحبا بكم", "windows-1256", 0 },
  { BYTES("<!doctype html><title>t</title><p>a &amp; b<p>c"), "a & b\n\nc", "utf-8", 0 },
  { BYTES("<html><meta charset=windows-1256><p>\xE3\xD1\xCD\xC8\xC7 \xC8\xDF\xE3"), "مرحبا بكم", "windows-1256", 0 },
};

static qn_value field_of(document *document, const char *name) {
  qn_value value = { .type = QN_VALUE_NONE };
  document_field_get(document, (qn_str){ name, strlen(name) }, &value);
  return value;
}

static void check_string(document *document, const char *name, const char *expected) {
  qn_value value = field_of(document, name);
  assert_int_equal(value.type, QN_VALUE_STR);
  assert_int_equal(value.as.str.len, strlen(expected));
  assert_memory_equal(value.as.str.data, expected, value.as.str.len);
}

static void decode_payload_becomes_text(void **state) {
  (void)state;
  harness *harness = harness_new(stages);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    document *document = harness_push(harness, rows[i].payload, rows[i].len);
    assert_non_null(document);
    qn_view text = harness_view(harness, document, "text");
    assert_int_equal(text.len, strlen(rows[i].text));
    assert_memory_equal(text.data, rows[i].text, text.len);
    check_string(document, "encoding", rows[i].encoding);
    qn_value replaced = field_of(document, "replaced");
    assert_int_equal(replaced.type == QN_VALUE_I64 ? replaced.as.i64 : 0, rows[i].replaced);
    document_unref(document);
  }
  harness_free(harness);
}

/* The bytes of the payload that a word of the text came from. */
static void check_place(document *document, const char *payload, const char *word, const char *from) {
  qn_view text;
  qn_span span, source;
  assert_int_equal(document_view_get(document, SCHEMA_VIEW_TEXT, &text), 0);
  const uint8_t *found = memmem(text.data, text.len, word, strlen(word));
  assert_non_null(found);
  span.begin = (uint32_t)(found - text.data);
  span.end = span.begin + (uint32_t)strlen(word);
  assert_int_equal(document_span_map(document, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_PAYLOAD, span, &source), 0);
  assert_int_equal(source.end - source.begin, strlen(from));
  assert_memory_equal(payload + source.begin, from, strlen(from));
}

static void decode_places_lead_to_the_payload(void **state) {
  static const char html[] = "<html><meta charset=windows-1256><p>\xE3\xD1\xCD\xC8\xC7 &lt;\xC8\xDF\xE3&gt; <b>x</b>y";
  (void)state;
  harness *harness = harness_new(stages);
  document *document = harness_push(harness, html, sizeof html - 1);
  assert_non_null(document);
  check_place(document, html, "مرحبا", "\xE3\xD1\xCD\xC8\xC7");
  check_place(document, html, "<", "&lt;");
  check_place(document, html, "بكم>", "\xC8\xDF\xE3&gt;");
  check_place(document, html, "xy", "x</b>y");
  document_unref(document);
  harness_free(harness);
}

static void decode_page_sets_fields(void **state) {
  static const char html[] = "<html lang=ar-EG><title>عنوان - موقع</title><meta name=author content='ليلى'>"
                             "<meta property='article:published_time' content='2026-01-16T09:00'><p>نص";
  (void)state;
  harness *harness = harness_new(stages);
  document *document = harness_push(harness, html, sizeof html - 1);
  assert_non_null(document);
  check_string(document, "title", "عنوان - موقع");
  check_string(document, "published", "2026-01-16");
  check_string(document, "byline", "ليلى");
  check_string(document, "language", "ar-EG");
  check_string(document, "media_type", "text/html");
  document_unref(document);
  harness_set_field(harness, "title", "من المصدر");
  document = harness_push(harness, html, sizeof html - 1);
  assert_non_null(document);
  check_string(document, "title", "من المصدر");
  document_unref(document);
  harness_free(harness);
}

static void decode_media_type_decides(void **state) {
  (void)state;
  harness *harness = harness_new(stages);
  harness_set_field(harness, "media_type", "text/plain; charset=utf-8");
  document *document = harness_push_text(harness, "<!doctype html><p>x");
  qn_view text = harness_view(harness, document, "text");
  assert_int_equal(text.len, strlen("<!doctype html><p>x"));
  document_unref(document);
  harness_set_field(harness, "media_type", "text/html; charset=ISO-8859-6");
  document = harness_push(harness, "<p>\xE5\xD1\xCD\xC8\xC7", 8);
  text = harness_view(harness, document, "text");
  assert_memory_equal(text.data, "مرحبا", strlen("مرحبا"));
  document_unref(document);
  harness_free(harness);
}

static void decode_configuration_decides(void **state) {
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\",\"with\":{\"encoding\":\"windows-1251\",\"html\":\"never\"}}]");
  document *document = harness_push(harness, "<html>\xCF", 7);
  qn_view text = harness_view(harness, document, "text");
  assert_int_equal(text.len, 8);
  assert_memory_equal(text.data, "<html>П", 8);
  document_unref(document);
  harness_free(harness);
}

static void decode_what_is_no_text_is_rejected(void **state) {
  static const char pdf[] = "%PDF-1.7 and so on", zip[] = "PK\3\4 and so on";
  uint8_t junk[4096];
  uint32_t seed = 3;
  (void)state;
  for (size_t i = 0; i < sizeof junk; i++) {
    seed = seed * 1664525 + 1013904223;
    junk[i] = (uint8_t)(seed >> 24);
  }
  harness *harness = harness_new(stages);
  assert_null(harness_push(harness, pdf, sizeof pdf - 1));
  assert_string_equal(harness_error(harness)->slug, "not-text");
  assert_non_null(strstr(harness_error(harness)->message, "PDF"));
  assert_null(harness_push(harness, zip, sizeof zip - 1));
  assert_non_null(strstr(harness_error(harness)->message, "ZIP"));
  assert_null(harness_push(harness, junk, sizeof junk));
  assert_string_equal(harness_error(harness)->slug, "not-text");
  assert_int_equal(harness_status(harness), QN_STATUS_REJECT);
  harness_free(harness);
}

static void decode_laws_hold(void **state) {
  static const char *const texts[] = { "نص قصير", "<!doctype html><p>a<b>b</b> &amp; <!-- c -->d<script>x",
                                       "\xE3\xD1\xCD" };
  (void)state;
  harness *harness = harness_new(stages);
  harness_check_laws(harness, texts, 3);
  harness_free(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(decode_payload_becomes_text),
    cmocka_unit_test(decode_places_lead_to_the_payload),
    cmocka_unit_test(decode_page_sets_fields),
    cmocka_unit_test(decode_media_type_decides),
    cmocka_unit_test(decode_configuration_decides),
    cmocka_unit_test(decode_what_is_no_text_is_rejected),
    cmocka_unit_test(decode_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
