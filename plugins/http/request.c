/* SPDX-License-Identifier: Apache-2.0 */

/* Requests as MHD shows them: a call for the header, calls with pieces of the body, calls until there is an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/control.h"

enum {
  SWALLOW_MAX =
      1 << 20, /* of a body that nobody wants, beyond what was announced; it is read so that the answer is, and the
                            connection goes on */
  BODY_FIRST = 16 << 10,
  AT_ONCE_MAX = 1 << 20 /* a body announced to be so long gets its memory before it comes */
};

/* --- begin and end --- */

static request *request_new(http_source *source, struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  request *self = info == NULL || info->socket_context == NULL ? NULL : calloc(1, sizeof *self);
  if (self == NULL) {
    return NULL;
  }
  self->source = source;
  self->connection = connection;
  self->peer = info->socket_context;
  self->next = source->requests;
  self->link = &source->requests;
  if (self->next != NULL) {
    self->next->link = &self->next;
  }
  source->requests = self;
  source->n_requests++;
  return self;
}

void *request_begin(void *arg, const char *target, struct MHD_Connection *connection) {
  http_source *source = arg;
  request *self = request_new(source, connection);
  if (self != NULL && control_handles(source, target)) {
    self->target = strdup(target);
    if (self->target == NULL) {
      problem_answer(&self->answer, 503, "no-memory", "there is no memory for the request now");
    }
  }
  return self;
}

size_t request_body_max(const request *self) {
  return self->target != NULL ? QN_CONTROL_BODY_MAX : self->source->settings.body_bytes;
}

void request_completed(void *arg, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code) {
  http_source *source = arg;
  request *self = *state;
  (void)connection;
  (void)code;
  if (self == NULL) {
    return;
  }
  *state = NULL;
  peer_turn(self->peer, PEER_IDLE, source->now_ms);
  self->peer->n_requests++;
  *self->link = self->next;
  if (self->next != NULL) {
    self->next->link = self->link;
  }
  source->n_requests--;
  request_leave(self);
  control_forget(self);
  free(self->target);
  request_documents_free(self);
  request_body_free(self);
  answer_done(&self->answer);
  free(self);
}

/* --- answers --- */

static void add_headers(const request *self, struct MHD_Response *response) {
  const http_source *source = self->source;
  const answer *with = &self->answer;
  char seconds[16];
  if (with->body != NULL) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, with->type);
  }
  if (with->policy != NULL) {
    MHD_add_response_header(response, "Content-Security-Policy", with->policy);
  }
  if (with->is_private) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  }
  if (with->allow != NULL) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, with->allow);
  }
  if (with->authenticate) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"qanat\"");
  }
  if (with->codings) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip, zstd");
  }
  if (with->retry_later) {
    snprintf(seconds, sizeof seconds, "%u", source->settings.retry_after_s);
    MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
  }
  if (source->is_stopping || self->is_garbled) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
  }
}

