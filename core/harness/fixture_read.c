/* SPDX-License-Identifier: Apache-2.0 */

/* A document from a fixture: the JSON form of include/qanat/harness.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/fixture.h"

static int wrong(qn_error *error, const char *format, const char *what) {
  qn_error said = { 0 };
  error_set(&said, -EINVAL, "bad-fixture", format, what);
  return error_set(error, -EINVAL, "bad-fixture", "the fixture: %s", said.message);
}

int fixture_integer(const cJSON *value, int64_t low, int64_t high, int64_t *ret_number) {
  if (cJSON_IsString(value)) { /* beyond what a JSON number holds exactly */
    char *end;
    errno = 0;
    long long number = strtoll(value->valuestring, &end, 10);
    if (errno != 0 || *end != '\0' || end == value->valuestring || number < low || number > high) {
      return -EINVAL;
    }
    *ret_number = number;
    return 0;
  }
  double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
  if (!(number >= (double)low && number <= (double)high) || number != floor(number) ||
      fabs(number) > 9007199254740992.0) {
    return -EINVAL;
  }
  *ret_number = (int64_t)number;
  return 0;
}

int fixture_span(const cJSON *value, qn_span *ret_span) {
  int64_t begin, end;
  if (fixture_integer(cJSON_GetObjectItemCaseSensitive(value, "begin"), 0, UINT32_MAX - 1, &begin) != 0 ||
      fixture_integer(cJSON_GetObjectItemCaseSensitive(value, "end"), begin, UINT32_MAX - 1, &end) != 0) {
    return -EINVAL;
  }
  *ret_span = (qn_span){ (uint32_t)begin, (uint32_t)end };
  return 0;
}

/* --- the payload --- */

static int base64_digit(char c) {
  return c >= 'A' && c <= 'Z'   ? c - 'A'
         : c >= 'a' && c <= 'z' ? c - 'a' + 26
         : c >= '0' && c <= '9' ? c - '0' + 52
         : c == '+'             ? 62
         : c == '/'             ? 63
                                : -1;
}

/* In place. The bytes, or -1 if it is not base 64. */
static long base64_decode(char *text) {
  uint8_t *out = (uint8_t *)text;
  long n = 0;
  uint32_t group = 0;
  unsigned n_digits = 0;
  size_t len = strlen(text);
  while (len > 0 && text[len - 1] == '=') {
    len--;
  }
  for (size_t i = 0; i < len; i++) {
    int digit = base64_digit(text[i]);
    if (digit < 0) {
      return -1;
    }
    group = group << 6 | (uint32_t)digit;
    if (++n_digits % 4 != 1) {
      unsigned shift = 6 - 2 * ((n_digits - 1) % 4);
      out[n++] = (uint8_t)(group >> shift);
    }
  }
  return n;
}

static int read_payload(fixture *self, const cJSON *root, qn_error *error) {
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(root, "text");
  const cJSON *payload = cJSON_GetObjectItemCaseSensitive(root, "payload");
  const cJSON *coded = cJSON_GetObjectItemCaseSensitive(root, "payload_base64");
  if (payload == NULL && coded == NULL) {
    if (!cJSON_IsString(text)) {
      return wrong(error, "it needs a string \"%s\", or a \"payload\"", "text");
    }
    self->doc = qn_harness_doc_text(self->harness, text->valuestring, strlen(text->valuestring));
    return self->doc != NULL ? 0 : wrong(error, "\"%s\" is not UTF-8, or too large", "text");
  }
  const cJSON *from = payload != NULL ? payload : coded;
  if (!cJSON_IsString(from)) {
    return wrong(error, "\"%s\" must be a string", from->string);
  }
  long len = payload != NULL ? (long)strlen(payload->valuestring) : base64_decode(coded->valuestring);
  if (len < 0) {
    return wrong(error, "\"%s\" is not base 64", coded->string);
  }
  self->doc = qn_harness_doc_bytes(self->harness, from->valuestring, (size_t)len, NULL);
  if (self->doc == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory, or the payload is too large");
  }
  if (text == NULL) {
    return 0;
  }
  /* A text beside another payload: the one came from the other as a whole. */
  const uint32_t zero = 0;
  const uint8_t kind = QN_RUN_REPLACE;
  const view_draft view = {
    (const uint8_t *)text->valuestring, (uint32_t)strlen(text->valuestring), 1, &zero, &zero, &kind
  };
  return doc_view_set(self->doc, "text", "payload", &view, error);
}

