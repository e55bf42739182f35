/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the stage web-links, which is loaded as Qanat loads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <qanat/harness.h>

static char said[4096];

static qn_harness *open_stage(const char *config) {
  const qn_harness_options options = { .file = STAGE_FILE, .config = config };
  qn_harness *harness = NULL;
  if (qn_harness_open(&options, &harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  return harness;
}

static void close_clean(qn_harness *harness) {
  if (qn_harness_close(harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
}

/* Links and their hosts, "link>host" joined by blanks. */
static const struct {
  const char *text, *config, *links;
} rows[] = {
  { "see https://example.com/a?b=c.", "{}", "https://example.com/a?b=c>example.com " },
  { "(http://a.example) and b@c.example, d", "{}", "http://a.example>a.example b@c.example>c.example " },
  { "b@c.example", "{\"mail\": false}", "" },
  { "https://nowhere http:// @x a@ @b.c xhttp://a.b", "{}", "" },
  { "https://a.example/\xd8\xa7", "{}", "https://a.example/>a.example " },
  { "x@a.example@b.example", "{}", "x@a.example>a.example " },
  { "", "{}", "" },
};

static void append(char *to, qn_str text, const char *mark) {
  strncat(to, text.data, text.len);
  strcat(to, mark);
}

static void links_are_found_in_running_text(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_harness *harness = open_stage(rows[i].config);
    qn_harness_doc *doc = qn_harness_doc_text(harness, rows[i].text, strlen(rows[i].text));
    char got[1000] = "";
    qn_layer links;
    assert_int_equal(qn_harness_process(harness, doc, NULL), QN_STATUS_OK);
    assert_int_equal(qn_harness_layer_get(doc, "web-links.link/1", &links), 0);
    int host = qn_harness_column(harness, "web-links.link/1", "host");
    for (uint32_t row = 0; row < links.n_rows; row++) {
      qn_span span = ((const qn_span *)links.columns[host])[row];
      append(got, qn_harness_row_text(doc, &links, row), ">");
      append(got, (qn_str){ rows[i].text + span.begin, span.end - span.begin }, " ");
    }
    assert_string_equal(got, rows[i].links);
    close_clean(harness);
  }
}

static void link_in_a_sentence_refers_to_it(void **state) {
  static const char *const kept = "\"sentence\":1}],";
  (void)state;
  qn_harness *harness = open_stage(NULL);
  qn_harness_doc *doc;
  if (qn_harness_doc_file(harness, TESTS_FOLDER "/document.json", &doc, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  assert_int_equal(qn_harness_process(harness, doc, NULL), QN_STATUS_OK);
  char *dump = qn_harness_doc_dump(doc);
  assert_non_null(strstr(dump, "\"kind\":\"page\""));
  assert_true(strstr(dump, kept) != NULL || strstr(dump, "\"sentence\":1}]}") != NULL);
  free(dump);
  close_clean(harness);
}

static void laws_of_every_stage_hold(void **state) {
  static const char *const texts[] = { "see https://example.com/a?b=c. And a@b.example." };
  (void)state;
  qn_harness *harness = open_stage(NULL);
  if (qn_harness_check_laws(harness, texts, 1, 1, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  close_clean(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(links_are_found_in_running_text),
    cmocka_unit_test(link_in_a_sentence_refers_to_it),
    cmocka_unit_test(laws_of_every_stage_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
