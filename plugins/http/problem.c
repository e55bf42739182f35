/* SPDX-License-Identifier: Apache-2.0 */

/* Problem details as JSON. */
#include "http/problem.h"

#include <stdlib.h>
#include <string.h>

const char problem_type[] = "application/problem+json";
const char problem_json[] = "application/json";

const char *problem_title(unsigned status) {
  static const struct {
    unsigned status;
    const char *title;
  } titles[] = {
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 413, "Content Too Large" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
  };
  for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
    if (titles[i].status == status) {
      return titles[i].title;
    }
  }
  return "Problem";
}

void problem_begin(json_text *text, unsigned status, const char *slug, qn_str detail) {
  const char *title = problem_title(status);
  json_text_plain(text, "{\"type\":\"urn:qanat:problem:");
  json_text_plain(text, slug);
  json_text_plain(text, "\",\"title\":");
  json_text_string(text, (qn_str){ title, strlen(title) });
  json_text_plain(text, ",\"status\":");
  json_text_u64(text, status);
  json_text_plain(text, ",\"detail\":");
  json_text_string(text, detail);
}

void answer_body(answer *self, unsigned status, const char *type, json_text *text) {
  free(self->body);
  self->status = status;
  self->type = type;
  self->body = json_text_take(text, &self->len);
}

void problem_answer(answer *ret_answer, unsigned status, const char *slug, const char *detail) {
  json_text text = { 0 };
  problem_begin(&text, status, slug, (qn_str){ detail, strlen(detail) });
  json_text_plain(&text, "}\n");
  answer_body(ret_answer, status, problem_type, &text);
  ret_answer->retry_later = status == 429 || status == 503;
  ret_answer->authenticate = status == 401;
}

void answer_done(answer *self) {
  free(self->body);
  free(self->headers);
  *self = (answer){ 0 };
}
