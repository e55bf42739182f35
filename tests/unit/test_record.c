/* SPDX-License-Identifier: Apache-2.0 */

/* Records: the exact bytes of small documents, units of offsets, parts, and what no locale may change. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/record.h" /* before cmocka.h, which has a macro of the name of a member in stage.h */
#include "qanat/layers.h"

#include <cmocka.h>

#include "document_fixture.h"

typedef struct bench {
  fixture f;
  record_encoder *encoder;
} bench;

static void bench_open(bench *b) {
  fixture_open(&b->f);
  assert_int_equal(record_encoder_new(&b->encoder), 0);
}

static void bench_close(bench *b) {
  record_encoder_free(b->encoder);
  fixture_close(&b->f);
}

static void assert_record(bench *b, document *doc, const qn_record_options *options, const char *expected) {
  qn_str json;
  assert_int_equal(record_encode(b->encoder, doc, options, &json), 0);
  char *text = malloc(json.len + 1);
  assert_non_null(text);
  memcpy(text, json.data, json.len);
  text[json.len] = '\0';
  assert_string_equal(text, expected);
  free(text);
}

/* --- filling layers by rows of text --- */

/* One cell: a number for all but strings, where text counts (NULL: absent). */
typedef struct cell {
  double number;
  const char *text;
} cell;

typedef struct row {
  uint32_t begin, end;
  cell cells[9];
} row;

static void write_cell(qn_rows *rows, uint32_t type, uint32_t column, uint32_t at, const cell *from, uint32_t *used) {
  qn_heap_str string = { QN_NO_ROW, 0 };
  switch (type) {
  case QN_COLUMN_F64:
    ((double *)rows->columns[column])[at] = from->number;
    break;
  case QN_COLUMN_I64:
    ((int64_t *)rows->columns[column])[at] = (int64_t)from->number;
    break;
  case QN_COLUMN_STR:
    if (from->text != NULL) {
      string = (qn_heap_str){ rows->heap_base + *used, (uint32_t)strlen(from->text) };
      memcpy(rows->heap + *used, from->text, string.len);
      *used += string.len;
    }
    ((qn_heap_str *)rows->columns[column])[at] = string;
    break;
  case QN_COLUMN_SPAN:
    ((qn_span *)rows->columns[column])[at] = (qn_span){ 0, (uint32_t)from->number };
    break;
  default:
    ((uint32_t *)rows->columns[column])[at] = from->number < 0 ? QN_NO_ROW : (uint32_t)from->number;
    break;
  }
}

static void add_layer(bench *b, document *doc, const char *name, const row *from, uint32_t n) {
  stage_layout layout = fixture_layout(&b->f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, name);
  const layer_schema *schema = schema_set_at(b->f.set, layout.layer_slot[0]);
  qn_rows rows;
  qn_error error = { 0 };
  uint32_t used = 0;
  builder_begin(b->f.builder, doc, &layout);
  assert_int_equal(builder_layer_reserve(b->f.builder, 0, n, 512, &rows), 0);
  for (uint32_t i = 0; i < n; i++) {
    rows.begin[i] = from[i].begin;
    rows.end[i] = from[i].end;
    for (uint32_t k = 0; k < schema->n_columns; k++) {
      write_cell(&rows, schema->columns[k].type, k, i, &from[i].cells[k], &used);
    }
  }
  assert_int_equal(builder_layer_commit(b->f.builder, 0, n, used), 0);
  int rc = builder_seal(b->f.builder, &error);
  assert_string_equal(error.message, "");
  assert_int_equal(rc, 0);
}

static void set_str(document *doc, const char *name, const char *text) {
  qn_value value = { .type = QN_VALUE_STR, .as.str = { text, strlen(text) } };
  assert_int_equal(document_field_set(doc, (qn_str){ name, strlen(name) }, &value), 0);
}

/* --- the text and fields --- */

