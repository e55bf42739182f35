/* SPDX-License-Identifier: Apache-2.0 */

/* What a request's header says, and all that can be refused before its body comes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/request.h"
#include "text/utf8.h"

enum { KEY_MAX = 200 };

/* The headers that are looked at. */
typedef struct header {
  const char *type, *encoding, *length, *transfer, *authorization, *key, *origin, *host, *trace;
  bool is_twice;       /* one that may stand there only once */
  bool is_trace_twice; /* that one is no reason to refuse anything */
} header;

static enum MHD_Result see(void *arg, enum MHD_ValueKind kind, const char *name, const char *value) {
  header *self = arg;
  struct {
    const char *name;
    const char **value;
  } wanted[] = {
    { "Content-Type", &self->type },
    { "Content-Encoding", &self->encoding },
    { "Content-Length", &self->length },
    { "Transfer-Encoding", &self->transfer },
    { "Authorization", &self->authorization },
    { "Idempotency-Key", &self->key },
    { "Origin", &self->origin },
    { "Host", &self->host },
  };
  (void)kind;
  if (strcasecmp(name, "traceparent") == 0) {
    self->is_trace_twice = self->trace != NULL;
    self->trace = value;
    return MHD_YES;
  }
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    if (strcasecmp(name, wanted[i].name) == 0) {
      self->is_twice = self->is_twice || *wanted[i].value != NULL;
      *wanted[i].value = value == NULL ? "" : value;
    }
  }
  return MHD_YES;
}

static bool refuse(request *self, unsigned status, const char *slug, const char *detail) {
  problem_answer(&self->answer, status, slug, detail);
  return false;
}

/* --- who asks --- */

/* "127.0.0.1:8080" and the like: what a page from elsewhere cannot make a browser say. */
static bool is_local_host(const char *host) {
  char address[80];
  bool has_port = host[0] == '[' ? strstr(host, "]:") != NULL : strchr(host, ':') != NULL;
  int len = snprintf(address, sizeof address, "%s%s", host, has_port ? "" : ":80");
  return len > 0 && (size_t)len < sizeof address && settings_is_local(address);
}

/* True if the origin's host and port are those that the request was sent to. */
static bool is_same_origin(const char *origin, const char *host) {
  const char *scheme_end = strstr(origin, "://");
  return scheme_end != NULL && host != NULL && strcasecmp(scheme_end + 3, host) == 0;
}

/* Any page can make the browser of somebody on this machine send requests here; those are told by their origin. And a name that is made to
 * point here, by their host. */
static bool check_origin(request *self, const header *from) {
  const settings *set = &self->source->settings;
  if (from->origin != NULL && !is_same_origin(from->origin, from->host)) {
    return refuse(self, 403, "cross-origin", "requests of pages from elsewhere are not answered");
  }
  bool unguarded = set->token_file == NULL && !set->is_open && !self->peer->is_unix;
  if (unguarded && from->host != NULL && !is_local_host(from->host)) {
    return refuse(
        self, 403, "foreign-host",
        "without a token only requests to localhost are answered; behind a proxy set \"token_file\" or \"open\"");
  }
  return true;
}

static bool has_token(const request *self, const header *from) {
  const char *value = from->authorization;
  if (self->source->settings.token_file == NULL) {
    return true;
  }
  if (value == NULL || strncasecmp(value, "Bearer ", 7) != 0) {
    return false;
  }
  value += 7;
  value += strspn(value, " ");
  return tokens_have(&self->source->tokens, value);
}

/* --- what for --- */

static bool is_wait_off(const char *value) {
  return strcmp(value, "0") == 0 || strcmp(value, "false") == 0;
}

static bool is_text(const char *value) {
  size_t len = strlen(value);
  return utf8_valid_prefix((const uint8_t *)value, len) == len;
}