static struct MHD_Response *response_of(answer *with) {
  static char nothing[1];
  char *body = with->body; /* the response's, if there is one */
  return MHD_create_response_from_buffer(with->len, body == NULL ? nothing : body,
                                         body == NULL ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result send_answer(request *self) {
  answer *with = &self->answer;
  struct MHD_Response *response = response_of(with);
  if (response == NULL) {
    return MHD_NO;
  }
  add_headers(self, response);
  peer_turn(self->peer, PEER_READS, self->source->now_ms);
  self->peer->bytes = with->len;
  with->body = NULL;
  enum MHD_Result rc = MHD_queue_response(self->connection, with->status, response);
  MHD_destroy_response(response);
  return rc;
}

static enum MHD_Result suspend(request *self) {
  self->is_suspended = true;
  MHD_suspend_connection(self->connection);
  return MHD_YES;
}

void request_resume(request *self) {
  if (self->is_suspended) {
    self->is_suspended = false;
    MHD_resume_connection(self->connection);
    self->source->run_again = true;
  }
}

/* --- bodies --- */

static void refuse(request *self, unsigned status, const char *slug, const char *detail) {
  request_body_free(self);
  problem_answer(&self->answer, status, slug, detail);
  self->phase = REQUEST_ANSWERED;
  self->is_swallowing = true;
}

/* Makes room for so many bytes in all. False: refused. */
static bool make_room(request *self, size_t wanted) {
  http_source *source = self->source;
  if (wanted <= self->capacity) {
    return true;
  }
  size_t capacity = self->capacity < BODY_FIRST ? BODY_FIRST : self->capacity * 2;
  capacity = self->expected < capacity || self->expected <= AT_ONCE_MAX ? (size_t)self->expected : capacity;
  capacity = capacity < wanted ? wanted : capacity;
  if (source->bodies_bytes + (capacity - self->charged) > source->settings.bodies_bytes) {
    refuse(self, 503, "busy", "too many large requests are under way; send it again");
    return false;
  }
  char *grown = realloc(self->body, capacity);
  if (grown == NULL) {
    refuse(self, 503, "no-memory", "there is no memory for the request now");
    return false;
  }
  source->bodies_bytes += capacity - self->charged;
  self->body = grown;
  self->capacity = self->charged = capacity;
  return true;
}

static enum MHD_Result take_piece(request *self, const char *bytes, size_t len) {
  self->peer->bytes += len;
  if (!self->is_swallowing && len > request_body_max(self) - self->len) {
    refuse(self, 413, "body-too-large", "the body is longer than \"body_bytes\" of the source allows");
  }
  if (!self->is_swallowing && make_room(self, self->len + len)) {
    memcpy(self->body + self->len, bytes, len);
    self->len += len;
    return MHD_YES;
  }
  self->swallowed += len;
  return self->expected != UINT64_MAX || self->swallowed <= SWALLOW_MAX ? MHD_YES : MHD_NO;
}

/* --- the three kinds of calls --- */

/* True if the client waits for a word before it sends the body. */
static bool waits_for_go(struct MHD_Connection *connection) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT) != NULL;
}

/* The header is there. An answer that is given now closes the connection, since the body would follow; so it is given only where
 * that spares somebody the sending. */
static enum MHD_Result begin(request *self) {
  peer_turn(self->peer, PEER_BODY, self->source->now_ms);
  if (self->answer.status == 0) {
    return MHD_YES;
  }
  self->phase = REQUEST_ANSWERED;
  self->is_swallowing = true;
  bool long_body = self->expected != UINT64_MAX && self->expected > SWALLOW_MAX;
  bool at_once = self->is_garbled || (self->expected != 0 && (long_body || waits_for_go(self->connection)));
  return at_once ? send_answer(self) : MHD_YES;
}

/* The body is whole, or the connection was woken. */
static enum MHD_Result go_on(request *self) {
  peer_turn(self->peer, PEER_WAITS, self->source->now_ms);
  if (self->phase == REQUEST_READS && self->target != NULL) {
    control_ask_worker(self);
  } else if (self->phase == REQUEST_READS) {
    request_prepare(self);
  }
  return self->phase == REQUEST_ANSWERED ? send_answer(self) : suspend(self);
}

enum MHD_Result request_handle(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_len, void **state) {
  http_source *source = arg;
  request *self = *state;
  (void)connection;
  (void)version;
  if (source->has_ended || self == NULL) {
    return MHD_NO;
  }
  if (!self->is_begun) {
    self->is_begun = true;
    if (self->answer.status == 0) {
      header_read(self, url, method);
    }
    return begin(self);
  }
  if (*upload_len > 0) {
    size_t len = *upload_len;
    *upload_len = 0;
    return take_piece(self, upload, len);
  }
  return go_on(self);
}

/* --- time --- */

void requests_sweep(http_source *source) {
  for (request *at = source->requests; at != NULL; at = at->next) {
    if (at->phase == REQUEST_TAKEN && source->now_ms >= at->deadline_ms) {
      request_give_up(at, TAKE_FULL);
    }
  }
}

void requests_stop(http_source *source, bool at_once) {
  for (request *at = source->requests; at != NULL; at = at->next) {
    if (at->phase == REQUEST_TAKEN && (at->waits || at_once)) {
      request_give_up(at, TAKE_STOPPED);
    } else if (at->phase == REQUEST_ASKS && at_once) {
      control_forget(at);
      problem_answer(&at->answer, 503, "stopping", "the worker is being stopped or changed; ask again");
      at->phase = REQUEST_ANSWERED;
      request_resume(at);
    }
  }
}