static void bare_document_is_written_with_its_fields(void **state) {
  (void)state;
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "a \"b\"\n\\ \x01\x7F \xE2\x80\xA8");
  set_str(doc, "media_type", "text/plain");
  set_str(doc, "published", "2026-01-16");
  set_str(doc, "id", "a.txt#0");
  set_str(doc, "source", "a.txt");
  qn_value title = { .type = QN_VALUE_SPAN, .as.span = { 0, 1 } };
  qn_value number = { .type = QN_VALUE_F64, .as.f64 = 1.5 };
  qn_value flag = { .type = QN_VALUE_BOOL, .as.i64 = 1 };
  qn_value nan = { .type = QN_VALUE_F64, .as.f64 = NAN };
  assert_int_equal(document_field_set(doc, QN_LIT("title"), &title), 0);
  assert_int_equal(document_field_set(doc, QN_LIT("weight"), &number), 0);
  assert_int_equal(document_field_set(doc, QN_LIT("flag"), &flag), 0);
  assert_int_equal(document_field_set(doc, QN_LIT("none"), &nan), 0);
  assert_record(&b, doc, NULL,
                "{\"id\":\"a.txt#0\",\"source\":\"a.txt\",\"text\":\"a \\\"b\\\"\\n\\\\ \\u0001\x7F \xE2\x80\xA8\","
                "\"offsets\":\"bytes\",\"title\":{\"begin\":0,\"end\":1},\"published\":\"2026-01-16\","
                "\"fields\":{\"media_type\":\"text/plain\",\"weight\":1.5,\"flag\":true,\"none\":null}}");
  document_unref(doc);
  doc = fixture_document(&b.f, "\xFF", 1);
  stage_layout layout = fixture_layout(&b.f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_NONE, "test.all/1");
  builder_begin(b.f.builder, doc, &layout);
  assert_int_equal(builder_seal(b.f.builder, NULL), 0);
  assert_record(&b, doc, NULL, "{\"offsets\":\"bytes\"}");
  set_str(doc, "title", "as a string");
  assert_record(&b, doc, NULL, "{\"offsets\":\"bytes\",\"title\":{\"text\":\"as a string\"}}");
  document_unref(doc);
  bench_close(&b);
}

/* --- layers --- */

static void tokens_carry_form_kind_script_and_parts(void **state) {
  (void)state;
  static const row tokens[] = { { 0, 8, { { 0, NULL }, { 1, NULL }, { 0, "wktab" } } },
                                { 9, 10, { { 2, NULL }, { 0, NULL }, { 0, NULL } } } };
  static const row parts[] = { { 0, 2, { { 0, NULL }, { 0, NULL } } }, { 2, 8, { { 0, NULL }, { 1, NULL } } } };
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "\xD9\x88\xD9\x83\xD8\xAA\xD8\xA8 .");
  add_layer(&b, doc, "token/1", tokens, 2);
  const qn_str only[] = { QN_LIT("tokens") };
  qn_record_options options = { .size = sizeof options, .n_parts = 1, .parts = only };
  assert_record(&b, doc, &options,
                "{\"offsets\":\"bytes\",\"tokens\":[{\"begin\":0,\"end\":8,\"form\":\"wktab\",\"kind\":\"word\","
                "\"script\":\"arabic\"},{\"begin\":9,\"end\":10,\"kind\":\"punctuation\",\"script\":\"none\"}]}");
  add_layer(&b, doc, "part/1", parts, 2);
  options.offsets = QN_OFFSETS_CODEPOINTS;
  assert_record(&b, doc, &options,
                "{\"offsets\":\"codepoints\",\"tokens\":[{\"begin\":0,\"end\":4,\"form\":\"wktab\",\"kind\":\"word\","
                "\"script\":\"arabic\",\"parts\":[[0,1],[1,4]]},{\"begin\":5,\"end\":6,\"kind\":\"punctuation\","
                "\"script\":\"none\"}]}");
  document_unref(doc);
  bench_close(&b);
}