/* --- views --- */

static int read_run(const cJSON *item, uint32_t *ret_derived, uint32_t *ret_base, uint8_t *ret_kind) {
  static const char *const kinds[] = { "copy", "replace", "copy+break", "replace+break" };
  int64_t derived, base;
  const char *kind = cJSON_GetStringValue(cJSON_GetArrayItem(item, 2));
  if (!cJSON_IsArray(item) || kind == NULL ||
      fixture_integer(cJSON_GetArrayItem(item, 0), 0, UINT32_MAX - 1, &derived) != 0 ||
      fixture_integer(cJSON_GetArrayItem(item, 1), 0, UINT32_MAX - 1, &base) != 0) {
    return -EINVAL;
  }
  for (uint8_t i = 0; i < 4; i++) {
    if (strcmp(kind, kinds[i]) == 0) {
      *ret_derived = (uint32_t)derived;
      *ret_base = (uint32_t)base;
      *ret_kind = i;
      return 0;
    }
  }
  return -EINVAL;
}

static int read_runs(fixture *self, const cJSON *member, const char *base, view_draft *view, qn_error *error) {
  const cJSON *runs = cJSON_GetObjectItemCaseSensitive(member, "runs");
  uint32_t n = (uint32_t)cJSON_GetArraySize(runs);
  uint32_t *numbers = malloc((2 * (size_t)n + 1) * sizeof *numbers);
  uint8_t *kinds = malloc(n + 1);
  int rc = numbers == NULL || kinds == NULL ? -ENOMEM : 0;
  uint32_t i = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, runs) {
    if (rc == 0 && read_run(item, &numbers[i], &numbers[n + i], &kinds[i]) != 0) {
      rc = wrong(error, "the runs of the view \"%s\" must look like [0, 0, \"copy\"]", member->string);
    }
    i++;
  }
  if (rc == 0) {
    view->n_runs = n;
    view->derived = numbers;
    view->base = numbers + n;
    view->kind = kinds;
    rc = doc_view_set(self->doc, member->string, base, view, error);
  }
  free(numbers);
  free(kinds);
  return rc;
}

static int read_view(fixture *self, const cJSON *member, qn_error *error) {
  const char *base = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(member, "of"));
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(member, "text"));
  if (text == NULL) {
    return wrong(error, "the view \"%s\" needs a string \"text\"", member->string);
  }
  base = base != NULL ? base : "text";
  view_draft view = { .data = (const uint8_t *)text, .len = (uint32_t)strlen(text) };
  if (cJSON_GetObjectItemCaseSensitive(member, "runs") != NULL) {
    return read_runs(self, member, base, &view, error);
  }
  /* Without runs it is its base, whole. */
  qn_view of;
  if (qn_harness_view_get(self->doc, base, &of) != 0 || of.len != view.len || memcmp(of.data, text, view.len) != 0) {
    return wrong(error, "the view \"%s\" differs from the one it was made of, so it needs \"runs\"", member->string);
  }
  const uint32_t zero = 0;
  const uint8_t copy = QN_RUN_COPY;
  view.n_runs = view.len > 0;
  view.derived = view.base = &zero;
  view.kind = &copy;
  return doc_view_set(self->doc, member->string, base, &view, error);
}

/* --- fields --- */

