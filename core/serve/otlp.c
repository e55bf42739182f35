/* SPDX-License-Identifier: Apache-2.0 */

/* Whoever settles a document writes its spans and puts them into a queue; a thread sends what has come together. */
#include "serve/otlp.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "serve/late_curl.h"
#include "serve/otlp_spans.h"
#include "serve/thread.h"

enum { TRIES_MAX = 4, PAUSE_MS = 500, TIMEOUT_MS = 10000, CONNECT_MS = 3000, LAST_MS = 2000, HEADERS_MAX = 32 };

/* The spans of one document. */
typedef struct parcel {
  struct parcel *next;
  uint32_t n_spans;
  size_t len;
  char json[];
} parcel;

struct otlp {
  otlp_options options;
  tracer tracer;
  char *url, *service_name;
  late_curl curl;
  struct curl_slist *headers;
  CURL *easy;   /* [its thread] */
  bool is_away; /* the collector, as the operator was told [its thread] */

  pthread_mutex_t mutex; /* what follows */
  pthread_cond_t changed;
  parcel *first, **last;
  size_t waiting_bytes;
  bool ending;
  pthread_t thread;
  bool has_thread;

  _Atomic uint64_t n_sent, n_dropped;
};

/* --- taking --- */

static parcel *pack(const trace *taken, uint32_t *ret_n_spans) {
  unsigned char ids[OTLP_ID_BYTES];
  json_writer to = { 0 };
  uint32_t n = atomic_load(&taken->n_spans);
  *ret_n_spans = 1 + (n < TRACE_SPANS_MAX ? n : TRACE_SPANS_MAX);
  size_t wanted = 16 + 8 * (size_t)*ret_n_spans;
  for (size_t at = 0; at < wanted;) {
    ssize_t got = getrandom(ids + at, wanted - at, 0);
    if (got <= 0 && errno != EINTR) {
      return NULL;
    }
    at += got > 0 ? (size_t)got : 0;
  }
  otlp_spans_write(taken, ids, &to);
  parcel *made = to.failed ? NULL : malloc(sizeof *made + to.len);
  if (made != NULL) {
    *made = (parcel){ .n_spans = *ret_n_spans, .len = to.len };
    memcpy(made->json, to.bytes, to.len);
  }
  json_writer_done(&to);
  return made;
}

/* [any] */
static void take(void *arg, trace *taken) {
  otlp *self = arg;
  uint32_t n_spans;
  parcel *made = pack(taken, &n_spans);
  free(taken);
  pthread_mutex_lock(&self->mutex);
  bool fits = made != NULL && !self->ending && self->waiting_bytes + made->len <= OTLP_WAITING_BYTES;
  if (fits) {
    self->waiting_bytes += made->len;
    *self->last = made;
    self->last = &made->next;
    pthread_cond_signal(&self->changed);
  }
  pthread_mutex_unlock(&self->mutex);
  if (!fits) {
    free(made);
    atomic_fetch_add(&self->n_dropped, n_spans);
  }
}

/* --- sending --- */

static size_t ignore(char *bytes, size_t size, size_t n, void *arg) {
  (void)bytes;
  (void)arg;
  return size * n;
}

static void say(otlp *self, uint32_t level, const char *text) {
  if (self->options.say != NULL) {
    self->options.say(self->options.arg, level, text);
  }
}

static void tell_away(otlp *self, CURLcode code, long status) {
  char text[512];
  if (self->is_away) {
    return;
  }
  self->is_away = true;
  if (code != CURLE_OK) {
    snprintf(text, sizeof text, "traces: %.200s does not take them: %s; those that wait too long are dropped",
             self->url, self->curl.easy_strerror(code));
  } else {
    snprintf(text, sizeof text, "traces: %.200s answers with status %ld; those that wait too long are dropped",
             self->url, status);
  }
  say(self, QN_LOG_WARNING, text);
}

static bool may_try_again(CURLcode code, long status) {
  return code != CURLE_OK ? code != CURLE_URL_MALFORMAT && code != CURLE_UNSUPPORTED_PROTOCOL
                          : status == 429 || status == 502 || status == 503 || status == 504;
}

static CURLcode post(otlp *self, const json_writer *body, long *ret_status) {
  self->curl.easy_setopt(self->easy, CURLOPT_POSTFIELDS, body->bytes);
  self->curl.easy_setopt(self->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
  CURLcode code = self->curl.easy_perform(self->easy);
  *ret_status = 0;
  self->curl.easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, ret_status);
  return code;
}

static void wait_until(otlp *self, uint32_t ms) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += (long)(ms % 1000) * 1000000;
  until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&self->mutex);
  while (!self->ending && pthread_cond_timedwait(&self->changed, &self->mutex, &until) != ETIMEDOUT) {
  }
  pthread_mutex_unlock(&self->mutex);
}

