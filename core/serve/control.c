/* SPDX-License-Identifier: Apache-2.0 */

/* The way of a request: its route, whether whoever asks may, and a thread for what takes long. */
#include "serve/control.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/state.h"
#include "serve/control_parts.h"
#include "serve/safe_text.h"

typedef struct route {
  const char *method, *path;
  control_trust trust;
  bool slow;
  control_handler *handler;
} route;

static const route routes[] = {
  { "GET", "/", CONTROL_NOTHING, false, control_get_page },
  { "GET", "/-/dashboard", CONTROL_NOTHING, false, control_get_page },
  { "GET", "/-/healthy", CONTROL_NOTHING, false, control_get_healthy },
  { "GET", "/-/ready", CONTROL_NOTHING, false, control_get_ready },
  { "GET", "/metrics", CONTROL_READS, false, control_get_metrics },
  { "GET", "/-/status", CONTROL_READS, false, control_get_status },
  { "GET", "/-/graph", CONTROL_READS, true, control_get_graph },
  { "GET", "/-/deadletters", CONTROL_ALL, true, control_get_letters },
  { "POST", "/-/deadletters/retry", CONTROL_ALL, true, control_retry_letters },
  { "POST", "/-/reload", CONTROL_ALL, true, control_post_reload },
  { "POST", "/-/try", CONTROL_ALL, true, control_post_try },
};

enum { N_ROUTES = sizeof routes / sizeof routes[0] };

/* A request that waits for a thread, with copies of its strings behind it. */
typedef struct job {
  struct job *next;
  control_request request;
  void (*done)(void *arg, control_answer *answer);
  void *arg;
  char copies[];
} job;

struct control {
  control_options options;
  pthread_mutex_t mutex; /* all that follows but the threads */
  pthread_cond_t changed;
  job *first, **last;
  uint32_t n_waiting;
  bool ending;
  uint32_t n_threads;
  pthread_t threads[CONTROL_THREADS];
};

/* --- answers --- */

void control_give(control_answer *answer, uint32_t status, const char *content_type, json_writer *written) {
  if (written->failed) {
    json_writer_done(written);
    control_refuse(answer, 503, "no memory for the answer");
    return;
  }
  answer->status = status;
  answer->content_type = content_type;
  answer->body = written->bytes;
  answer->body_bytes = written->len;
}

static const char *title_of(uint32_t status) {
  switch (status) {
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 409:
    return "Conflict";
  case 413:
    return "Content Too Large";
  case 422:
    return "Unprocessable Content";
  case 504:
    return "Gateway Timeout";
  default:
    return status >= 500 ? "Service Unavailable" : "Error";
  }
}

