/* SPDX-License-Identifier: Apache-2.0 */

/* Conditions: what holds of which document, what is refused and where, how they read, and the bounds of patterns. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document_fixture.h"
#include "plugin/pattern.h"
#include "plugin/predicate.h"
#include "qanat/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static predicate *compiled(const char *json, const schema_set *schemas) {
  predicate *made = NULL;
  qn_error error = { 0 };
  cJSON *tree = cJSON_Parse(json);
  assert_non_null(tree);
  int result = predicate_compile(tree, schemas, &made, &error);
  cJSON_Delete(tree); /* nothing of it may be kept */
  if (result != 0) {
    fail_msg("%s: %s", json, error.message);
  }
  return made;
}

static void set(document *doc, const char *name, const qn_value *value) {
  assert_int_equal(document_field_set(doc, (qn_str){ name, strlen(name) }, value), 0);
}

static void set_str(document *doc, const char *name, const char *text) {
  qn_value value = { .type = QN_VALUE_STR };
  value.as.str = (qn_str){ text, strlen(text) };
  set(doc, name, &value);
}

/* The document all rows are asked of: fields of every type, a layer of three rows, one that is made and empty. */
static document *sample(fixture *f) {
  document *doc = fixture_text(f, "خبر عاجل من العاصمة");
  qn_value value = { .type = QN_VALUE_I64 };
  qn_rows rows;
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "sentence/1");
  qn_error error = { 0 };
  set_str(doc, "language", "ar");
  set_str(doc, "published", "2026-03-09T10:00:00Z");
  set_str(doc, "empty", "");
  value.as.i64 = 42;
  set(doc, "n", &value);
  value.as.i64 = INT64_C(9007199254740993); /* no double is equal to it */
  set(doc, "large", &value);
  value.type = QN_VALUE_BOOL;
  value.as.i64 = 1;
  set(doc, "flag", &value);
  value.type = QN_VALUE_F64;
  value.as.f64 = 0.75;
  set(doc, "score", &value);
  value.type = QN_VALUE_SPAN;
  value.as.span = (qn_span){ 0, 6 }; /* خبر */
  set(doc, "title", &value);
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_layer_reserve(f->builder, 0, 3, 0, &rows), 0);
  for (uint32_t i = 0; i < 3; i++) {
    rows.begin[i] = 0;
    rows.end[i] = 6 - 2 * i;
    ((uint32_t *)rows.columns[0])[i] = 0;
  }
  assert_int_equal(builder_layer_commit(f->builder, 0, 3, 0), 0);
  assert_int_equal(builder_seal(f->builder, &error), 0);
  layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "block/1");
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_layer_reserve(f->builder, 0, 1, 0, &rows), 0);
  assert_int_equal(builder_layer_commit(f->builder, 0, 0, 0), 0);
  assert_int_equal(builder_seal(f->builder, &error), 0);
  return doc;
}