static bool is_ending(otlp *self) {
  pthread_mutex_lock(&self->mutex);
  bool ending = self->ending;
  pthread_mutex_unlock(&self->mutex);
  return ending;
}

static bool send_body(otlp *self, const json_writer *body) {
  for (uint32_t attempt = 1; !body->failed; attempt++) {
    long status;
    CURLcode code = post(self, body, &status);
    if (code == CURLE_OK && status >= 200 && status < 300) {
      if (self->is_away) {
        self->is_away = false;
        say(self, QN_LOG_INFO, "traces: the collector takes them again");
      }
      return true;
    }
    tell_away(self, code, status);
    if (attempt == TRIES_MAX || !may_try_again(code, status) || is_ending(self)) {
      return false;
    }
    wait_until(self, PAUSE_MS << (attempt - 1));
  }
  return false;
}

/* As many parcels as go into one request; NULL: there are none. */
static parcel *take_batch(otlp *self) {
  pthread_mutex_lock(&self->mutex);
  parcel *first = self->first;
  size_t bytes = 0;
  parcel **link = &self->first;
  while (*link != NULL && (bytes == 0 || bytes + (*link)->len <= OTLP_BATCH_BYTES)) {
    bytes += (*link)->len;
    link = &(*link)->next;
  }
  self->first = *link;
  *link = NULL;
  self->last = self->first == NULL ? &self->first : self->last;
  self->waiting_bytes -= bytes;
  pthread_mutex_unlock(&self->mutex);
  return bytes > 0 ? first : NULL;
}

static void send_batch(otlp *self, parcel *first) {
  json_writer body = { 0 };
  uint64_t n_spans = 0;
  otlp_begin(&body, self->service_name, self->options.version);
  while (first != NULL) {
    parcel *next = first->next;
    json_raw(&body, first->json, first->len);
    n_spans += first->n_spans;
    free(first);
    first = next;
  }
  otlp_end(&body);
  atomic_fetch_add(send_body(self, &body) ? &self->n_sent : &self->n_dropped, n_spans);
  json_writer_done(&body);
}

/* False: it is to end, and nothing waits. */
static bool wait_for_some(otlp *self) {
  pthread_mutex_lock(&self->mutex);
  while (self->first == NULL && !self->ending) {
    pthread_cond_wait(&self->changed, &self->mutex);
  }
  bool some = self->first != NULL;
  pthread_mutex_unlock(&self->mutex);
  return some;
}

static bool is_much(otlp *self) {
  pthread_mutex_lock(&self->mutex);
  bool much = self->waiting_bytes >= OTLP_BATCH_BYTES;
  pthread_mutex_unlock(&self->mutex);
  return much;
}

static void *send_all(void *arg) {
  otlp *self = arg;
  while (wait_for_some(self)) {
    if (!is_much(self)) {
      wait_until(self, OTLP_BATCH_MS);
    }
    if (is_ending(self)) {
      self->curl.easy_setopt(self->easy, CURLOPT_TIMEOUT_MS, (long)LAST_MS);
    }
    parcel *batch = take_batch(self);
    if (batch != NULL) {
      send_batch(self, batch);
    }
    if (is_ending(self) && self->is_away) {
      break; /* nobody is there to take the rest */
    }
  }
  return NULL;
}

/* --- what it is told --- */

/* "http://host:4318" becomes "http://host:4318/v1/traces"; a URL with a path is taken as it is. */
static char *with_path(const char *url) {
  const char *host = strstr(url, "://");
  const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
  char *made = NULL;
  bool bare = path == NULL || path[1] == '\0';
  int len = bare ? asprintf(&made, "%.*s/v1/traces", path != NULL ? (int)(path - url) : (int)strlen(url), url)
                 : asprintf(&made, "%s", url);
  return len < 0 ? NULL : made;
}

/* The environment's base gets the path behind whatever path it has. */
static char *below(const char *base) {
  char *made = NULL;
  size_t len = strlen(base);
  return asprintf(&made, "%s%sv1/traces", base, len > 0 && base[len - 1] == '/' ? "" : "/") < 0 ? NULL : made;
}

static bool is_set(const char *text) {
  return text != NULL && text[0] != '\0';
}

static int find_url(otlp *self, qn_error *error) {
  const char *traces = getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const char *base = getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
  const char *given = is_set(self->options.url) ? self->options.url
                      : is_set(traces)          ? traces
                      : is_set(base)            ? base
                                                : NULL;
  if (given == NULL) {
    return 0;
  }
  if (strncmp(given, "http://", 7) != 0 && strncmp(given, "https://", 8) != 0) {
    return error_set(error, -EINVAL, "bad-url", "traces go to a URL of http or https, not to %.200s", given);
  }
  self->url = given == self->options.url ? with_path(given) : given == traces ? strdup(given) : below(given);
  return self->url != NULL ? 0 : error_set(error, -ENOMEM, "no-memory", "no memory for traces");
}