static void entities_carry_values_by_their_type(void **state) {
  (void)state;
#define ABSENT                                                                                                         \
  { NAN, NULL }
  static const row entities[] = {
    { 0, 1, { { QN_ENTITY_TYPE_PERSON, NULL }, { 0, "Someone" }, { 0.97, NULL }, ABSENT, ABSENT, ABSENT, ABSENT } },
    { 1,
      2,
      { { QN_ENTITY_TYPE_MONEY, NULL },
        ABSENT,
        ABSENT,
        { 57e9, NULL },
        ABSENT,
        { 0, "USD" },
        ABSENT,
        ABSENT,
        { 0, "about" } } },
    { 2, 3, { { QN_ENTITY_TYPE_PERCENT, NULL }, ABSENT, ABSENT, { 7.5, NULL }, { 8, NULL }, ABSENT, ABSENT } },
    { 3, 4, { { QN_ENTITY_TYPE_QUANTITY, NULL }, ABSENT, ABSENT, { 3, NULL }, ABSENT, { 0, "km" }, ABSENT } },
    { 4,
      5,
      { { QN_ENTITY_TYPE_DATE, NULL }, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, { 0, "--05" }, { 0, "2026-05" } } },
    { 5, 6, { { QN_ENTITY_TYPE_DATE, NULL }, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT } },
  };
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "abcdef");
  add_layer(&b, doc, "entity/1", entities, sizeof entities / sizeof *entities);
  const qn_str only[] = { QN_LIT("entities") };
  qn_record_options options = { .size = sizeof options, .n_parts = 1, .parts = only };
  assert_record(
      &b, doc, &options,
      "{\"offsets\":\"bytes\",\"entities\":["
      "{\"begin\":0,\"end\":1,\"text\":\"a\",\"type\":\"PERSON\",\"link\":\"Someone\",\"score\":0.97},"
      "{\"begin\":1,\"end\":2,\"text\":\"b\",\"type\":\"MONEY\","
      "\"value\":{\"amount\":57000000000,\"currency\":\"USD\"},\"modifier\":\"about\"},"
      "{\"begin\":2,\"end\":3,\"text\":\"c\",\"type\":\"PERCENT\",\"value\":{\"amount\":7.5,\"amount_max\":8}},"
      "{\"begin\":3,\"end\":4,\"text\":\"d\",\"type\":\"QUANTITY\",\"value\":{\"amount\":3,\"unit\":\"km\"}},"
      "{\"begin\":4,\"end\":5,\"text\":\"e\",\"type\":\"DATE\",\"value\":\"--05\",\"resolved\":\"2026-05\"},"
      "{\"begin\":5,\"end\":6,\"text\":\"f\",\"type\":\"DATE\"}]}");
  document_unref(doc);
  bench_close(&b);
}

static void blocks_give_boilerplate_and_duplicates(void **state) {
  (void)state;
  static const row blocks[] = {
    { 0, 4, { { QN_BLOCK_ROLE_FURNITURE, NULL }, { -1, NULL } } },
    { 5, 9, { { QN_BLOCK_ROLE_FURNITURE, NULL }, { -1, NULL } } },
    { 10, 14, { { QN_BLOCK_ROLE_PARAGRAPH, NULL }, { -1, NULL } } },
    { 15, 19, { { QN_BLOCK_ROLE_DUPLICATE, NULL }, { 2, NULL } } },
    { 20, 24, { { QN_BLOCK_ROLE_FURNITURE, NULL }, { -1, NULL } } },
  };
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "menu\nmore\ntext\ntext\nfoot\n");
  add_layer(&b, doc, "block/1", blocks, 5);
  const qn_str only[] = { QN_LIT("boilerplate"), QN_LIT("duplicates") };
  qn_record_options options = { .size = sizeof options, .n_parts = 2, .parts = only };
  assert_record(&b, doc, &options,
                "{\"offsets\":\"bytes\",\"boilerplate\":[{\"begin\":0,\"end\":9},{\"begin\":20,\"end\":24}],"
                "\"duplicates\":[{\"begin\":15,\"end\":19,\"of\":{\"begin\":10,\"end\":14}}]}");
  document_unref(doc);
  bench_close(&b);
}

