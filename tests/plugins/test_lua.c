/* SPDX-License-Identifier: Apache-2.0 */

/* lua: the laws of stages, for the scripts that are shipped; tests/command/check-lua has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include <cmocka.h>

static const char *const texts[] = {
  "ارتفع سعرُ الفائدةِ مرتين، ورفع البنك سعر الفائده ثالثة. وللمنجم إدارة جديدة.",
  "Lithium, LITHIUM and lithium: one metal. منجم في الجبل 1 2 3 4 5.",
  "1 2 3 4 5 6 7 8 9",
  "",
};

/* A pipeline whose lua stage runs a script of the source tree; with is the rest of its configuration. */
static harness *open_script(const char *script, const char *with) {
  char stages[2048];
  char *path = harness_source_path(script);
  char *terms = harness_source_path("pipelines/scripts/terms.tsv");
  snprintf(stages, sizeof stages,
           "[{\"use\":\"decode\"},{\"use\":\"normalize\"},{\"use\":\"sentences\"},{\"use\":\"tokenize\"},"
           "{\"use\":\"lua\",\"with\":{\"script\":\"%s\",\"files\":{\"terms\":\"%s\"},%s}}]",
           path, terms, with);
  free(path);
  free(terms);
  return harness_new(stages);
}

#define READS "\"layers\":{\"reads\":[\"token/1\"]}"
#define TERMS                                                                                                          \
  "\"layers\":{\"reads\":[\"token/1\"],\"provides\":[\"glossary.term/1\"],\"schemas\":{\"glossary.term/1\":"           \
  "{\"columns\":[{\"name\":\"explanation\",\"type\":\"str\"}]}}}"

static void lua_glossary_marks_terms_however_spelled(void **state) {
  (void)state;
  harness *harness = open_script("pipelines/scripts/glossary.lua", TERMS);
  static const char *const wanted[] = { "سعرُ الفائدةِ", "سعر الفائده" };
  document *document = harness_push_text(harness, texts[0]);
  assert_non_null(document);
  qn_layer terms = harness_layer(harness, document, "glossary.term/1");
  assert_int_equal(terms.n_rows, 2);
  for (uint32_t i = 0; i < 2; i++) {
    char *found = harness_text_of(document, terms.begin[i], terms.end[i]);
    assert_string_equal(found, wanted[i]);
    free(found);
  }
  document_unref(document);
  harness_free(harness);
}

static void lua_gate_ends_what_is_not_worth_reading(void **state) {
  static const qn_status wanted[] = { QN_STATUS_OK, QN_STATUS_OK, QN_STATUS_REJECT, QN_STATUS_DROP };
  (void)state;
  harness *strict = open_script("pipelines/scripts/gate.lua", "\"settings\":{\"words\":\"1\"}," READS);
  harness *loose = open_script("pipelines/scripts/gate.lua", "\"settings\":{\"words\":\"0\"}," READS);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    harness *gate = wanted[i] == QN_STATUS_REJECT ? loose : strict;
    document_unref(harness_push_text(gate, texts[i]));
    assert_int_equal(harness_status(gate), wanted[i]);
  }
  assert_string_equal(harness_error(loose)->slug, "mostly-numbers");
  harness_free(strict);
  harness_free(loose);
}

static void lua_laws_hold(void **state) {
  (void)state;
  harness *glossary = open_script("pipelines/scripts/glossary.lua", TERMS);
  harness_check_laws(glossary, texts, sizeof texts / sizeof texts[0]);
  harness_free(glossary);
  harness *gate = open_script("pipelines/scripts/gate.lua", "\"settings\":{\"words\":\"0\"}," READS);
  harness_check_laws(gate, texts, sizeof texts / sizeof texts[0]);
  harness_free(gate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(lua_glossary_marks_terms_however_spelled),
    cmocka_unit_test(lua_gate_ends_what_is_not_worth_reading),
    cmocka_unit_test(lua_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
