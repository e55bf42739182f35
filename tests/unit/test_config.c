/* SPDX-License-Identifier: Apache-2.0 */

/* Configurations against schemas: every violation with its place and words, defaults, and schemas that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/config.h"

/* All faults of a check, one a line: pointer, '!' if the key is meant, message. */
typedef struct collected {
  size_t len;
  char text[4096];
} collected;

static void collect(void *arg, const char *pointer, int at_key, const char *message) {
  collected *all = arg;
  int wrote = snprintf(all->text + all->len, sizeof all->text - all->len, "%s%s%s: %s", all->len > 0 ? "\n" : "",
                       pointer, at_key ? "!" : "", message);
  all->len += (size_t)wrote;
  assert_true(all->len < sizeof all->text);
}

static cJSON *parse(const char *json) {
  cJSON *tree = cJSON_Parse(json);
  assert_non_null(tree);
  return tree;
}

static const char schema_text[] =
    "{\"type\":\"object\",\"required\":[\"path\"],\"properties\":{"
    "\"path\":{\"type\":\"file\",\"minLength\":1,\"description\":\"where to write\"},"
    "\"sentences\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100,\"default\":3},"
    "\"ratio\":{\"type\":\"number\",\"minimum\":0},"
    "\"strict\":{\"type\":\"boolean\",\"default\":false},"
    "\"mode\":{\"type\":\"string\",\"enum\":[\"fast\",\"careful\"],\"default\":\"fast\"},"
    "\"word\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":4},"
    "\"lists\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"type\":\"string\"}},"
    "\"retry\":{\"type\":\"object\",\"default\":{},\"properties\":{\"times\":{\"type\":\"integer\",\"default\":5}}},"
    "\"names\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"either\":{\"type\":\"object\",\"minProperties\":1,\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":"
    "\"file\"}}}"
    "}}";

static void check_expect(const char *config_text, const char *expected) {
  collected all = { 0 };
  cJSON *schema = parse(schema_text), *config = parse(config_text), *filled = NULL;
  int n_faults = config_check(schema, config, collect, &all, &filled);
  assert_string_equal(all.text, expected);
  assert_int_equal(n_faults == 0, expected[0] == '\0');
  assert_int_equal(filled != NULL, n_faults == 0);
  cJSON_Delete(filled);
  cJSON_Delete(config);
  cJSON_Delete(schema);
}