static void summary_is_its_rows_joined(void **state) {
  (void)state;
  static const row sentences[] = { { 0, 4, { { 0, NULL } } }, { 5, 9, { { 1, NULL } } } };
  static const row summary[] = {
    { 0, 4, { { 0, NULL }, { 0, "One \"q\"." }, { 1, NULL } } },
    { 4, 5, { { -1, NULL }, { 0, NULL }, { NAN, NULL } } },
    { 5, 9, { { 1, NULL }, { 0, "Two." }, { 0.5, NULL } } },
    { 9, 9, { { -1, NULL }, { 0, "Anew." }, { 0.5, NULL } } },
  };
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "One. Two. ");
  add_layer(&b, doc, "sentence/1", sentences, 2);
  const qn_str only[] = { QN_LIT("summary") };
  qn_record_options options = { .size = sizeof options, .n_parts = 1, .parts = only };
  document *none = document_fork(doc);
  add_layer(&b, doc, "summary/1", summary, 4);
  add_layer(&b, none, "summary/1", summary, 0);
  assert_record(&b, doc, &options,
                "{\"offsets\":\"bytes\",\"summary\":{\"text\":\"One \\\"q\\\". Two. Anew.\",\"sentences\":[0,1]}}");
  assert_record(&b, none, &options, "{\"offsets\":\"bytes\",\"summary\":{\"text\":\"\",\"sentences\":[]}}");
  document_unref(none);
  document_unref(doc);
  bench_close(&b);
}

static void quotes_and_keyphrases_carry_their_text(void **state) {
  (void)state;
  static const row entities[] = {
    { 0, 3, { { QN_ENTITY_TYPE_PERSON, NULL }, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT } }
  };
  static const row quotes[] = { { 5, 8, { { 0, "Ann" }, { 0, NULL } } }, { 9, 10, { { 0, NULL }, { -1, NULL } } } };
  static const row phrases[] = { { 0, 3, { { 0, "ann" }, { 0.5, NULL } } } };
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "Ann: yes no");
  add_layer(&b, doc, "entity/1", entities, 1);
  add_layer(&b, doc, "quote/1", quotes, 2);
  add_layer(&b, doc, "keyphrase/1", phrases, 1);
  const qn_str only[] = { QN_LIT("quotes"), QN_LIT("keyphrases") };
  qn_record_options options = { .size = sizeof options, .n_parts = 2, .parts = only };
  assert_record(&b, doc, &options,
                "{\"offsets\":\"bytes\",\"quotes\":[{\"begin\":5,\"end\":8,\"text\":\"yes\",\"speaker\":\"Ann\","
                "\"entity\":0},{\"begin\":9,\"end\":10,\"text\":\"n\"}],"
                "\"keyphrases\":[{\"begin\":0,\"end\":3,\"text\":\"ann\",\"score\":0.5}]}");
  document_unref(doc);
  bench_close(&b);
}

static void layer_of_a_vendor_is_written_as_its_schema_says(void **state) {
  (void)state;
  static const row rows[] = {
    { 0, 1, { { 7, NULL }, { -9, NULL }, { 0.5, NULL }, { 0, "n" }, { -1, NULL }, { 1, NULL }, { 2, NULL } } },
    { 1, 2, { { 8, NULL }, { 0, NULL }, ABSENT, ABSENT, { -1, NULL }, { 2, NULL }, { 0, NULL } } },
  };
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "ab");
  add_layer(&b, doc, "test.all/1", rows, 2);
  const char *expected =
      "{\"offsets\":\"bytes\",\"layers\":{\"test.all/1\":["
      "{\"begin\":0,\"end\":1,\"number\":7,\"count\":-9,\"weight\":0.5,\"name\":\"n\",\"near\":{\"begin\":0,\"end\":1},"
      "\"mood\":\"wary\"},"
      "{\"begin\":1,\"end\":2,\"number\":8,\"count\":0,\"near\":{\"begin\":0,\"end\":2},\"mood\":\"glad\"}]}}";
  const qn_str by_name[] = { QN_LIT("test.all/1") };
  const qn_str by_part[] = { QN_LIT("layers") };
  qn_record_options options = { .size = sizeof options, .n_parts = 1, .parts = by_name };
  assert_record(&b, doc, &options, expected);
  options.parts = by_part;
  assert_record(&b, doc, &options, expected);
  document_unref(doc);
  bench_close(&b);
}

/* --- offsets --- */

