/* SPDX-License-Identifier: Apache-2.0 */

/* libcurl on the loop: it says which sockets to watch and when to wake it, and hands back what has ended. */
#include "post/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "post/client_config.h"

enum { BODY_FIRST = 4096 };

/* One connection's worth of work; its easy handle is used again and again. */
typedef struct transfer {
  struct client *client;
  struct transfer *next; /* while free */
  CURL *easy;
  void (*done)(void *arg, const client_result *result); /* NULL: free */
  void *arg;
  char *body;
  size_t body_len, body_capacity;
  bool too_long, no_memory;
  char empty[1];
  char error[CURL_ERROR_SIZE];
} transfer;

typedef struct watched {
  struct client *client;
  curl_socket_t fd;
  qn_watch *watch;
} watched;

struct client {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  client_config config;
  client_options options;
  CURLM *multi;
  uint32_t n_transfers;
  transfer *transfers;
  transfer *free_transfers;
  qn_timer *timer; /* libcurl's */
  qn_timer *pause; /* until the service wants to be asked again; NULL: it does */
  bool closing;
};

static void end_done(client *self);

/* --- what libcurl asks for --- */

static void on_ready(void *arg, uint32_t events) {
  watched *from = arg;
  client *self = from->client; /* from may be gone after the action */
  int flags = (events & QN_IO_READABLE) != 0 ? CURL_CSELECT_IN : 0;
  flags |= (events & QN_IO_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
  flags |= (events & QN_IO_ERROR) != 0 ? CURL_CSELECT_ERR : 0;
  int running = 0;
  curl_multi_socket_action(self->multi, from->fd, flags, &running);
  end_done(self);
}

static void forget(client *self, watched *old) {
  if (old != NULL) {
    curl_multi_assign(self->multi, old->fd, NULL);
    self->io->unwatch(old->watch);
    free(old);
  }
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned) {
  client *self = arg;
  watched *at = assigned;
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    forget(self, at);
    return 0;
  }
  uint32_t events = (what & CURL_POLL_IN) != 0 ? QN_IO_READABLE : 0;
  events |= (what & CURL_POLL_OUT) != 0 ? QN_IO_WRITABLE : 0;
  if (at != NULL) {
    return self->io->watch_set(at->watch, events) == 0 ? 0 : -1;
  }
  at = calloc(1, sizeof *at);
  if (at == NULL) {
    return -1;
  }
  *at = (watched){ .client = self, .fd = fd };
  if (self->io->watch(self->env, fd, events, on_ready, at, &at->watch) != 0) {
    free(at);
    return -1;
  }
  curl_multi_assign(self->multi, fd, at);
  return 0;
}

static void on_time(void *arg) {
  client *self = arg;
  int running = 0;
  self->io->timer_stop(self->timer);
  self->timer = NULL;
  curl_multi_socket_action(self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  end_done(self);
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg) {
  client *self = arg;
  (void)multi;
  self->io->timer_stop(self->timer);
  self->timer = NULL;
  if (timeout_ms < 0 || self->closing) {
    return 0;
  }
  return self->io->timer_start(self->env, (uint64_t)timeout_ms, 0, on_time, self, &self->timer) == 0 ? 0 : -1;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg) {
  transfer *to = arg;
  size_t len = size * n;
  size_t room = to->client->options.keep_max - to->body_len;
  if (len > room && to->client->options.refuse_longer) {
    to->too_long = true;
    return 0;
  }
  size_t kept = len < room ? len : room;
  if (to->body_len + kept + 1 > to->body_capacity) {
    size_t capacity = to->body_capacity * 2 < BODY_FIRST ? BODY_FIRST : to->body_capacity * 2;
    capacity = capacity < to->body_len + kept + 1 ? to->body_len + kept + 1 : capacity;
    char *grown = realloc(to->body, capacity);
    if (grown == NULL) {
      to->no_memory = true;
      return 0;
    }
    to->body = grown;
    to->body_capacity = capacity;
  }
  memcpy(to->body + to->body_len, bytes, kept);
  to->body_len += kept;
  to->body[to->body_len] = '\0';
  return len;
}

/* --- ends --- */

static void on_pause_over(void *arg) {
  client *self = arg;
  self->io->timer_stop(self->pause);
  self->pause = NULL;
  self->options.room(self->options.arg);
}

static void pause_for(client *self, uint64_t wait_ms) {
  if (wait_ms > 0 && self->pause == NULL) {
    self->io->timer_start(self->env, wait_ms, 0, on_pause_over, self, &self->pause);
  }
}

static const char *slug_of(const transfer *at, CURLcode code) {
  if (at->too_long) {
    return "too-long";
  }
  if (at->no_memory) {
    return "no-memory";
  }
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_COULDNT_CONNECT:
    return "no-connection";
  case CURLE_OPERATION_TIMEDOUT:
    return "timeout";
  case CURLE_TOO_MANY_REDIRECTS:
    return "redirects";
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CERTPROBLEM:
    return "tls";
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_WRITE_ERROR:
    return "bad-encoding";
  case CURLE_UNSUPPORTED_PROTOCOL:
    return "redirects";
  default:
    return "cut-off";
  }
}