static int read_value(const cJSON *item, qn_value *ret_value) {
  const cJSON *whole = cJSON_GetObjectItemCaseSensitive(item, "i64");
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, "f64");
  *ret_value = (qn_value){ .type = QN_VALUE_NONE };
  if (cJSON_IsBool(item)) {
    *ret_value = (qn_value){ .type = QN_VALUE_BOOL, .as.i64 = cJSON_IsTrue(item) };
  } else if (cJSON_IsString(item)) {
    *ret_value = (qn_value){ .type = QN_VALUE_STR, .as.str = { item->valuestring, strlen(item->valuestring) } };
  } else if (cJSON_IsNumber(item)) {
    *ret_value = (qn_value){ .type = QN_VALUE_F64, .as.f64 = item->valuedouble };
    if (item->valuedouble == floor(item->valuedouble)) {
      ret_value->type = QN_VALUE_I64;
      return fixture_integer(item, INT64_MIN, INT64_MAX, &ret_value->as.i64);
    }
  } else if (number != NULL) {
    *ret_value = (qn_value){ .type = QN_VALUE_F64, .as.f64 = number->valuedouble };
    return cJSON_IsNumber(number) ? 0 : -EINVAL;
  } else if (whole != NULL) {
    ret_value->type = QN_VALUE_I64;
    return fixture_integer(whole, INT64_MIN, INT64_MAX, &ret_value->as.i64);
  } else if (cJSON_IsObject(item)) {
    ret_value->type = QN_VALUE_SPAN;
    return fixture_span(item, &ret_value->as.span);
  }
  return 0;
}

static int read_field(fixture *self, const cJSON *member, qn_error *error) {
  qn_value value;
  if (read_value(member, &value) != 0 || qn_harness_field_set(self->doc, member->string, &value) != 0) {
    return wrong(error, "the field \"%s\" is no string, number, truth value, {\"i64\": n} or span of the text",
                 member->string);
  }
  return 0;
}

/* --- the whole --- */

static int read_members(fixture *self, const cJSON *root, const char *key,
                        int (*read)(fixture *self, const cJSON *member, qn_error *error), qn_error *error) {
  const cJSON *object = cJSON_GetObjectItemCaseSensitive(root, key);
  const cJSON *member;
  if (object != NULL && !cJSON_IsObject(object)) {
    return wrong(error, "\"%s\" must be an object", key);
  }
  int rc = 0;
  cJSON_ArrayForEach(member, object) {
    rc = rc == 0 ? read(self, member, error) : rc;
  }
  return rc;
}

static int check_keys(const cJSON *root, qn_error *error) {
  static const char *const known[] = { "text", "payload", "payload_base64", "views", "fields", "layers", "//" };
  const cJSON *member;
  cJSON_ArrayForEach(member, root) {
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
      found = found || strcmp(member->string, known[i]) == 0;
    }
    if (!found) {
      return wrong(error, "no key \"%s\": there are text, payload, payload_base64, views, fields and layers",
                   member->string);
    }
  }
  return 0;
}

static int read_fixture(fixture *self, const char *json, size_t len, qn_error *error) {
  cJSON *root = cJSON_ParseWithLength(json, len);
  if (!cJSON_IsObject(root)) {
    cJSON_Delete(root);
    return wrong(error, "%s", "not a JSON object");
  }
  int rc = check_keys(root, error);
  rc = rc == 0 ? read_payload(self, root, error) : rc;
  rc = rc == 0 ? read_members(self, root, "views", read_view, error) : rc;
  rc = rc == 0 ? read_members(self, root, "fields", read_field, error) : rc;
  rc = rc == 0 ? read_members(self, root, "layers", fixture_layer, error) : rc;
  cJSON_Delete(root);
  return rc;
}

int qn_harness_doc_json(qn_harness *harness, const char *json, size_t len, qn_harness_doc **ret_doc, char *message,
                        size_t size) {
  fixture made = { .harness = harness };
  qn_error error = { 0 };
  error.code = read_fixture(&made, json, len, &error);
  if (error.code != 0) {
    qn_harness_doc_free(made.doc);
    return harness_say(&error, message, size);
  }
  *ret_doc = made.doc;
  return 0;
}

int qn_harness_doc_file(qn_harness *harness, const char *path, qn_harness_doc **ret_doc, char *message, size_t size) {
  char *json = NULL;
  size_t len = 0;
  qn_error error = { 0 };
  int rc = harness_file_read(path, &json, &len);
  if (rc != 0) {
    error_set(&error, rc, "unreadable", "%s: %s", path, strerror(-rc));
    return harness_say(&error, message, size);
  }
  char said[1024] = "";
  rc = qn_harness_doc_json(harness, json, len, ret_doc, said, sizeof said);
  free(json);
  if (rc != 0 && size > 0) {
    snprintf(message, size, "%s: %s", path, said);
  }
  return rc;
}