static void offsets_come_in_the_unit_asked_for(void **state) {
  (void)state;
  /* a, mim (2 bytes), euro (3), a smile (4 bytes, 2 UTF-16 units), b */
  static const row rows[] = {
    { 0, 1, { { 0, NULL } } },  { 1, 3, { { 0, NULL } } },   { 3, 6, { { 0, NULL } } },
    { 6, 10, { { 0, NULL } } }, { 10, 11, { { 0, NULL } } },
  };
  static const char *const expected[] = {
    "[{\"begin\":0,\"end\":1,\"kind\":\"sentence\"},{\"begin\":1,\"end\":3,\"kind\":\"sentence\"},"
    "{\"begin\":3,\"end\":6,\"kind\":\"sentence\"},{\"begin\":6,\"end\":10,\"kind\":\"sentence\"},"
    "{\"begin\":10,\"end\":11,\"kind\":\"sentence\"}]",
    "[{\"begin\":0,\"end\":1,\"kind\":\"sentence\"},{\"begin\":1,\"end\":2,\"kind\":\"sentence\"},"
    "{\"begin\":2,\"end\":3,\"kind\":\"sentence\"},{\"begin\":3,\"end\":4,\"kind\":\"sentence\"},"
    "{\"begin\":4,\"end\":5,\"kind\":\"sentence\"}]",
    "[{\"begin\":0,\"end\":1,\"kind\":\"sentence\"},{\"begin\":1,\"end\":2,\"kind\":\"sentence\"},"
    "{\"begin\":2,\"end\":3,\"kind\":\"sentence\"},{\"begin\":3,\"end\":5,\"kind\":\"sentence\"},"
    "{\"begin\":5,\"end\":6,\"kind\":\"sentence\"}]",
  };
  static const char *const names[] = { "bytes", "codepoints", "utf16" };
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "a\xD9\x85\xE2\x82\xAC\xF0\x9F\x98\x80"
                                     "b");
  add_layer(&b, doc, "sentence/1", rows, 5);
  const qn_str only[] = { QN_LIT("sentences") };
  for (uint32_t unit = QN_OFFSETS_BYTES; unit <= QN_OFFSETS_UTF16; unit++) {
    qn_record_options options = { .size = sizeof options, .offsets = unit, .n_parts = 1, .parts = only };
    char text[1024] = "{\"offsets\":\"";
    strcat(strcat(strcat(strcat(text, names[unit]), "\",\"sentences\":"), expected[unit]), "}");
    assert_record(&b, doc, &options, text);
  }
  qn_record_options options = { .size = sizeof options, .offsets = 3 };
  qn_str json;
  assert_int_equal(record_encode(b.encoder, doc, &options, &json), -EINVAL);
  document_unref(doc);
  bench_close(&b);
}

/* A long text, so that every block of the offset index is used. */
static void offsets_of_a_long_text_equal_counting(void **state) {
  (void)state;
  enum { LEN = 3000 };
  bench b;
  bench_open(&b);
  fixture_random random = { 21 };
  uint8_t text[LEN + 16];
  uint32_t len = fixture_random_text(&random, LEN, text);
  text[len] = 0;
  document *doc = fixture_text(&b.f, (const char *)text);
  for (uint32_t unit = QN_OFFSETS_CODEPOINTS; unit <= QN_OFFSETS_UTF16; unit++) {
    uint32_t units = 0;
    for (uint32_t i = 0; i <= len; i++) {
      if (i == len || (text[i] & 0xC0) != 0x80) {
        qn_value title = { .type = QN_VALUE_SPAN, .as.span = { i, i } };
        const qn_str only[] = { QN_LIT("title") };
        qn_record_options options = { .size = sizeof options, .offsets = unit, .n_parts = 1, .parts = only };
        document *fork = document_fork(doc);
        assert_int_equal(document_field_set(fork, QN_LIT("title"), &title), 0);
        char expected[128];
        snprintf(expected, sizeof expected, "{\"offsets\":\"%s\",\"title\":{\"begin\":%u,\"end\":%u}}",
                 unit == QN_OFFSETS_UTF16 ? "utf16" : "codepoints", units, units);
        assert_record(&b, fork, &options, expected);
        document_unref(fork);
        units += unit == QN_OFFSETS_UTF16 && text[i] >= 0xF0 ? 2 : 1;
      }
    }
  }
  document_unref(doc);
  bench_close(&b);
}