void control_refuse(control_answer *answer, uint32_t status, const char *format, ...) {
  char detail[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(detail, sizeof detail, format, arguments);
  va_end(arguments);
  json_writer to = { 0 };
  JSON_RAW(&to, "{\"status\":");
  json_u64(&to, status);
  json_char(&to, ',');
  safe_json_member(&to, "title", title_of(status));
  safe_json_member(&to, "detail", detail);
  json_drop_comma(&to);
  JSON_RAW(&to, "}\n");
  answer->status = status;
  answer->content_type = "application/problem+json";
  answer->body = to.failed ? NULL : to.bytes;
  answer->body_bytes = to.failed ? 0 : to.len;
  if (to.failed) {
    json_writer_done(&to);
  }
}

void control_answer_done(control_answer *answer) {
  free(answer->body);
  answer->body = NULL;
  answer->body_bytes = 0;
}

/* --- routes --- */

static qn_str path_of(qn_str target) {
  const char *query = target.len > 0 ? memchr(target.data, '?', target.len) : NULL;
  return (qn_str){ target.data, query != NULL ? (size_t)(query - target.data) : target.len };
}

static bool is_text(qn_str text, const char *like) {
  size_t len = strlen(like);
  return text.len == len && memcmp(text.data, like, len) == 0;
}

/* HEAD is GET without the body, which whoever sends the answer leaves out. */
static bool is_method(qn_str method, const char *like) {
  return is_text(method, like) || (is_text(method, "HEAD") && strcmp(like, "GET") == 0);
}

/* The route; else NULL, with the method that the path takes, if there is such a path. */
static const route *find_route(const control_request *request, const char **ret_allow) {
  qn_str path = path_of(request->target);
  *ret_allow = NULL;
  for (uint32_t i = 0; i < N_ROUTES; i++) {
    if (is_text(path, routes[i].path)) {
      if (is_method(request->method, routes[i].method)) {
        return &routes[i];
      }
      *ret_allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : "POST";
    }
  }
  return NULL;
}

bool control_handles(qn_str target) {
  qn_str path = path_of(target);
  bool below = path.len >= 3 && memcmp(path.data, "/-/", 3) == 0;
  return below || is_text(path, "/metrics") || is_text(path, "/");
}

bool control_is_quick(const control_request *request) {
  const char *allow;
  const route *at = find_route(request, &allow);
  return at == NULL || !at->slow;
}

/* A page of another origin can make a browser send a form here, but neither JSON nor a header of our own. */
static bool is_marked(const control_request *request) {
  static const char json[] = "application/json";
  size_t len = sizeof json - 1;
  qn_str type = request->content_type;
  bool is_json = type.len >= len && strncasecmp(type.data, json, len) == 0 &&
                 (type.len == len || type.data[len] == ';' || type.data[len] == ' ');
  return request->marked || is_json;
}

static bool may(const route *at, const control_request *request, control_answer *answer) {
  if (request->trust < at->trust) {
    if (request->trust == CONTROL_NOTHING) {
      control_refuse(answer, 401, "send the control token: Authorization: Bearer TOKEN");
    } else {
      control_refuse(answer, 403,
                     "this is not answered here without a token; start the worker with --control-token FILE, or ask at "
                     "its socket, control.sock in the folder of --state");
    }
    return false;
  }
  if (strcmp(at->method, "POST") == 0 && !is_marked(request)) {
    control_refuse(answer, 403, "send the header X-Qanat: 1 with it, so that no web page elsewhere can ask this");
    return false;
  }
  return true;
}

void control_answer_now(control *self, const control_request *request, control_answer *ret_answer) {
  *ret_answer = (control_answer){ 0 };
  const char *allow;
  const route *at = find_route(request, &allow);
  if (request->body.len > CONTROL_BODY_MAX) {
    control_refuse(ret_answer, 413, "more than %d bytes", CONTROL_BODY_MAX);
  } else if (at != NULL) {
    if (may(at, request, ret_answer)) {
      at->handler(&self->options, request, ret_answer);
    }
  } else if (allow != NULL) {
    control_refuse(ret_answer, 405, "this takes %s", allow);
    ret_answer->allow = allow;
  } else {
    control_refuse(ret_answer, 404, "there is no such thing here; docs/operating.md lists what there is");
  }
}

/* --- the query --- */

static int hex_of(char c) {
  return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Decodes text into value. False: it does not fit, or has a NUL or a broken escape. */
static bool decode(qn_str text, char *value, size_t size) {
  size_t len = 0;
  for (size_t i = 0; i < text.len; i++) {
    int c = (unsigned char)text.data[i];
    if (c == '%') {
      int high = i + 2 < text.len ? hex_of(text.data[i + 1]) : -1;
      int low = i + 2 < text.len ? hex_of(text.data[i + 2]) : -1;
      c = high < 0 || low < 0 ? 0 : high * 16 + low;
      i += 2;
    } else if (c == '+') {
      c = ' ';
    }
    if (c == 0 || len + 1 >= size) {
      return false;
    }
    value[len++] = (char)c;
  }
  value[len] = '\0';
  return true;
}

bool control_query(qn_str target, const char *name, char *value, size_t size) {
  size_t name_len = strlen(name);
  size_t at = path_of(target).len + 1;
  while (at < target.len) {
    const char *begin = target.data + at;
    const char *end = memchr(begin, '&', target.len - at);
    size_t len = end != NULL ? (size_t)(end - begin) : target.len - at;
    if (len > name_len && memcmp(begin, name, name_len) == 0 && begin[name_len] == '=') {
      return decode((qn_str){ begin + name_len + 1, len - name_len - 1 }, value, size);
    }
    at += len + 1;
  }
  return false;
}

int control_query_number(qn_str target, const char *name, int64_t least, int64_t most, int64_t *ret_value) {
  char text[32];
  if (!control_query(target, name, text, sizeof text)) {
    return -ENOENT;
  }
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value < least || value > most) {
    return -EINVAL;
  }
  *ret_value = value;
  return 0;
}

const service_pipeline *control_pipeline(const control_request *request, const service_report *report,
                                         control_answer *answer) {
  char name[256];
  if (!control_query(request->target, "pipeline", name, sizeof name)) {
    if (report->n_pipelines == 1) {
      return &report->pipelines[0];
    }
    control_refuse(answer, 400, "there are several pipelines: say which with ?pipeline=NAME");
    return NULL;
  }
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    if (strcmp(report->pipelines[i].name, name) == 0) {
      return &report->pipelines[i];
    }
  }
  control_refuse(answer, 404, "there is no pipeline \"%s\"", name);
  return NULL;
}