static const struct {
  const char *json;
  int holds;
} rows[] = {
  { "{\"field\":\"language\",\"is\":\"ar\"}", 1 },
  { "{\"field\":\"language\",\"is\":\"a\"}", 0 },
  { "{\"field\":\"language\",\"is\":\"arz\"}", 0 },
  { "{\"field\":\"language\",\"is\":[\"en\",\"ar\"]}", 1 },
  { "{\"field\":\"language\",\"is\":[\"en\",4,true]}", 0 },
  { "{\"field\":\"absent\",\"is\":\"\"}", 0 },
  { "{\"field\":\"empty\",\"is\":\"\"}", 1 },
  { "{\"field\":\"empty\",\"present\":true}", 1 },
  { "{\"field\":\"absent\",\"present\":true}", 0 },
  { "{\"field\":\"absent\",\"present\":false}", 1 },
  { "{\"field\":\"language\",\"present\":false}", 0 },
  { "{\"field\":\"flag\",\"is\":true}", 1 },
  { "{\"field\":\"flag\",\"is\":false}", 0 },
  { "{\"field\":\"flag\",\"is\":1}", 0 },
  { "{\"field\":\"n\",\"is\":42}", 1 },
  { "{\"field\":\"n\",\"is\":\"42\"}", 0 },
  { "{\"field\":\"n\",\"is\":42.5}", 0 },
  { "{\"field\":\"n\",\"above\":41.5,\"below\":42.5}", 1 },
  { "{\"field\":\"n\",\"at_least\":42,\"at_most\":42}", 1 },
  { "{\"field\":\"n\",\"above\":42}", 0 },
  { "{\"field\":\"n\",\"below\":42}", 0 },
  { "{\"field\":\"n\",\"above\":-1e300}", 1 },
  { "{\"field\":\"n\",\"below\":1e300}", 1 },
  { "{\"field\":\"n\",\"below\":\"a\"}", 0 },
  { "{\"field\":\"large\",\"above\":9007199254740992}", 1 },
  { "{\"field\":\"large\",\"is\":9007199254740992}", 0 },
  { "{\"field\":\"score\",\"is\":0.75}", 1 },
  { "{\"field\":\"score\",\"at_least\":0.5,\"below\":0.75}", 0 },
  { "{\"field\":\"published\",\"at_least\":\"2026-03\",\"below\":\"2026-04\"}", 1 },
  { "{\"field\":\"published\",\"above\":\"2026-03-09T10:00:00Z\"}", 0 },
  { "{\"field\":\"published\",\"above\":2026}", 0 },
  { "{\"field\":\"title\",\"is\":\"خبر\"}", 1 },
  { "{\"field\":\"title\",\"matches\":\"^.{3}$\"}", 1 }, /* characters, not bytes */
  { "{\"field\":\"title\",\"matches\":\"^\\\\w+$\"}", 1 },
  { "{\"field\":\"published\",\"matches\":\"^\\\\d{4}-03\"}", 1 },
  { "{\"field\":\"published\",\"matches\":\"^03\"}", 0 },
  { "{\"field\":\"language\",\"matches\":\"(?i)^AR$\"}", 1 },
  { "{\"field\":\"n\",\"matches\":\"4\"}", 0 },
  { "{\"field\":\"empty\",\"matches\":\"^$\"}", 1 },
  { "{\"layer\":\"sentence/1\",\"present\":true}", 1 },
  { "{\"layer\":\"block/1\",\"present\":true}", 1 },
  { "{\"layer\":\"token/1\",\"present\":true}", 0 },
  { "{\"layer\":\"token/1\",\"present\":false}", 1 },
  { "{\"layer\":\"sentence/1\",\"count\":{\"min\":3,\"max\":3}}", 1 },
  { "{\"layer\":\"sentence/1\",\"count\":{\"min\":4}}", 0 },
  { "{\"layer\":\"sentence/1\",\"count\":{\"max\":2}}", 0 },
  { "{\"layer\":\"block/1\",\"count\":{\"max\":0}}", 1 },
  { "{\"layer\":\"token/1\",\"count\":{\"max\":0}}", 1 },
  { "{\"layer\":\"token/1\",\"present\":true,\"count\":{\"max\":0}}", 0 },
  { "{\"layer\":\"acme.unheard/1\",\"count\":{\"min\":1}}", 0 },
  { "{\"not\":{\"field\":\"language\",\"is\":\"ar\"}}", 0 },
  { "{\"not\":{\"not\":{\"field\":\"language\",\"is\":\"ar\"}}}", 1 },
  { "{\"not\":{\"field\":\"n\",\"at_least\":42,\"at_most\":41}}", 1 },
  { "{\"all\":[{\"field\":\"language\",\"is\":\"ar\"},{\"field\":\"n\",\"is\":42}]}", 1 },
  { "{\"all\":[{\"field\":\"language\",\"is\":\"ar\"},{\"field\":\"n\",\"is\":43}]}", 0 },
  { "{\"any\":[{\"field\":\"language\",\"is\":\"en\"},{\"field\":\"n\",\"is\":42}]}", 1 },
  { "{\"any\":[{\"field\":\"language\",\"is\":\"en\"},{\"field\":\"n\",\"is\":43}]}", 0 },
  { "{\"not\":{\"any\":[{\"field\":\"language\",\"is\":\"en\"},{\"field\":\"n\",\"is\":43}]}}", 1 },
  { "{\"all\":[{\"any\":[{\"field\":\"n\",\"is\":1},{\"not\":{\"field\":\"flag\",\"is\":false}}]},"
    "{\"not\":{\"all\":[{\"field\":\"n\",\"is\":42},{\"layer\":\"quote/1\",\"present\":true}]}}]}",
    1 },
};