static void payload_offsets_stand_beside_text_offsets(void **state) {
  (void)state;
  static const char payload[] = "\xEF\xBB\xBF"
                                "ab";
  static const row rows[] = { { 0, 1, { { 0, NULL } } }, { 1, 2, { { 1, NULL } } } };
  bench b;
  bench_open(&b);
  document *doc = fixture_document(&b.f, payload, 5);
  stage_layout decode = fixture_layout(&b.f, SCHEMA_VIEW_PAYLOAD, SCHEMA_VIEW_TEXT, NULL);
  builder_begin(b.f.builder, doc, &decode);
  assert_int_equal(builder_view_alias(b.f.builder, (qn_span){ 3, 5 }), 0);
  assert_int_equal(builder_seal(b.f.builder, NULL), 0);
  add_layer(&b, doc, "sentence/1", rows, 2);
  qn_value title = { .type = QN_VALUE_SPAN, .as.span = { 0, 2 } };
  assert_int_equal(document_field_set(doc, QN_LIT("title"), &title), 0);
  qn_record_options options = { .size = sizeof options, .payload_offsets = 1 };
  assert_record(&b, doc, &options,
                "{\"text\":\"ab\",\"offsets\":\"bytes\",\"title\":{\"begin\":0,\"end\":2,\"payload\":[3,5]},"
                "\"sentences\":[{\"begin\":0,\"end\":1,\"payload\":[3,4],\"kind\":\"sentence\"},"
                "{\"begin\":1,\"end\":2,\"payload\":[4,5],\"kind\":\"heading\"}]}");
  document_unref(doc);
  bench_close(&b);
}

static void no_locale_changes_a_number(void **state) {
  (void)state;
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "");
  qn_value number = { .type = QN_VALUE_F64, .as.f64 = 1234.5 };
  assert_int_equal(document_field_set(doc, QN_LIT("n"), &number), 0);
  static const char *const locales[] = { "C", "de_DE.UTF-8", "ar_EG.UTF-8", "fr_FR.UTF-8" };
  for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
    setlocale(LC_ALL, locales[i]); /* those not installed leave the last one in place */
    assert_record(&b, doc, NULL, "{\"text\":\"\",\"offsets\":\"bytes\",\"fields\":{\"n\":1234.5}}");
  }
  setlocale(LC_ALL, "C");
  document_unref(doc);
  bench_close(&b);
}

static void options_of_an_older_plugin_are_taken_as_far_as_they_go(void **state) {
  (void)state;
  bench b;
  bench_open(&b);
  document *doc = fixture_text(&b.f, "a");
  qn_record_options options = { .size = offsetof(qn_record_options, payload_offsets), .offsets = QN_OFFSETS_UTF16 };
  options.payload_offsets = 1;
  options.n_parts = 77;
  assert_record(&b, doc, &options, "{\"text\":\"a\",\"offsets\":\"utf16\"}");
  document_unref(doc);
  bench_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(bare_document_is_written_with_its_fields),
    cmocka_unit_test(tokens_carry_form_kind_script_and_parts),
    cmocka_unit_test(entities_carry_values_by_their_type),
    cmocka_unit_test(blocks_give_boilerplate_and_duplicates),
    cmocka_unit_test(summary_is_its_rows_joined),
    cmocka_unit_test(quotes_and_keyphrases_carry_their_text),
    cmocka_unit_test(layer_of_a_vendor_is_written_as_its_schema_says),
    cmocka_unit_test(offsets_come_in_the_unit_asked_for),
    cmocka_unit_test(offsets_of_a_long_text_equal_counting),
    cmocka_unit_test(payload_offsets_stand_beside_text_offsets),
    cmocka_unit_test(no_locale_changes_a_number),
    cmocka_unit_test(options_of_an_older_plugin_are_taken_as_far_as_they_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
