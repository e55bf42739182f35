/* SPDX-License-Identifier: Apache-2.0 */

/* Any request to a worker's control: its guard, its route, its query, its body; over a service that has next to nothing.
 *
 * The input is a line of flags and one each of method, target, content type, host, origin and authorization; the rest is the body. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "document/utf8.h"
#include "serve/control_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- a service --- */

static char odd_name[] = "odd \"\\\n\xFF";

int service_report_new(service *self, service_report **ret_report) {
  (void)self;
  service_report *made = calloc(1, sizeof *made);
  made->pipelines = calloc(2, sizeof *made->pipelines);
  made->pipelines[0] = (service_pipeline){ .name = "p", .path = odd_name };
  made->pipelines[1] = (service_pipeline){ .name = odd_name, .path = "" };
  made->n_pipelines = 2;
  *ret_report = made;
  return 0;
}

void service_report_free(service_report *report) {
  if (report != NULL) {
    free(report->pipelines);
    free(report);
  }
}

int service_reload_wait(service *self, const char *pipeline, char *message, size_t size) {
  (void)self;
  snprintf(message, size, "%s", pipeline != NULL ? pipeline : "all");
  return pipeline == NULL ? 0 : -EINVAL;
}

int service_try(service *self, const char *pipeline, const char *media_type, const void *bytes, size_t len,
                uint32_t timeout_ms, char **ret_record, qn_error *error) {
  (void)self;
  (void)bytes;
  assert(strlen(pipeline) < 256 && strlen(media_type) < 256 && timeout_ms > 0);
  if (len % 2 == 1) {
    return error_set(error, -EBADMSG, "odd", "of odd length, as %s", media_type);
  }
  *ret_record = strdup("{}");
  return 0;
}

const char *service_letters_path(const service *self) {
  (void)self;
  return "/nowhere/dead-letters.db";
}

int service_letters_retry(service *self, const int64_t *numbers, uint32_t n, uint32_t *ret_n_done, qn_error *error) {
  (void)self;
  (void)error;
  assert(n > 0 && n <= 1000);
  for (uint32_t i = 0; i < n; i++) {
    assert(numbers[i] > 0);
  }
  *ret_n_done = n;
  return 0;
}

/* --- requests --- */

static qn_str next_line(const uint8_t **at, const uint8_t *end) {
  const uint8_t *begin = *at;
  const uint8_t *stop = begin < end ? memchr(begin, '\n', (size_t)(end - begin)) : NULL;
  qn_str line = { (const char *)begin, (size_t)((stop != NULL ? stop : end) - begin) };
  *at = stop != NULL ? stop + 1 : end;
  return line;
}

/* What says that it is JSON or text of UTF-8 is. */
static void answer_check(const control_answer *answer) {
  assert(answer->status >= 200 && answer->status < 600 && answer->content_type != NULL);
  assert(answer->body != NULL || answer->body_bytes == 0);
  assert((answer->status == 405) == (answer->allow != NULL));
  assert(answer->body_bytes == 0 || utf8_valid((const uint8_t *)answer->body, answer->body_bytes));
  if (strstr(answer->content_type, "json") != NULL) {
    cJSON *json = cJSON_ParseWithLength(answer->body, answer->body_bytes);
    assert(json != NULL);
    cJSON_Delete(json);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static control *asked;
  qn_error error = { 0 };
  const control_options options = { .version = "0" };
  if (asked == NULL && control_new(&options, &asked, &error) != 0) {
    abort();
  }
  const uint8_t *at = data;
  const uint8_t *end = data + size;
  qn_str flags = next_line(&at, end);
  uint8_t bits = flags.len > 0 ? (uint8_t)flags.data[0] : 0;
  control_request request = { .method = next_line(&at, end) };
  request.target = next_line(&at, end);
  request.content_type = next_line(&at, end);
  control_headers headers = { .host = next_line(&at, end) };
  headers.origin = next_line(&at, end);
  headers.authorization = next_line(&at, end);
  request.marked = (bits & 1) != 0;
  request.body = (qn_str){ (const char *)at, (size_t)(end - at) };

  control_token token = { .len = (bits & 2) != 0 ? 16 : 0 };
  memcpy(token.bytes, "0123456789abcdef", 16);
  control_door door = (control_door)(bits >> 2 & 3) == 3 ? DOOR_OPEN : (control_door)(bits >> 2 & 3);
  control_answer answer;
  request.trust = control_guard(&token, door, &headers, &answer);
  if (answer.status == 0) {
    assert(request.trust != CONTROL_ALL || door != DOOR_OPEN || token.len > 0);
    control_handles(request.target);
    control_answer_now(asked, &request, &answer);
    assert(request.trust == CONTROL_ALL || answer.status != 200 || request.method.data[0] != 'P');
  }
  answer_check(&answer);
  control_answer_done(&answer);
  return 0;
}