static void predicate_on_one_document_holds_or_not(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *doc = sample(&f);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (int bound = 0; bound < 2; bound++) {
      size_t before = document_bytes(doc);
      predicate *made = compiled(rows[i].json, bound ? f.set : NULL);
      int holds = predicate_holds(made, doc);
      predicate_free(made);
      if (holds != rows[i].holds) {
        fail_msg("%s: %d", rows[i].json, holds);
      }
      assert_int_equal(document_bytes(doc), before);
    }
  }
  document_unref(doc);
  fixture_close(&f);
}

/* A random tree of conditions whose parts are known to hold or not, against the same tree worked out on the way. */
static bool grow(fixture_random *random, int depth, char *json, size_t *len, size_t capacity) {
  static const char *const keys[] = { "all", "any" };
  uint32_t kind = depth == 0 ? 0 : fixture_next(random, 4);
  if (kind == 0) {
    bool holds = fixture_next(random, 2);
    *len += (size_t)snprintf(json + *len, capacity - *len, "{\"field\":\"n\",\"is\":%d}", holds ? 42 : 7);
    return holds;
  }
  if (kind == 1) {
    *len += (size_t)snprintf(json + *len, capacity - *len, "{\"not\":");
    bool holds = !grow(random, depth - 1, json, len, capacity);
    *len += (size_t)snprintf(json + *len, capacity - *len, "}");
    return holds;
  }
  bool all = kind == 2;
  bool holds = all;
  uint32_t n = 1 + fixture_next(random, 4);
  for (uint32_t i = 0; i < n; i++) {
    *len += (size_t)snprintf(json + *len, capacity - *len, i == 0 ? "{\"%s\":[" : ",", keys[all ? 0 : 1]);
    bool part = grow(random, depth - 1, json, len, capacity);
    holds = all ? holds && part : holds || part;
  }
  *len += (size_t)snprintf(json + *len, capacity - *len, "]}");
  return holds;
}

static void predicate_of_random_form_keeps_its_logic(void **state) {
  enum { ROUNDS = 2000, BYTES = 1 << 16 };
  (void)state;
  fixture f;
  fixture_random random = { 20261121 };
  char *json = malloc(BYTES);
  assert_non_null(json);
  fixture_open(&f);
  document *doc = sample(&f);
  for (int i = 0; i < ROUNDS; i++) {
    size_t len = 0;
    bool wanted = grow(&random, 5, json, &len, BYTES);
    assert_true(len < BYTES);
    predicate *made = compiled(json, f.set);
    if (predicate_holds(made, doc) != wanted) {
      fail_msg("not %d: %s", wanted, json);
    }
    predicate_free(made);
  }
  document_unref(doc);
  fixture_close(&f);
  free(json);
}

typedef struct told {
  int n;
  char text[2000];
} told;

static void tell(void *arg, const char *pointer, int at_key, const char *message) {
  told *t = arg;
  size_t len = strlen(t->text);
  snprintf(t->text + len, sizeof t->text - len, "%s%s%s: %s\n", pointer, at_key ? " (key)" : "", "", message);
  t->n++;
}