/* One parameter behind the "?". */
static enum MHD_Result see_parameter(void *arg, enum MHD_ValueKind kind, const char *name, const char *value) {
  static const char *const fields[QUERY_FIELDS_MAX] = { "title", "published", "byline", "language", "url" };
  request *self = arg;
  (void)kind;
  value = value == NULL ? "" : value;
  if (!is_text(value)) {
    refuse(self, 400, "bad-parameter", "a parameter of the address is not UTF-8");
    return MHD_NO;
  }
  if (strcmp(name, "wait") == 0) {
    self->waits = !is_wait_off(value);
    return MHD_YES;
  }
  if (strcmp(name, "id") == 0 && self->id == NULL && strlen(value) <= DRAFT_ID_MAX) {
    self->id = value;
    return MHD_YES;
  }
  for (uint32_t i = 0; i < QUERY_FIELDS_MAX && self->n_fields < QUERY_FIELDS_MAX; i++) {
    if (strcmp(name, fields[i]) == 0) {
      qn_value text = { .type = QN_VALUE_STR, .as.str = { value, strlen(value) } };
      self->fields[self->n_fields] = (draft_field){ fields[i], text };
      self->n_fields += value[0] != '\0';
      return MHD_YES;
    }
  }
  refuse(self, 400, "bad-parameter",
         "a parameter of the address is unknown, or too long, or stands there twice; there are wait, id, title, "
         "published, byline, "
         "language and url");
  return MHD_NO;
}

static bool check_parameters(request *self) {
  bool of_json = self->kind == MEDIA_JSON || self->kind == MEDIA_LINES;
  MHD_get_connection_values(self->connection, MHD_GET_ARGUMENT_KIND, see_parameter, self);
  if (self->answer.status == 0 && of_json && (self->id != NULL || self->n_fields > 0)) {
    refuse(self, 400, "bad-parameter", "parameters of the address describe text and HTML; in JSON they are members");
  }
  return self->answer.status == 0;
}

static bool check_media(request *self, const header *from) {
  self->content_type = from->type;
  self->kind = media_kind_of(from->type);
  self->coding = media_coding_of(from->encoding);
  if (self->kind == MEDIA_UNKNOWN) {
    return refuse(self, 415, "media-type",
                  "Content-Type must be text/plain, text/html, application/json (one document) or application/x-ndjson "
                  "(one on each "
                  "line)");
  }
  if (self->coding == CODING_UNKNOWN) {
    refuse(self, 415, "content-encoding", "Content-Encoding may be gzip or zstd");
    self->answer.codings = true;
    return false;
  }
  return true;
}

static bool check_key(request *self, const header *from) {
  self->key = from->key;
  if (from->key == NULL) {
    return true;
  }
  if (self->source->intake == NULL) {
    return refuse(self, 400, "no-journal", "Idempotency-Key needs a worker with a journal (qanat serve)");
  }
  size_t len = strlen(from->key);
  bool good = len > 0 && len <= KEY_MAX;
  for (size_t i = 0; i < len && good; i++) {
    good = from->key[i] > ' ' && from->key[i] < 127;
  }
  return good || refuse(self, 400, "bad-key", "Idempotency-Key must be 1 to 200 ASCII characters without space");
}

/* Of the version 00 of Trace Context. What is none of it begins no trace and is no fault of the document. */
static void read_trace(request *self, const header *from) {
  static const char form[] = "00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
  const char *text = from->trace;
  if (text == NULL || from->is_trace_twice || strlen(text) != sizeof form - 1) {
    return;
  }
  for (size_t i = 0; i < sizeof form - 1; i++) {
    if (form[i] == 'h' ? strchr("0123456789abcdef", text[i]) == NULL : text[i] != form[i]) {
      return;
    }
  }
  self->trace_parent = text;
}

/* The length of the body; false: malformed. */
static bool check_length(request *self, const header *from) {
  if (from->is_twice || (from->length != NULL && from->transfer != NULL)) {
    return refuse(self, 400, "bad-header",
                  "a header that may stand there only once stands there twice, or the body has two lengths");
  }
  if (from->length == NULL) {
    self->expected = from->transfer != NULL ? UINT64_MAX : 0;
    return true;
  }
  size_t len = strlen(from->length);
  if (len == 0 || len > 18 || strspn(from->length, "0123456789") != len) {
    return refuse(self, 400, "bad-header", "Content-Length is not a number, or too large");
  }
  self->expected = strtoull(from->length, NULL, 10);
  return true;
}

