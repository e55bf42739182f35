/* SPDX-License-Identifier: Apache-2.0 */

/* Picking members out of JSON: what is found, what is refused and where, how strings decode. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "input/json_pick.h"

static const char *const names[] = { "text", "id", "a.b" };

typedef struct good_row {
  const char *json;
  json_kind text, id, inner;
  const char *raw; /* of text, or of a.b if there is no text */
} good_row;

static const good_row good_rows[] = {
  { "{}", JSON_NONE, JSON_NONE, JSON_NONE, NULL },
  { "{\"text\":\"x\"}", JSON_STRING, JSON_NONE, JSON_NONE, "x" },
  { " { \"id\" : 7 , \"text\" : \"\" } ", JSON_STRING, JSON_NUMBER, JSON_NONE, "" },
  { "{\"t\\u0065xt\":\"y\"}", JSON_STRING, JSON_NONE, JSON_NONE, "y" },
  { "{\"a\":{\"b\":\"in\",\"text\":1}}", JSON_NONE, JSON_NONE, JSON_STRING, "in" },
  { "{\"a.b\":\"flat\"}", JSON_NONE, JSON_NONE, JSON_STRING, "flat" },
  { "{\"a\":[{\"b\":1}],\"text\":null}", JSON_NULL, JSON_NONE, JSON_NONE, NULL },
  { "{\"text\":[1,-2.5e+3,true,false,null,{}],\"id\":{}}", JSON_ARRAY, JSON_OBJECT, JSON_NONE, NULL },
  { "{\"text\":\"a\\\"b\\\\\",\"x\":\"\t\"}", JSON_STRING, JSON_NONE, JSON_NONE, "a\\\"b\\\\" },
};

static void pick_json_members(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof good_rows / sizeof good_rows[0]; i++) {
    json_value values[3];
    json_fault fault;
    const good_row *row = &good_rows[i];
    assert_int_equal(json_pick(row->json, strlen(row->json), names, values, 3, &fault), 0);
    assert_int_equal(values[0].kind, row->text);
    assert_int_equal(values[1].kind, row->id);
    assert_int_equal(values[2].kind, row->inner);
    const json_value *raw = row->text == JSON_NONE ? &values[2] : &values[0];
    if (row->raw != NULL) {
      assert_int_equal(raw->len, strlen(row->raw));
      assert_memory_equal(raw->data, row->raw, raw->len);
    }
  }
}

typedef struct bad_row {
  const char *json;
  size_t offset;
} bad_row;

static const bad_row bad_rows[] = {
  { "", 0 },
  { "nope", 0 },
  { "[]", 0 },
  { "\"text\"", 0 },
  { "{", 1 },
  { "{\"text\"}", 7 },
  { "{\"text\":}", 8 },
  { "{\"text\":\"x}", 8 },
  { "{\"text\":\"\\x\"}", 9 },
  { "{\"text\":\"\\u12g4\"}", 9 },
  { "{\"text\":01}", 8 },
  { "{\"text\":1.}", 8 },
  { "{\"text\":-}", 8 },
  { "{\"text\":1 \"id\":2}", 10 },
  { "{\"text\":[1,]}", 11 },
  { "{\"id\":1,}", 8 },
  { "{} {}", 3 },
  { "{\"text\":\"a\",\"text\":\"b\"}", 12 },
  { "{\"text\":tru}", 8 },
};

static void pick_malformed_json_is_refused_where_it_is(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
    json_value values[3];
    json_fault fault = { 999, NULL };
    assert_int_equal(json_pick(bad_rows[i].json, strlen(bad_rows[i].json), names, values, 3, &fault), -EINVAL);
    assert_int_equal(fault.offset, bad_rows[i].offset);
    assert_true(strlen(fault.text) > 10);
  }
}

static void pick_deep_json_is_refused_not_followed(void **state) {
  json_value values[3];
  json_fault fault;
  size_t depth = 100000;
  char *json = malloc(depth + 16);
  (void)state;
  assert_non_null(json);
  memcpy(json, "{\"text\":", 8);
  memset(json + 8, '[', depth);
  assert_int_equal(json_pick(json, depth + 8, names, values, 3, &fault), -EINVAL);
  assert_non_null(strstr(fault.text, "128"));
  free(json);
}

typedef struct string_row {
  const char *raw;
  const char *text;
  size_t len;
} string_row;

static const string_row string_rows[] = {
  { "", "", 0 },
  { "plain", "plain", 5 },
  { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 8 },
  { "\\u0645\\u0631", "مر", 4 },
  { "x\\ud83d\\ude00y", "x😀y", 6 },
  { "a\\u0000b", "a\0b", 3 },
  { "\\ud800", "\xED\xA0\x80", 3 },
  { "\\ud800\\u0041",
    "\xED\xA0\x80"
    "A",
    4 },
  { "\\udc00\\ud800", "\xED\xB0\x80\xED\xA0\x80", 6 },
};

static void decode_string_escapes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof string_rows / sizeof string_rows[0]; i++) {
    char out[64];
    json_value value = { JSON_STRING, string_rows[i].raw, strlen(string_rows[i].raw) };
    assert_int_equal(json_string_decode(&value, out), string_rows[i].len);
    assert_memory_equal(out, string_rows[i].text, string_rows[i].len);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pick_json_members),
    cmocka_unit_test(pick_malformed_json_is_refused_where_it_is),
    cmocka_unit_test(pick_deep_json_is_refused_not_followed),
    cmocka_unit_test(decode_string_escapes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
