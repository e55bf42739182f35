/* SPDX-License-Identifier: Apache-2.0 */

/* What the control does: dead letters, reloads, tries. All of it may take a while. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/letter_rows.h"
#include "serve/control_parts.h"
#include "serve/safe_text.h"

enum {
  LETTERS_USUAL = 50,
  LETTERS_MOST = 1000,
  RETRY_MOST = 1000,
  TRY_USUAL_MS = 10000,
  TRY_MOST_MS = 60000,
  NAME_BYTES = 256,
  MEDIA_TYPE_BYTES = 256
};

static const char json_type[] = "application/json";

/* --- dead letters --- */

static void add_str(json_writer *to, const char *name, qn_str text) {
  json_key(to, name);
  safe_json_string(to, text.data, text.len);
  json_char(to, ',');
}

static void add_number(json_writer *to, const char *name, int64_t value) {
  json_key(to, name);
  json_i64(to, value);
  json_char(to, ',');
}

/* Lines as a list. */
static void add_lines(json_writer *to, const char *name, qn_str lines) {
  json_key(to, name);
  json_char(to, '[');
  size_t at = 0;
  while (at < lines.len) {
    const char *end = memchr(lines.data + at, '\n', lines.len - at);
    size_t len = end != NULL ? (size_t)(end - lines.data) - at : lines.len - at;
    if (len > 0) {
      safe_json_string(to, lines.data + at, len);
      json_char(to, ',');
    }
    at += len + 1;
  }
  json_drop_comma(to);
  JSON_RAW(to, "],");
}

static void add_letter(json_writer *to, const letter_row *row) {
  json_char(to, '{');
  add_number(to, "number", row->number);
  add_str(to, "pipeline", row->pipeline);
  add_str(to, "stage", row->stage);
  add_str(to, "slug", row->slug);
  add_str(to, "message", row->message);
  add_str(to, "id", row->id);
  add_str(to, "source", row->source);
  add_str(to, "media_type", row->media_type);
  add_number(to, "attempts", row->attempts);
  add_number(to, "failures", (int64_t)row->n_failures);
  add_number(to, "time_ms", row->time_ms);
  add_str(to, "origin", row->origin);
  add_lines(to, "delivered", row->confirmed);
  add_number(to, "bytes", row->has_payload ? (int64_t)row->payload_bytes : -1);
  json_drop_comma(to);
  JSON_RAW(to, "},");
}

/* 0, or an error of the store. */
static int add_letters(json_writer *to, letter_rows *rows, letter_filter *filter, int64_t limit, qn_error *error) {
  for (int64_t n = 0; n < limit; n++) {
    letter_row row;
    int rc = letter_rows_next(rows, filter, &row, error);
    if (rc != 0) {
      return rc == -ENOENT ? 0 : rc;
    }
    add_letter(to, &row);
    if (row.number <= 1) {
      return 0;
    }
    filter->up_to = row.number - 1;
  }
  return 0;
}

/* What the query asks for. False, with the answer filled: it is wrong. */
static bool read_filter(const control_request *request, char names[3][NAME_BYTES], letter_filter *filter,
                        int64_t *ret_limit, control_answer *answer) {
  int64_t before = 0;
  *ret_limit = LETTERS_USUAL;
  if (control_query_number(request->target, "limit", 1, LETTERS_MOST, ret_limit) == -EINVAL) {
    control_refuse(answer, 400, "limit takes a number from 1 to %d", LETTERS_MOST);
    return false;
  }
  if (control_query_number(request->target, "before", 1, INT64_MAX, &before) == -EINVAL) {
    control_refuse(answer, 400, "before takes the number of a dead letter");
    return false;
  }
  const char **wanted[] = { &filter->pipeline, &filter->stage, &filter->slug };
  static const char *const keys[] = { "pipeline", "stage", "slug" };
  for (int i = 0; i < 3; i++) {
    if (control_query(request->target, keys[i], names[i], NAME_BYTES)) {
      *wanted[i] = names[i];
    }
  }
  filter->newest = true;
  filter->up_to = before > 1 ? before - 1 : 0;
  *ret_limit = before == 1 ? 0 : *ret_limit;
  return true;
}

void control_get_letters(const control_options *options, const control_request *request, control_answer *answer) {
  char names[3][NAME_BYTES];
  letter_filter filter = { 0 };
  letter_rows *rows = NULL;
  qn_error error = { 0 };
  int64_t limit;
  uint64_t n_letters = 0, n_bytes = 0;
  if (!read_filter(request, names, &filter, &limit, answer)) {
    return;
  }
  json_writer to = { 0 };
  JSON_RAW(&to, "{\"letters\":[");
  int rc = letter_rows_open(service_letters_path(options->service), LETTERS_READ, &rows, &error);
  if (rc == 0) {
    rc = add_letters(&to, rows, &filter, limit, &error);
    rc = rc == 0 ? letter_rows_totals(rows, &n_letters, &n_bytes, &error) : rc;
    letter_rows_close(rows);
  } else if (rc == -ENOENT) {
    rc = 0; /* nothing has failed yet */
  }
  if (rc != 0) {
    json_writer_done(&to);
    control_refuse(answer, 503, "%s", error.message);
    return;
  }
  json_drop_comma(&to);
  JSON_RAW(&to, "],");
  add_number(&to, "kept", (int64_t)n_letters);
  add_number(&to, "kept_bytes", (int64_t)n_bytes);
  json_drop_comma(&to);
  JSON_RAW(&to, "}\n");
  control_give(answer, 200, json_type, &to);
}