static void predicate_with_faults_tells_all_of_them(void **state) {
  static const struct {
    const char *json, *told;
  } faulty[] = {
    { "3", ": a condition must be an object { ... }, found a number\n" },
    { "{}", ": a condition needs \"field\" or \"layer\" with a test, or one of \"any\", \"all\", \"not\"\n" },
    { "{\"field\":\"a\",\"matches\":\"^(ab\"}", "/matches: bad regular expression at character 5: missing closing "
                                                "parenthesis\n" },
    { "{\"field\":\"a\",\"matches\":\"خبر[\"}",
      "/matches: bad regular expression at character 5: missing terminating ] "
      "for character class\n" },
    { "{\"field\":\"a\",\"matches\":\"\\\\C\"}", "/matches: bad regular expression at character 3: using \\C is "
                                                 "disabled by the application\n" },
    { "{\"field\":\"a\",\"matches\":\"\"}", "/matches: a regular expression has 1 to 4096 bytes\n" },
    { "{\"field\":\"\",\"is\":null}", "/field: must be a string of 1 to 256 bytes\n"
                                      "/is: must be a string, a number, true, false, or a list of these\n" },
    { "{\"field\":\"a\",\"is\":[1,[2]]}", "/is: must be a string, a number, true, false, or a list of these\n" },
    { "{\"layer\":\"token/1\",\"count\":{\"min\":3,\"max\":2}}",
      "/count: \"min\" is more than \"max\": no document can have such a count\n" },
    { "{\"layer\":\"token/1\",\"count\":{}}", "/count: a count needs \"min\", \"max\" or both\n" },
    { "{\"layer\":\"token/1\",\"count\":{\"min\":4294967295}}",
      "/count/min: must be a whole number from 0 to 4294967294\n" },
    { "{\"field\":\"a\",\"field\":\"b\",\"is\":1}", "/field (key): \"field\" is given twice; keep one\n" },
    { "{\"any\":[{\"feild\":\"a\",\"is\":1},{\"not\":[]}]}",
      "/any/0/feild (key): a condition has no key \"feild\"; did you mean \"field\"?\n"
      "/any/1/not: a condition must be an object { ... }, found a list\n" },
    { "{\"field\":\"a\",\"present\":\"yes\",\"above\":true}",
      "/present: must be true or false, found a string\n"
      "/above: must be a number, or a string such as a date, found true or false\n" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
    told found = { 0 };
    predicate *made = NULL;
    cJSON *json = cJSON_Parse(faulty[i].json);
    assert_non_null(json);
    int n = predicate_check(json, tell, &found);
    assert_int_equal(n, found.n);
    assert_string_equal(found.text, faulty[i].told);
    assert_int_equal(predicate_compile(json, NULL, &made, NULL), -EINVAL);
    assert_null(made);
    cJSON_Delete(json);
  }
}

static void predicate_nested_too_deep_is_refused(void **state) {
  (void)state;
  for (int depth = PREDICATE_DEPTH_MAX - 1; depth <= PREDICATE_DEPTH_MAX; depth++) {
    char json[512] = "";
    for (int i = 0; i < depth; i++) {
      strcat(json, "{\"not\":");
    }
    strcat(json, "{\"field\":\"a\",\"is\":1}");
    for (int i = 0; i < depth; i++) {
      strcat(json, "}");
    }
    told found = { 0 };
    cJSON *tree = cJSON_Parse(json);
    assert_int_equal(predicate_check(tree, tell, &found), depth == PREDICATE_DEPTH_MAX);
    cJSON_Delete(tree);
  }
}

static void pattern_that_takes_too_long_is_given_up(void **state) {
  (void)state;
  pattern *made = NULL;
  qn_error error = { 0 };
  char subject[3000];
  memset(subject, 'a', sizeof subject);
  assert_int_equal(pattern_compile("^(a|aa|aaa)+$", &made, &error), 0);
  subject[sizeof subject - 1] = 'b';
  assert_int_equal(pattern_matches(made, (qn_str){ subject, sizeof subject }), -ELOOP);
  assert_int_equal(pattern_matches(made, (qn_str){ "aaaa", 4 }), 1);
  pattern_free(made);
  /* Deep, not long: within bounds, whatever engine does it. */
  assert_int_equal(pattern_compile("^(a|b)*$", &made, &error), 0);
  assert_int_equal(pattern_matches(made, (qn_str){ subject, sizeof subject }), 1);
  pattern_free(made);
}

static void pattern_on_rubbish_is_safe(void **state) {
  (void)state;
  pattern *made = NULL;
  qn_error error = { 0 };
  fixture_random random = { 7 };
  assert_int_equal(pattern_compile("\\w{2,}\\s.|^$", &made, &error), 0);
  assert_int_equal(pattern_matches(made, (qn_str){ NULL, 0 }), 1);
  for (int i = 0; i < 2000; i++) {
    size_t len = fixture_next(&random, 60);
    char *bytes = malloc(len + 1); /* exact, so that the sanitizers see a step too far */
    assert_non_null(bytes);
    for (size_t k = 0; k < len; k++) {
      bytes[k] = (char)fixture_next(&random, 256);
    }
    int found = pattern_matches(made, (qn_str){ bytes, len });
    assert_true(found == 0 || found == 1);
    free(bytes);
  }
  pattern_free(made);
}

enum { THREADS = 20, MATCHES = 2000 };

static void *match_often(void *arg) {
  const pattern *shared = arg;
  long wrong = 0;
  for (int i = 0; i < MATCHES; i++) {
    wrong += pattern_matches(shared, QN_LIT("https://example.org/a")) != 1;
    wrong += pattern_matches(shared, QN_LIT("ftp://example.org/a")) != 0;
  }
  return (void *)wrong;
}

/* More threads than it has places to match in. */
static void pattern_shared_by_threads_answers_each(void **state) {
  (void)state;
  pattern *shared = NULL;
  pthread_t threads[THREADS];
  assert_int_equal(pattern_compile("^https?://([a-z.]+)/", &shared, NULL), 0);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, match_often, shared), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    void *wrong = NULL;
    assert_int_equal(pthread_join(threads[i], &wrong), 0);
    assert_null(wrong);
  }
  pattern_free(shared);
}