static int add_header(otlp *self, const char *text) {
  struct curl_slist *longer = self->curl.slist_append(self->headers, text);
  self->headers = longer != NULL ? longer : self->headers;
  return longer != NULL ? 0 : -ENOMEM;
}

/* "name=value,name=value", of which each goes along with every request. */
static int add_headers(otlp *self, const char *list) {
  int rc = add_header(self, "Content-Type: application/json");
  rc = rc == 0 ? add_header(self, "Expect:") : rc;
  for (uint32_t n = 0; rc == 0 && is_set(list) && n < HEADERS_MAX; n++) {
    size_t len = strcspn(list, ",");
    const char *equals = memchr(list, '=', len);
    if (equals != NULL) {
      char *line = NULL;
      int size = asprintf(&line, "%.*s: %.*s", (int)(equals - list), list, (int)(len - (size_t)(equals + 1 - list)),
                          equals + 1);
      rc = size < 0 ? -ENOMEM : strpbrk(line, "\r\n") != NULL ? 0 : add_header(self, line);
      free(size < 0 ? NULL : line);
    }
    list += list[len] == ',' ? len + 1 : len;
  }
  return rc;
}

static int set_up(otlp *self, qn_error *error) {
  const char *name = getenv("OTEL_SERVICE_NAME");
  self->service_name = strdup(is_set(name) ? name : "qanat");
  self->easy = self->curl.easy_init();
  if (self->service_name == NULL || self->easy == NULL ||
      add_headers(self, getenv("OTEL_EXPORTER_OTLP_HEADERS")) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for traces");
  }
  self->curl.easy_setopt(self->easy, CURLOPT_URL, self->url);
  self->curl.easy_setopt(self->easy, CURLOPT_PROTOCOLS_STR, "http,https");
  self->curl.easy_setopt(self->easy, CURLOPT_HTTPHEADER, self->headers);
  self->curl.easy_setopt(self->easy, CURLOPT_WRITEFUNCTION, ignore);
  self->curl.easy_setopt(self->easy, CURLOPT_NOSIGNAL, 1L);
  self->curl.easy_setopt(self->easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
  self->curl.easy_setopt(self->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
  self->curl.easy_setopt(self->easy, CURLOPT_USERAGENT, "qanat");
  return 0;
}

static uint32_t share_of(double ratio) {
  return ratio >= 1 ? UINT32_MAX : ratio > 0 ? (uint32_t)(ratio * 4294967296.0) : 0;
}

static void free_parts(otlp *self) {
  while (self->first != NULL) {
    parcel *next = self->first->next;
    free(self->first);
    self->first = next;
  }
  if (self->easy != NULL) {
    self->curl.easy_cleanup(self->easy);
  }
  if (self->headers != NULL) {
    self->curl.slist_free_all(self->headers);
  }
  free(self->service_name);
  free(self->url);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

int otlp_new(const otlp_options *options, otlp **ret_otlp, qn_error *error) {
  *ret_otlp = NULL;
  otlp *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for traces");
  }
  made->options = *options;
  made->last = &made->first;
  made->tracer = (tracer){ .share = share_of(options->ratio), .done = take, .arg = made };
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&made->mutex, NULL);
  pthread_cond_init(&made->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  int rc = find_url(made, error);
  if (rc != 0 || made->url == NULL) {
    free_parts(made);
    return rc;
  }
  rc = late_curl_open(&made->curl, error);
  if (rc == 0) {
    rc = made->curl.global_init(CURL_GLOBAL_DEFAULT) == 0
             ? set_up(made, error)
             : error_set(error, -ENOMEM, "no-memory", "libcurl cannot be set up");
  }
  if (rc == 0) {
    rc = thread_start(&made->thread, send_all, made, "traces");
    made->has_thread = rc == 0;
    if (rc != 0) {
      error_set(error, rc, "no-threads", "cannot start a thread for traces: %s", strerror(-rc));
    }
  }
  if (rc != 0) {
    free_parts(made);
    return rc;
  }
  *ret_otlp = made;
  return 0;
}

void otlp_free(otlp *self) {
  if (self == NULL) {
    return;
  }
  pthread_mutex_lock(&self->mutex);
  self->ending = true;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
  pthread_join(self->thread, NULL);
  free_parts(self);
}

const tracer *otlp_tracer(const otlp *self) {
  return self != NULL ? &self->tracer : NULL;
}

void otlp_counts(const otlp *self, uint64_t *ret_sent, uint64_t *ret_dropped) {
  *ret_sent = self != NULL ? atomic_load(&self->n_sent) : 0;
  *ret_dropped = self != NULL ? atomic_load(&self->n_dropped) : 0;
}