static void config_violating_its_schema_is_refused_in_clean_words(void **state) {
  (void)state;
  static const struct {
    const char *config, *expected;
  } rows[] = {
    { "{\"path\":\"a\"}", "" },
    { "{}", ": lacks \"path\" (file): where to write" },
    { "[]", ": must be an object, found an array" },
    { "{\"path\":\"a\",\"either\":{\"b\":\"x\"}}", "" },
    { "{\"path\":\"a\",\"either\":{}}", "/either: needs at least 1 of \"a\", \"b\"" },
    { "{\"path\":\"\"}", "/path: must be a file name of at least 1 character, found \"\"" },
    { "{\"path\":5}", "/path: must be a file name of at least 1 character, found 5" },
    { "{\"path\":\"a\",\"path\":\"b\"}", "/path!: \"path\" is given twice; keep one" },
    { "{\"path\":\"a\",\"sentence\":3}", "/sentence!: unknown key \"sentence\"; did you mean \"sentences\"?" },
    { "{\"path\":\"a\",\"zzzzzz\":3}", "/zzzzzz!: unknown key \"zzzzzz\"; known: path, sentences, ratio, strict, mode, "
                                       "word, lists, retry, names, either" },
    { "{\"path\":\"a\",\"sentences\":0}", "/sentences: must be an integer from 1 to 100, found 0" },
    { "{\"path\":\"a\",\"sentences\":101}", "/sentences: must be an integer from 1 to 100, found 101" },
    { "{\"path\":\"a\",\"sentences\":2.5}", "/sentences: must be an integer from 1 to 100, found 2.5" },
    { "{\"path\":\"a\",\"sentences\":\"3\"}", "/sentences: must be an integer from 1 to 100, found \"3\"" },
    { "{\"path\":\"a\",\"sentences\":1e300}", "/sentences: must be an integer from 1 to 100, found 1e+300" },
    { "{\"path\":\"a\",\"sentences\":null}", "/sentences: must be an integer from 1 to 100, found null" },
    { "{\"path\":\"a\",\"ratio\":-1}", "/ratio: must be a number at least 0, found -1" },
    { "{\"path\":\"a\",\"ratio\":1e999}", "/ratio: must be a number at least 0, found inf" },
    { "{\"path\":\"a\",\"strict\":1}", "/strict: must be true or false, found 1" },
    { "{\"path\":\"a\",\"mode\":\"carefull\"}",
      "/mode: must be one of \"fast\", \"careful\", found \"carefull\"; did you mean \"careful\"?" },
    { "{\"path\":\"a\",\"mode\":\"x\"}", "/mode: must be one of \"fast\", \"careful\", found \"x\"" },
    { "{\"path\":\"a\",\"word\":\"a\"}", "/word: must be a string of 2 to 4 characters, found \"a\"" },
    { "{\"path\":\"a\",\"word\":\"\xD9\x83\xD9\x84\xD9\x85\xD8\xA9\"}", "" }, /* four letters, eight bytes */
    { "{\"path\":\"a\",\"lists\":[\"a\",\"b\",\"c\"]}",
      "/lists: must be an array of at most 2 elements, found an array" },
    { "{\"path\":\"a\",\"lists\":[\"a\",7]}", "/lists/1: must be a string, found 7" },
    { "{\"path\":\"a\",\"lists\":\"a\"}", "/lists: must be an array of at most 2 elements, found \"a\"" },
    { "{\"path\":\"a\",\"retry\":{\"times\":\"x\"}}", "/retry/times: must be an integer, found \"x\"" },
    { "{\"path\":\"a\",\"retry\":{\"time\":1}}", "/retry/time!: unknown key \"time\"; did you mean \"times\"?" },
    { "{\"path\":\"a\",\"names\":{\"any/~\":1}}", "/names/any~1~0: must be a string, found 1" },
    { "{\"path\":\"a\",\"word\":\"\\u001b[31m\"}", "/word: must be a string of 2 to 4 characters, found \"?[31m\"" },
    { "{\"pth\":\"a\",\"sentences\":0}", "/pth!: unknown key \"pth\"; did you mean \"path\"?\n"
                                         "/sentences: must be an integer from 1 to 100, found 0\n"
                                         ": lacks \"path\" (file): where to write" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    check_expect(rows[i].config, rows[i].expected);
  }
}

static void config_long_value_is_cut_at_a_code_point(void **state) {
  (void)state;
  char config[1000] = "{\"path\":\"a\",\"sentences\":\"";
  for (int i = 0; i < 100; i++) {
    strcat(config, "\xE2\x82\xAC");
  }
  strcat(config, "\"}");
  check_expect(config, "/sentences: must be an integer from 1 to 100, found \"€€€€€€€€€€€€€…\"");
}

static void config_without_faults_gets_defaults(void **state) {
  (void)state;
  cJSON *schema = parse(schema_text), *config = parse("{\"path\":\"a\",\"sentences\":7}"), *filled = NULL;
  assert_int_equal(config_check(schema, config, NULL, NULL, &filled), 0);
  char *text = cJSON_PrintUnformatted(filled);
  assert_string_equal(text,
                      "{\"path\":\"a\",\"sentences\":7,\"strict\":false,\"mode\":\"fast\",\"retry\":{\"times\":5}}");
  cJSON_free(text);
  cJSON_Delete(filled);
  cJSON_Delete(config);
  cJSON_Delete(schema);
}

static void config_absent_is_as_empty(void **state) {
  (void)state;
  cJSON *schema = parse("{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"default\":1}}}"),
        *filled = NULL;
  assert_int_equal(config_check(schema, NULL, NULL, NULL, &filled), 0);
  assert_int_equal(cJSON_GetObjectItem(filled, "n")->valueint, 1);
  cJSON_Delete(filled);
  cJSON_Delete(schema);
  collected all = { 0 };
  cJSON *nothing = parse("{\"type\":\"object\"}"), *config = parse("{\"a\":1}");
  assert_int_equal(config_check(nothing, config, collect, &all, &filled), 1);
  assert_string_equal(all.text, "/a!: unknown key \"a\"; nothing can be set here");
  cJSON_Delete(nothing);
  cJSON_Delete(config);
}

static void config_schema_faults_are_all_found(void **state) {
  (void)state;
#define WITH(property) "{\"type\":\"object\",\"properties\":{\"p\":" property "}}"
  static const struct {
    const char *schema, *expected;
  } rows[] = {
    { "{\"type\":\"object\"}", "" },
    { WITH("{\"type\":\"string\",\"default\":\"x\",\"enum\":[\"x\",\"y\"]}"), "" },
    { "{\"type\":\"integer\"}", ": must be of type \"object\"" },
    { "[]", ": must be an object: a schema" },
    { "{}", ": needs a \"type\": string, integer, number, boolean, array, object, file or predicate" },
    { WITH("{\"type\":\"strin\"}"),
      "/properties/p: needs a \"type\": string, integer, number, boolean, array, object, file or predicate" },
    { WITH("{\"type\":\"string\",\"defualt\":\"x\"}"),
      "/properties/p/defualt!: the schema language has no key \"defualt\"; did you mean \"default\"?" },
    { WITH("{\"type\":\"string\",\"minimum\":1}"), "/properties/p/minimum!: does not go with type \"string\"" },
    { WITH("{\"type\":\"integer\",\"minimum\":\"1\"}"), "/properties/p/minimum: must be a number" },
    { WITH("{\"type\":\"string\",\"minLength\":-1}"), "/properties/p/minLength: must be a whole number from 0" },
    { WITH("{\"type\":\"integer\",\"minimum\":2,\"maximum\":1}"),
      "/properties/p: \"minimum\" 2 is more than \"maximum\" 1" },
    { WITH("{\"type\":\"integer\",\"minimum\":2,\"default\":1}"),
      "/properties/p/default: must be an integer at least 2, found 1" },
    { WITH("{\"type\":\"string\",\"enum\":[\"a\",1]}"), "/properties/p/enum/1: must be a string, found 1" },
    { WITH("{\"type\":\"string\",\"enum\":[\"a\"],\"default\":\"b\"}"),
      "/properties/p/default: must be one of \"a\", found \"b\"" },
    { WITH("{\"type\":\"string\",\"enum\":[]}"), "/properties/p/enum: must be an array of at least one value" },
    { WITH("{\"type\":\"array\"}"), "/properties/p: is of type \"array\" and lacks \"items\"" },
    { WITH("{\"type\":\"object\"}"), "/properties/p: is of type \"object\" and lacks \"properties\"" },
    { WITH("{\"type\":\"array\",\"items\":{\"type\":\"x\"}}"),
      "/properties/p/items: needs a \"type\": string, integer, number, boolean, array, object, file or predicate" },
    { "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"file\"}},\"required\":[\"pth\"]}",
      ": requires \"pth\", which is not among its properties; did you mean \"path\"?" },
    { "{\"type\":\"object\",\"properties\":[]}", "/properties: must be an object of schemas" },
    { "{\"type\":\"object\",\"required\":[1]}", "/required: must be an array of strings" },
    { "{\"type\":\"object\",\"minProperties\":-1}", "/minProperties: must be a whole number from 0" },
    { WITH("{\"type\":\"string\",\"minProperties\":1}"),
      "/properties/p/minProperties!: does not go with type \"string\"" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    collected all = { 0 };
    cJSON *schema = parse(rows[i].schema);
    int n_faults = config_schema_check(schema, collect, &all);
    if (strcmp(all.text, rows[i].expected) != 0) {
      fail_msg("%s\ngives    %s\nexpected %s", rows[i].schema, all.text, rows[i].expected);
    }
    assert_int_equal(n_faults == 0, rows[i].expected[0] == '\0');
    cJSON_Delete(schema);
  }
}

static void config_at_follows_pointers(void **state) {
  (void)state;
  cJSON *schema = parse(schema_text);
  cJSON *config = parse("{\"lists\":[\"a\",\"b\"],\"names\":{\"x/y~z\":\"v\"},\"retry\":{\"times\":1}}");
  static const struct {
    const char *pointer, *type; /* NULL: not there */
  } rows[] = {
    { "", "object" },
    { "/lists", "array" },
    { "/lists/1", "string" },
    { "/names/x~1y~0z", "string" },
    { "/lists/2", NULL },
    { "/lists/01", NULL },
    { "/lists/-", NULL },
    { "/lists/99999999999999999999", NULL },
    { "/retry/times", "integer" },
    { "/retry/times/0", NULL },
    { "lists", NULL },
    { "/names/x~2", NULL },
    { "/", NULL },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const cJSON *of = NULL, *value = NULL;
    int rc = config_at(schema, config, rows[i].pointer, &of, &value);
    assert_int_equal(rc == 0, rows[i].type != NULL);
    if (rc == 0) {
      assert_string_equal(cJSON_GetObjectItem(of, "type")->valuestring, rows[i].type);
    }
  }
  cJSON_Delete(config);
  cJSON_Delete(schema);
}

static void config_describe_says_what_is_allowed(void **state) {
  (void)state;
  static const struct {
    const char *schema, *expected;
  } rows[] = {
    { "{\"type\":\"integer\",\"minimum\":1,\"maximum\":9}", "integer from 1 to 9" },
    { "{\"type\":\"number\",\"maximum\":0.5}", "number at most 0.5" },
    { "{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}", "one of \"a\", \"b\"" },
    { "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1}", "array of strings, at least 1 element" },
    { "{\"type\":\"array\",\"items\":{\"type\":\"file\"}}", "array of files" },
    { "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}", "object of strings" },
    { "{\"type\":\"boolean\"}", "boolean" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[600];
    cJSON *schema = parse(rows[i].schema);
    config_describe(schema, text, sizeof text);
    assert_string_equal(text, rows[i].expected);
    cJSON_Delete(schema);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(config_violating_its_schema_is_refused_in_clean_words),
    cmocka_unit_test(config_long_value_is_cut_at_a_code_point),
    cmocka_unit_test(config_without_faults_gets_defaults),
    cmocka_unit_test(config_absent_is_as_empty),
    cmocka_unit_test(config_schema_faults_are_all_found),
    cmocka_unit_test(config_at_follows_pointers),
    cmocka_unit_test(config_describe_says_what_is_allowed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