static int collect(void *arg, const char *layer, const char *pointer) {
  char *text = arg;
  snprintf(text + strlen(text), 200 - strlen(text), "%s at %s\n", layer, pointer);
  return 0;
}

static void predicate_layers_are_found_with_their_places(void **state) {
  (void)state;
  char text[200] = "";
  cJSON *json =
      cJSON_Parse("{\"any\":[{\"field\":\"layer\",\"is\":\"x\"},{\"not\":{\"layer\":\"token/1\",\"present\":true}},"
                  "{\"layer\":\"quote/1\",\"count\":{\"min\":1}}]}");
  assert_int_equal(predicate_layers(json, collect, text), 0);
  assert_string_equal(text, "token/1 at /any/1/not/layer\nquote/1 at /any/2/layer\n");
  cJSON_Delete(json);
}

static void predicate_reads_as_words(void **state) {
  static const struct {
    const char *json, *text;
  } said[] = {
    { "\"otherwise\"", "otherwise" },
    { "{\"field\":\"language\",\"is\":[\"ar\",\"fa\",\"ur\"]}", "language is \"ar\", \"fa\" or \"ur\"" },
    { "{\"field\":\"score\",\"at_least\":0.5,\"below\":1}", "score ≥ 0.5 and < 1" },
    { "{\"all\":[{\"field\":\"a\",\"present\":false},{\"not\":{\"any\":[{\"layer\":\"quote/1\",\"count\":{\"min\":1}},"
      "{\"field\":\"b\",\"is\":true}]}}]}",
      "a is absent and not (quote/1 has at least 1 row or b is true)" },
    { "{\"not\":{\"layer\":\"quote/1\",\"present\":true}}", "not (quote/1 is present)" },
    { "{\"field\":\"source\",\"matches\":\"^ال\"}", "source matches \"^ال\"" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
    cJSON *json = cJSON_Parse(said[i].json);
    for (size_t capacity = 1; capacity <= 100; capacity++) {
      char text[100];
      predicate_text(json, text, capacity);
      assert_true(strlen(text) < capacity);
      assert_memory_equal(text, said[i].text, strlen(text));
    }
    char text[100];
    predicate_text(json, text, sizeof text);
    assert_string_equal(text, said[i].text);
    cJSON_Delete(json);
  }
}

/* The same without machine code, as where the system allows none. */
static int no_jit(void **state) {
  (void)state;
  return setenv("QANAT_NO_JIT", "1", 1);
}

static int jit_again(void **state) {
  (void)state;
  return unsetenv("QANAT_NO_JIT");
}

/* --- exclusion --- */

typedef struct exclusion_row {
  const char *a, *b;
  bool excludes;
} exclusion_row;

static const exclusion_row exclusions[] = {
  { "{'field': 'f', 'is': 'x'}", "{'field': 'f', 'is': 'y'}", true },
  { "{'field': 'f', 'is': 'x'}", "{'field': 'f', 'is': 'x'}", false },
  { "{'field': 'f', 'is': 'x'}", "{'field': 'g', 'is': 'y'}", false },
  { "{'field': 'f', 'is': ['x', 'y']}", "{'field': 'f', 'is': ['y', 'z']}", false },
  { "{'field': 'f', 'is': ['w', 'x']}", "{'field': 'f', 'is': ['y', 'z']}", true },
  { "{'field': 'f', 'is': 1}", "{'field': 'f', 'is': '1'}", true },
  { "{'field': 'f', 'is': 'x'}", "{'not': {'field': 'f', 'is': 'x'}}", true },
  { "{'field': 'f', 'is': 'x'}", "{'not': {'field': 'f', 'is': 'y'}}", false },
  { "{'field': 'f', 'present': false}", "{'field': 'f', 'is': 'x'}", true },
  { "{'field': 'f', 'present': false}", "{'field': 'f', 'matches': 'x'}", true },
  { "{'field': 'f', 'present': true}", "{'field': 'f', 'is': 'x'}", false },
  { "{'field': 'f', 'below': 1}", "{'field': 'f', 'at_least': 1}", true },
  { "{'field': 'f', 'at_most': 1}", "{'field': 'f', 'at_least': 1}", false },
  { "{'field': 'f', 'at_most': 1}", "{'field': 'f', 'above': 1}", true },
  { "{'field': 'f', 'at_least': 3, 'above': 1}", "{'field': 'f', 'at_most': 2}", true },
  { "{'field': 'f', 'matches': '^a'}", "{'field': 'f', 'matches': '^b'}", false },
  { "{'layer': 'quote/1', 'present': true}", "{'layer': 'quote/1', 'present': false}", true },
  { "{'layer': 'quote/1', 'count': 0}", "{'layer': 'quote/1', 'count': {'min': 1}}", true },
  { "{'layer': 'quote/1', 'count': {'max': 2}}", "{'layer': 'quote/1', 'count': {'min': 2}}", false },
  { "{'layer': 'quote/1', 'present': false}", "{'layer': 'quote/1', 'count': 0}", false },
  { "{'layer': 'quote/1', 'count': 0}", "{'layer': 'entity/1', 'count': 1}", false },
  { "{'all': [{'field': 'g', 'is': 1}, {'field': 'f', 'is': 'x'}]}", "{'field': 'f', 'is': 'y'}", true },
  { "{'any': [{'field': 'g', 'is': 1}, {'field': 'f', 'is': 'x'}]}", "{'field': 'f', 'is': 'y'}", false },
  { "{'any': [{'field': 'f', 'is': 'z'}, {'field': 'f', 'is': 'x'}]}", "{'field': 'f', 'is': 'y'}", true },
  { "{'any': [{'field': 'f', 'is': 'a'}, {'field': 'f', 'is': 'b'}]}",
    "{'any': [{'field': 'f', 'is': 'c'}, {'field': 'f', 'is': 'd'}]}", true },
  { "{'any': [{'field': 'f', 'is': 'a'}, {'field': 'f', 'is': 'b'}]}",
    "{'not': {'any': [{'field': 'f', 'is': 'a'}, {'field': 'f', 'is': 'b'}]}}", true },
};

static cJSON *quoted(const char *json) {
  char text[512];
  assert_true(strlen(json) < sizeof text);
  for (size_t i = 0; i <= strlen(json); i++) {
    text[i] = json[i] == '\'' ? '"' : json[i];
  }
  cJSON *tree = cJSON_Parse(text);
  assert_non_null(tree);
  return tree;
}

static void excludes_what_can_be_told_from_the_conditions(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof exclusions / sizeof exclusions[0]; i++) {
    cJSON *a = quoted(exclusions[i].a);
    cJSON *b = quoted(exclusions[i].b);
    if (predicate_excludes(a, b) != exclusions[i].excludes || predicate_excludes(b, a) != exclusions[i].excludes) {
      fail_msg("%s and %s", exclusions[i].a, exclusions[i].b);
    }
    cJSON_Delete(a);
    cJSON_Delete(b);
  }
}