/* A letter named twice is one: its document is not to come twice. */
static bool add_once(int64_t *numbers, uint32_t n, int64_t number) {
  for (uint32_t i = 0; i < n; i++) {
    if (numbers[i] == number) {
      return false;
    }
  }
  numbers[n] = number;
  return true;
}

/* The numbers in {"numbers": [...]}, each once. How many, or 0 with the answer filled. */
static uint32_t read_numbers(qn_str body, int64_t *numbers, control_answer *answer) {
  cJSON *json = cJSON_ParseWithLength(body.data, body.len);
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "numbers");
  int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
  bool good = n > 0 && n <= RETRY_MOST;
  uint32_t at = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    if (!good) {
      break;
    }
    double value = cJSON_GetNumberValue(item);
    good = cJSON_IsNumber(item) && value >= 1 && value < 9007199254740992.0 && value == (double)(int64_t)value;
    at += good && add_once(numbers, at, (int64_t)value);
  }
  cJSON_Delete(json);
  if (!good) {
    control_refuse(answer, 400, "send {\"numbers\": [NUMBER, ...]}, 1 to %d numbers of dead letters", RETRY_MOST);
    return 0;
  }
  return at;
}

void control_retry_letters(const control_options *options, const control_request *request, control_answer *answer) {
  int64_t *numbers = malloc(RETRY_MOST * sizeof *numbers);
  if (numbers == NULL) {
    control_refuse(answer, 503, "no memory");
    return;
  }
  uint32_t n = read_numbers(request->body, numbers, answer);
  uint32_t n_done = 0;
  qn_error error = { 0 };
  int rc = n > 0 ? service_letters_retry(options->service, numbers, n, &n_done, &error) : 0;
  free(numbers);
  if (n == 0) {
    return;
  }
  if (rc != 0) {
    char rest[64] = "";
    if (n_done > 0) {
      snprintf(rest, sizeof rest, "; %u of %u are on their way again", n_done, n);
    }
    control_refuse(answer, rc == -ENOENT ? 404 : 503, "%s%s", error.message, rest);
    return;
  }
  json_writer to = { 0 };
  json_char(&to, '{');
  add_number(&to, "asked", n);
  add_number(&to, "retried", n_done);
  json_drop_comma(&to);
  JSON_RAW(&to, "}\n");
  control_give(answer, 200, json_type, &to);
}

/* --- reloading --- */

void control_post_reload(const control_options *options, const control_request *request, control_answer *answer) {
  char name[NAME_BYTES];
  char message[8192] = "";
  bool named = control_query(request->target, "pipeline", name, sizeof name);
  int rc = service_reload_wait(options->service, named ? name : NULL, message, sizeof message);
  if (rc == -ENOENT && named && message[0] == '\0') { /* a file that is missing says so */
    control_refuse(answer, 404, "there is no pipeline \"%s\"", name);
    return;
  }
  json_writer to = { 0 };
  json_char(&to, '{');
  json_key(&to, "reloaded");
  if (rc == 0) {
    JSON_RAW(&to, "true,");
  } else {
    JSON_RAW(&to, "false,");
  }
  safe_json_member(&to, "message", message[0] != '\0' || rc == 0 ? message : strerror(-rc));
  json_drop_comma(&to);
  JSON_RAW(&to, "}\n");
  control_give(answer, rc == 0 ? 200 : rc == -EINVAL || rc == -ENOENT ? 422 : 503, json_type, &to);
}

/* --- trying --- */

/* The media type as it was sent, NUL-terminated. */
static bool copy_type(qn_str type, char *ret_type) {
  if (type.len >= MEDIA_TYPE_BYTES || (type.len > 0 && memchr(type.data, '\0', type.len) != NULL)) {
    return false;
  }
  const char *usual = "text/plain; charset=utf-8";
  size_t len = type.len > 0 ? type.len : strlen(usual);
  memcpy(ret_type, type.len > 0 ? type.data : usual, len);
  ret_type[len] = '\0';
  return true;
}

static uint32_t try_status(int rc) {
  return rc == -ENOENT ? 404 : rc == -ENOTSUP ? 409 : rc == -ETIMEDOUT ? 504 : rc == -EBADMSG ? 422 : 503;
}

void control_post_try(const control_options *options, const control_request *request, control_answer *answer) {
  char type[MEDIA_TYPE_BYTES];
  char name[NAME_BYTES];
  int64_t timeout_ms = TRY_USUAL_MS;
  service_report *report = NULL;
  if (control_query_number(request->target, "timeout_ms", 1, TRY_MOST_MS, &timeout_ms) == -EINVAL) {
    control_refuse(answer, 400, "timeout_ms takes a number from 1 to %d", TRY_MOST_MS);
    return;
  }
  if (!copy_type(request->content_type, type)) {
    control_refuse(answer, 400, "the Content-Type is no media type");
    return;
  }
  if (service_report_new(options->service, &report) != 0) {
    control_refuse(answer, 503, "no memory to look at the worker");
    return;
  }
  const service_pipeline *of = control_pipeline(request, report, answer);
  bool known = of != NULL && strlen(of->name) < sizeof name;
  if (known) {
    strcpy(name, of->name);
  }
  service_report_free(report);
  if (!known) {
    return;
  }
  char *record = NULL;
  qn_error error = { 0 };
  int rc = service_try(options->service, name, type, request->body.data, request->body.len, (uint32_t)timeout_ms,
                       &record, &error);
  if (rc != 0) {
    control_refuse(answer, try_status(rc), "%s%s%s", error.slug, error.slug[0] != '\0' ? ": " : "", error.message);
    return;
  }
  *answer = (control_answer){
    .status = 200, .content_type = json_type, .body = record, .body_bytes = record != NULL ? strlen(record) : 0
  };
}
