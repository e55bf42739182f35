/* SPDX-License-Identifier: Apache-2.0 */

/* tokenize: tokens with their columns, the parts of divided words, the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "qanat/layers.h"

#include <cmocka.h>

static void tokenize_tokens_have_kind_script_and_form(void **state) {
  static const struct {
    const char *text;
    const char *form;
    uint32_t kind;
    uint32_t script;
  } rows[] = {
    { "وَقَالَتْ", "وقالت", QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_ARABIC },
    { "Nvidia", "nvidia", QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_LATIN },
    { "إن", "ان", QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_ARABIC },
    { "رقاقة", "رقاقه", QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_ARABIC },
    { "H20", "h20", QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_LATIN },
    { "بلغت", "بلغت", QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_ARABIC },
    { "١٢٫٥", "12.5", QN_TOKEN_KIND_NUMBER, QN_TOKEN_SCRIPT_NONE },
    { "٪", "%", QN_TOKEN_KIND_SYMBOL, QN_TOKEN_SCRIPT_NONE },
    { "،", "،", QN_TOKEN_KIND_PUNCTUATION, QN_TOKEN_SCRIPT_NONE },
    { "https://a.example/B", "https://a.example/b", QN_TOKEN_KIND_ADDRESS, QN_TOKEN_SCRIPT_LATIN },
  };
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"tokenize\"}]");
  document *document = harness_push_text(harness, "وَقَالَتْ Nvidia إن رقاقة H20 بلغت ١٢٫٥٪، https://a.example/B");
  assert_non_null(document);
  qn_layer tokens = harness_layer(harness, document, "token/1");
  assert_int_equal(tokens.n_rows, sizeof rows / sizeof rows[0]);
  for (uint32_t i = 0; i < tokens.n_rows; i++) {
    char *text = harness_text_of(document, tokens.begin[i], tokens.end[i]);
    qn_str form = qn_layer_str(&tokens, QN_TOKEN_FORM, i);
    assert_string_equal(text, rows[i].text);
    assert_int_equal(form.len, strlen(rows[i].form));
    assert_memory_equal(form.data, rows[i].form, form.len);
    assert_int_equal(qn_layer_u32(&tokens, QN_TOKEN_KIND, i), rows[i].kind);
    assert_int_equal(qn_layer_u32(&tokens, QN_TOKEN_SCRIPT, i), rows[i].script);
    free(text);
  }
  document_unref(document);
  harness_free(harness);
}

/* Parts as "token:kind:text", the kinds being p, s, e. */
static void check_parts(const char *stages, const char *text, const char *want) {
  harness *harness = harness_new(stages);
  document *document = harness_push_text(harness, text);
  char got[512] = "";
  assert_non_null(document);
  qn_layer tokens = harness_layer(harness, document, "token/1");
  qn_layer parts = harness_layer(harness, document, "part/1");
  for (uint32_t i = 0; i < parts.n_rows; i++) {
    uint32_t token = qn_layer_u32(&parts, QN_PART_TOKEN, i);
    assert_true(token < tokens.n_rows);
    assert_true(parts.begin[i] >= tokens.begin[token] && parts.end[i] <= tokens.end[token]);
    char *part = harness_text_of(document, parts.begin[i], parts.end[i]);
    size_t len = strlen(got);
    snprintf(got + len, sizeof got - len, "%s%u:%c:%s", i > 0 ? " " : "", token,
             "pse"[qn_layer_u32(&parts, QN_PART_KIND, i)], part);
    free(part);
  }
  assert_string_equal(got, want);
  document_unref(document);
  harness_free(harness);
}

static void tokenize_words_with_clitics_have_parts(void **state) {
  const char *text = "قال وزير وللحكومة به كتابها وبكين وNvidia";
  (void)state;
  check_parts("[{\"use\":\"decode\"},{\"use\":\"tokenize\"}]", text,
              "2:p:و 2:p:لل 2:s:حكومة 3:p:ب 3:e:ه 4:s:كتاب 4:e:ها 5:p:و 5:s:بكين");
  check_parts("[{\"use\":\"decode\"},{\"use\":\"tokenize\",\"with\":{\"parts\":false}}]", text, "");
}

/* More tokens, parts and forms than the stage asks room for at once; each document sees the same cache. */
static void tokenize_long_texts_are_tokenized_alike_each_time(void **state) {
  enum { N = 5000 };
  static const char piece[] = "وبمدينتهم a ";
  char *text = calloc(1, N * (sizeof piece - 1) + 1);
  (void)state;
  assert_non_null(text);
  for (size_t i = 0; i < N; i++) {
    memcpy(text + i * (sizeof piece - 1), piece, sizeof piece - 1);
  }
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"tokenize\"}]");
  for (int round = 0; round < 2; round++) {
    document *document = harness_push_text(harness, text);
    assert_non_null(document);
    qn_layer parts = harness_layer(harness, document, "part/1");
    assert_int_equal(harness_layer(harness, document, "token/1").n_rows, 2 * N);
    assert_int_equal(parts.n_rows, 4 * N);
    assert_int_equal(qn_layer_u32(&parts, QN_PART_TOKEN, 4 * N - 1), 2 * N - 2);
    document_unref(document);
  }
  harness_free(harness);
  free(text);
}

static void tokenize_any_text_keeps_the_laws(void **state) {
  static const char *const texts[] = {
    "وقالت Nvidia إن رقاقة H20 بلغت ١٢٫٥٪، https://a.example/b #وسم_جديد @user a.b@c.org 👨\u200D👩\u200D👧 20مليار",
    "ﷲ ﷺ ﷺﷺﷺ ـ \u064E 東京 ไทย नमस्ते U.S. ...... ((",
  };
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"tokenize\"}]");
  harness_check_laws(harness, texts, sizeof texts / sizeof texts[0]);
  harness_free(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(tokenize_tokens_have_kind_script_and_form),
    cmocka_unit_test(tokenize_words_with_clitics_have_parts),
    cmocka_unit_test(tokenize_long_texts_are_tokenized_alike_each_time),
    cmocka_unit_test(tokenize_any_text_keeps_the_laws),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