static void result_make(transfer *at, CURLcode code, client_result *ret_result) {
  curl_off_t retry_after_s = 0;
  char *location = NULL;
  client_result result = { .body = at->body == NULL ? at->empty : at->body, .body_len = at->body_len };
  curl_easy_getinfo(at->easy, CURLINFO_RESPONSE_CODE, &result.status);
  curl_easy_getinfo(at->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
  curl_easy_getinfo(at->easy, CURLINFO_REDIRECT_URL, &location);
  uint64_t max_ms = at->client->config.pause_max_ms;
  if (retry_after_s > 0) {
    result.retry_after_ms = (uint64_t)retry_after_s > max_ms / 1000 ? max_ms : (uint64_t)retry_after_s * 1000;
  }
  result.text = location;
  if (code != CURLE_OK) {
    result.status = 0;
    result.slug = slug_of(at, code);
    result.text = at->too_long           ? "its answer is longer than \"reply_bytes\" allows"
                  : at->no_memory        ? "there is no memory for its answer"
                  : at->error[0] != '\0' ? at->error
                                         : curl_easy_strerror(code);
  }
  *ret_result = result;
}

/* The transfer is free before its owner hears of it: the owner may send the next request. The body then moves out of it. */
static void end_one(client *self, transfer *at, CURLcode code) {
  client_result result;
  char error[CURL_ERROR_SIZE];
  result_make(at, code, &result);
  if (result.text == at->error) {
    memcpy(error, at->error, sizeof error);
    result.text = error;
  }
  void (*done)(void *, const client_result *) = at->done;
  char *body = at->body;
  at->body = NULL;
  at->body_len = at->body_capacity = 0;
  at->done = NULL;
  curl_multi_remove_handle(self->multi, at->easy);
  at->next = self->free_transfers;
  self->free_transfers = at;
  pause_for(self, result.status == 429 || result.status == 503 ? result.retry_after_ms : 0);
  done(at->arg, &result);
  free(body);
}

static void end_done(client *self) {
  CURLMsg *message;
  int left = 0;
  bool any = false;
  while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
    if (message->msg == CURLMSG_DONE) {
      transfer *at = NULL;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&at);
      end_one(self, at, message->data.result);
      any = true;
    }
  }
  if (any && client_has_room(self)) {
    self->options.room(self->options.arg);
  }
}

/* --- requests --- */

bool client_has_room(const client *self) {
  return self->free_transfers != NULL && self->pause == NULL;
}

int client_send(client *self, const char *body, size_t len, void (*done)(void *arg, const client_result *result),
                void *arg) {
  transfer *at = self->free_transfers;
  at->error[0] = '\0';
  at->too_long = at->no_memory = false;
  curl_easy_setopt(at->easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(at->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
  if (curl_multi_add_handle(self->multi, at->easy) != CURLM_OK) {
    return -EIO;
  }
  self->free_transfers = at->next;
  at->done = done;
  at->arg = arg;
  return 0;
}

uint32_t client_connections(const client *self) {
  return self->config.n_connections;
}

const char *client_target(const client *self) {
  return self->config.target;
}

bool client_compresses(const client *self) {
  return self->config.compress;
}

/* --- open and close --- */

static int transfer_open(client *self, transfer *at) {
  at->client = self;
  at->easy = curl_easy_init();
  if (at->easy == NULL) {
    return -ENOMEM;
  }
  curl_easy_setopt(at->easy, CURLOPT_PRIVATE, at);
  curl_easy_setopt(at->easy, CURLOPT_ERRORBUFFER, at->error);
  curl_easy_setopt(at->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(at->easy, CURLOPT_WRITEDATA, at);
  at->next = self->free_transfers;
  self->free_transfers = at;
  return client_config_apply(&self->config, at->easy);
}

static int multi_open(client *self) {
  self->multi = curl_multi_init();
  self->transfers = calloc(self->config.n_connections, sizeof *self->transfers);
  if (self->multi == NULL || self->transfers == NULL) {
    return -ENOMEM;
  }
  curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
  curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
  curl_multi_setopt(self->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)self->config.n_connections);
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < self->config.n_connections; i++) {
    rc = transfer_open(self, &self->transfers[self->n_transfers++]);
  }
  return rc;
}

int client_open(qn_create *create, const client_options *options, client **ret_client) {
  static const char no_io[] = "this host has no event loop for stages (" QN_IO_1 "), which the stage needs";
  const qn_io *io = create->host->extension(create->env, QN_IO_1);
  if (io == NULL) {
    return create->host->create_fail(create, no_io, sizeof no_io - 1);
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return -ENOMEM;
  }
  client *self = calloc(1, sizeof *self);
  if (self == NULL) {
    curl_global_cleanup();
    return -ENOMEM;
  }
  self->host = create->host;
  self->env = create->env;
  self->io = io;
  self->options = *options;
  int rc = client_config_read(create, options->media_type, &self->config);
  rc = rc == 0 ? multi_open(self) : rc;
  if (rc != 0) {
    client_close(self);
    return rc;
  }
  *ret_client = self;
  return 0;
}

void client_close(client *self) {
  if (self == NULL) {
    return;
  }
  self->closing = true;
  for (uint32_t i = 0; i < self->n_transfers; i++) {
    transfer *at = &self->transfers[i];
    if (at->done != NULL) {
      curl_multi_remove_handle(self->multi, at->easy);
    }
    curl_easy_cleanup(at->easy);
    free(at->body);
  }
  curl_multi_cleanup(self->multi); /* closes idle connections, and unwatches them */
  self->io->timer_stop(self->timer);
  self->io->timer_stop(self->pause);
  free(self->transfers);
  client_config_done(&self->config);
  curl_global_cleanup();
  free(self);
}