static bool check_size(request *self) {
  if (self->expected != UINT64_MAX && self->expected > request_body_max(self)) {
    return refuse(self, 413, "body-too-large", "the body is longer than \"body_bytes\" of the source allows");
  }
  return true;
}

/* --- ways --- */

static void tell_methods(request *self, const char *method, const char *allow) {
  if (strcmp(method, "OPTIONS") == 0) {
    self->answer.status = 204;
  } else {
    refuse(self, 405, "method", "this path does not know the method; Allow says which it knows");
  }
  self->answer.allow = allow;
}

static void answer_welcome(request *self, const char *method) {
  static const char welcome[] =
      "This is Qanat, a document pipeline. Send documents here:\n"
      "\n"
      "  curl --data-binary @page.html -H 'Content-Type: text/html' ADDRESS/v1/documents\n"
      "  curl --data-binary @news.jsonl -H 'Content-Type: application/x-ndjson' ADDRESS/v1/documents\n"
      "\n"
      "text/plain and application/json work too. The answer comes when the documents are safe; with ?wait=1, when they "
      "are done.\n";
  json_text text = { 0 };
  if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
    tell_methods(self, method, "GET, HEAD, OPTIONS");
    return;
  }
  json_text_plain(&text, welcome);
  answer_body(&self->answer, 200, "text/plain; charset=utf-8", &text);
}

/* What is asked for, without the prefix; NULL: nothing here. A proxy may have sent the whole address. */
static const char *path_of(const settings *set, const char *url) {
  size_t len = strlen(set->prefix);
  size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
  url += scheme > 0 ? scheme + strcspn(url + scheme, "/") : 0;
  return strncmp(url, set->prefix, len) == 0 && (url[len] == '/' || url[len] == '\0') ? url + len : NULL;
}

static void read_post(request *self, const header *from, const char *method) {
  http_source *source = self->source;
  if (!has_token(self, from)) {
    refuse(self, 401, "unauthorized", "the request needs \"Authorization: Bearer TOKEN\" with a token of this worker");
  } else if (strcmp(method, "POST") != 0) {
    tell_methods(self, method, "POST, OPTIONS");
  } else if (source->is_stopping) {
    refuse(self, 503, "stopping", "the worker is being stopped or changed; send it again");
  } else if (check_media(self, from) && check_size(self) && check_parameters(self)) {
    check_key(self, from);
    read_trace(self, from);
  }
}

static bool is_too_long(const request *self) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(self->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info != NULL && info->header_size > self->source->settings.header_bytes;
}

void header_read(request *self, const char *url, const char *method) {
  header from = { 0 };
  MHD_get_connection_values(self->connection, MHD_HEADER_KIND, see, &from);
  const char *path = path_of(&self->source->settings, url);
  if (!check_length(self, &from)) {
    self->is_garbled = true;
    return;
  }
  self->method = method;
  if (is_too_long(self)) {
    refuse(self, 431, "header-too-large", "the header is longer than \"header_bytes\" of the source allows");
  } else if (self->target != NULL) {
    check_size(self); /* all else the worker looks at */
  } else if (!check_origin(self, &from)) {
    return;
  } else if (path != NULL && strcmp(path, "/v1/documents") == 0) {
    read_post(self, &from, method);
  } else if (path != NULL && (path[0] == '\0' || strcmp(path, "/") == 0)) {
    answer_welcome(self, method);
  } else if (strcmp(url, "*") == 0 && strcmp(method, "OPTIONS") == 0) {
    self->answer.status = 204;
  } else {
    refuse(self, 404, "not-found", "there is nothing here; documents go to /v1/documents");
  }
}