/* --- threads --- */

static job *job_new(const control_request *request) {
  size_t size = request->method.len + request->target.len + request->content_type.len + request->body.len;
  job *made = malloc(sizeof *made + size);
  if (made == NULL) {
    return NULL;
  }
  *made = (job){ .request = *request };
  qn_str *parts[] = { &made->request.method, &made->request.target, &made->request.content_type, &made->request.body };
  char *at = made->copies;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (parts[i]->len > 0) {
      memcpy(at, parts[i]->data, parts[i]->len);
    }
    parts[i]->data = at;
    at += parts[i]->len;
  }
  return made;
}

/* NULL: it is time to end. */
static job *next_job(control *self) {
  pthread_mutex_lock(&self->mutex);
  while (self->first == NULL && !self->ending) {
    pthread_cond_wait(&self->changed, &self->mutex);
  }
  job *next = self->first;
  if (next != NULL) {
    self->first = next->next;
    self->last = self->first == NULL ? &self->first : self->last;
    self->n_waiting--;
  }
  pthread_mutex_unlock(&self->mutex);
  return next;
}

static bool is_ending(control *self) {
  pthread_mutex_lock(&self->mutex);
  bool ending = self->ending;
  pthread_mutex_unlock(&self->mutex);
  return ending;
}

static void *answer_jobs(void *arg) {
  control *self = arg;
  job *next;
  while ((next = next_job(self)) != NULL) {
    control_answer answer = { 0 };
    if (is_ending(self)) {
      control_refuse(&answer, 503, "the worker is ending");
    } else {
      control_answer_now(self, &next->request, &answer);
    }
    next->done(next->arg, &answer);
    control_answer_done(&answer); /* NULL if done kept the body */
    free(next);
  }
  return NULL;
}

int control_ask(control *self, const control_request *request, void (*done)(void *arg, control_answer *answer),
                void *arg) {
  job *made = job_new(request);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->done = done;
  made->arg = arg;
  pthread_mutex_lock(&self->mutex);
  bool takes = !self->ending && self->n_waiting < CONTROL_WAITING_MAX;
  if (takes) {
    self->n_waiting++;
    *self->last = made;
    self->last = &made->next;
    pthread_cond_signal(&self->changed);
  }
  pthread_mutex_unlock(&self->mutex);
  if (!takes) {
    free(made);
  }
  return takes ? 0 : -EAGAIN;
}

int control_new(const control_options *options, control **ret_control, qn_error *error) {
  control *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the worker's control");
  }
  self->options = *options;
  self->last = &self->first;
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->changed, NULL);
  while (self->n_threads < CONTROL_THREADS) {
    int rc = runtime_thread(&self->threads[self->n_threads], answer_jobs, self, "control");
    if (rc != 0) {
      control_free(self);
      return error_set(error, rc, "no-threads", "cannot start a thread for the worker's control: %s", strerror(-rc));
    }
    self->n_threads++;
  }
  *ret_control = self;
  return 0;
}

void control_end(control *self) {
  pthread_mutex_lock(&self->mutex);
  self->ending = true;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

void control_free(control *self) {
  if (self == NULL) {
    return;
  }
  control_end(self);
  for (uint32_t i = 0; i < self->n_threads; i++) {
    pthread_join(self->threads[i], NULL);
  }
  assert(self->first == NULL);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}