/* Each way of taking two conditions apart, level by level, is one of more than anybody can try. */
static void excludes_gives_up_on_deep_conditions(void **state) {
  (void)state;
  cJSON *sides[2];
  for (uint32_t side = 0; side < 2; side++) {
    sides[side] = quoted(side == 0 ? "{'field': 'f', 'is': 'x'}" : "{'field': 'g', 'is': 'x'}");
    for (uint32_t depth = 1; depth < PREDICATE_DEPTH_MAX; depth++) {
      cJSON *around = cJSON_CreateObject();
      cJSON_AddItemToArray(cJSON_AddArrayToObject(around, "all"), sides[side]);
      sides[side] = around;
    }
  }
  assert_false(predicate_excludes(sides[0], sides[1]));
  cJSON_Delete(sides[0]);
  cJSON_Delete(sides[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(excludes_what_can_be_told_from_the_conditions),
    cmocka_unit_test(excludes_gives_up_on_deep_conditions),
    cmocka_unit_test(predicate_on_one_document_holds_or_not),
    cmocka_unit_test(predicate_of_random_form_keeps_its_logic),
    cmocka_unit_test(predicate_with_faults_tells_all_of_them),
    cmocka_unit_test(predicate_nested_too_deep_is_refused),
    cmocka_unit_test(pattern_that_takes_too_long_is_given_up),
    cmocka_unit_test(pattern_on_rubbish_is_safe),
    cmocka_unit_test(pattern_shared_by_threads_answers_each),
    cmocka_unit_test_setup_teardown(predicate_on_one_document_holds_or_not, no_jit, jit_again),
    cmocka_unit_test_setup_teardown(pattern_that_takes_too_long_is_given_up, no_jit, jit_again),
    cmocka_unit_test_setup_teardown(pattern_on_rubbish_is_safe, no_jit, jit_again),
    cmocka_unit_test_setup_teardown(pattern_shared_by_threads_answers_each, no_jit, jit_again),
    cmocka_unit_test(predicate_layers_are_found_with_their_places),
    cmocka_unit_test(predicate_reads_as_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
