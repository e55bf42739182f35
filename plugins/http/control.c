/* SPDX-License-Identifier: Apache-2.0 */

/* Passes requests on to the worker. An ask outlives a request that is given up, since the answer comes all the same. */
#include "http/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct control_ask {
  struct control_ask *next, **link; /* of the source */
  http_source *source;
  request *request; /* NULL: given up */
} control_ask;

/* The target without what stands before all paths. */
static const char *inside(const http_source *source, const char *target) {
  size_t len = strlen(source->settings.prefix);
  return strncmp(target, source->settings.prefix, len) == 0 && target[len] == '/' ? target + len : NULL;
}

bool control_handles(const http_source *source, const char *target) {
  const char *wanted = source->settings.control && source->control != NULL ? inside(source, target) : NULL;
  return wanted != NULL && source->control->handles(source->env, (qn_str){ wanted, strlen(wanted) }) != 0;
}

static void ask_free(control_ask *ask) {
  *ask->link = ask->next;
  if (ask->next != NULL) {
    ask->next->link = ask->link;
  }
  free(ask);
}

void control_forget(request *self) {
  if (self->ask != NULL) {
    self->ask->request = NULL;
    self->ask = NULL;
  }
}

void control_done(http_source *source) {
  while (source->asks != NULL) {
    ask_free(source->asks);
  }
}

/* --- the answer --- */

/* A copy of the strings that the answer's headers need, in one piece. */
static bool keep_headers(answer *to, const qn_control_answer *from) {
  const qn_str texts[] = { from->content_type, from->policy, from->allow };
  const char *kept[3] = { "", NULL, NULL };
  char *at = malloc(texts[0].len + texts[1].len + texts[2].len + 3);
  if (at == NULL) {
    return false;
  }
  to->headers = at;
  for (size_t i = 0; i < 3; i++) {
    if (texts[i].len > 0) {
      memcpy(at, texts[i].data, texts[i].len);
      at[texts[i].len] = '\0';
      kept[i] = at;
      at += texts[i].len + 1;
    }
  }
  to->type = kept[0];
  to->policy = kept[1];
  to->allow = kept[2];
  return true;
}

static bool keep_answer(answer *to, const qn_control_answer *from) {
  char *body = from->body_bytes == 0 ? NULL : malloc(from->body_bytes);
  if ((from->body_bytes > 0 && body == NULL) || !keep_headers(to, from)) {
    free(body);
    return false;
  }
  if (body != NULL) {
    memcpy(body, from->body, from->body_bytes);
  }
  to->status = from->status;
  to->body = body;
  to->len = from->body_bytes;
  to->retry_later = from->status == 429 || from->status == 503;
  to->is_private = true;
  return true;
}

static void on_answer(void *arg, const qn_control_answer *from) {
  control_ask *ask = arg;
  http_source *source = ask->source;
  request *to = ask->request;
  ask_free(ask);
  if (to == NULL) {
    return;
  }
  to->ask = NULL;
  if (!keep_answer(&to->answer, from)) {
    problem_answer(&to->answer, 503, "no-memory", "there is no memory for the answer");
  }
  to->phase = REQUEST_ANSWERED;
  request_resume(to);
  server_kick(source);
}

/* --- the question --- */

static qn_str header_of(const request *self, const char *name) {
  const char *value = MHD_lookup_connection_value(self->connection, MHD_HEADER_KIND, name);
  return (qn_str){ value == NULL ? "" : value, value == NULL ? 0 : strlen(value) };
}

static control_ask *ask_new(request *self) {
  http_source *source = self->source;
  control_ask *ask = calloc(1, sizeof *ask);
  if (ask == NULL) {
    return NULL;
  }
  *ask = (control_ask){ .next = source->asks, .link = &source->asks, .source = source, .request = self };
  if (ask->next != NULL) {
    ask->next->link = &ask->next;
  }
  source->asks = ask;
  self->ask = ask;
  return ask;
}

void control_ask_worker(request *self) {
  http_source *source = self->source;
  const char *target = inside(source, self->target);
  const qn_control_request asked = {
    .size = sizeof asked,
    .method = { self->method, strlen(self->method) },
    .target = { target, strlen(target) },
    .content_type = header_of(self, "Content-Type"),
    .authorization = header_of(self, "Authorization"),
    .marker = header_of(self, "X-Qanat"),
    .origin = header_of(self, "Origin"),
    .host = header_of(self, "Host"),
    .body = (const uint8_t *)self->body,
    .body_bytes = self->len,
  };
  control_ask *ask = ask_new(self);
  int rc = ask == NULL ? -ENOMEM : source->control->answer(source->env, &asked, on_answer, ask);
  self->phase = REQUEST_ASKS;
  if (rc == 0) {
    return;
  }
  if (ask != NULL) {
    self->ask = NULL;
    ask_free(ask);
  }
  problem_answer(&self->answer, 503, "busy", "the worker cannot answer now; ask again");
  self->phase = REQUEST_ANSWERED;
}
