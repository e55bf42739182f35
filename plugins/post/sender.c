/* SPDX-License-Identifier: Apache-2.0 */

/* From asks to requests, and from statuses of HTTP to those of documents. */
#include "post/sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "post/squeeze.h"

enum { EXCERPT_MAX = 200 };

/* A request on its way. */
typedef struct sender_batch {
  struct sender_batch *next, **link;
  sender *sender;
  ask_list asks;
  char *body;
  size_t len, capacity;
  bool squeezed; /* or there was no memory for it */
} sender_batch;

static void pump(sender *self);

/* --- batches --- */

static void batch_free(sender_batch *batch) {
  for (ask *at; (at = ask_list_pull(&batch->asks)) != NULL;) {
    free(at);
  }
  *batch->link = batch->next;
  if (batch->next != NULL) {
    batch->next->link = batch->link;
  }
  free(batch->body);
  free(batch);
}

/* Ends all that is left in it alike. */
static void batch_end(sender_batch *batch, qn_status status, const char *slug, const char *text) {
  for (ask *at; (at = ask_list_pull(&batch->asks)) != NULL;) {
    exchange_end(batch->sender->exchange, at, status, slug, text);
  }
}

/* --- what an answer means --- */

/* A piece of text from outside, on one line. */
static void excerpt(const char *text, size_t len, char *ret_text) {
  size_t n = 0;
  for (size_t i = 0; i < len && n < EXCERPT_MAX; i++) {
    bool space = (unsigned char)text[i] <= ' ';
    if (!space || (n > 0 && ret_text[n - 1] != ' ')) {
      ret_text[n++] = space ? ' ' : text[i];
    }
  }
  ret_text[n] = '\0';
}

/* Statuses that speak of the request as such, not of what is in it: asking once for each document would not help. */
static bool is_about_all(long status) {
  static const long statuses[] = { 401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415, 417, 421, 426, 431, 451 };
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    if (statuses[i] == status) {
      return true;
    }
  }
  return status < 400;
}

static bool is_passing(const client_result *result) {
  if (result->slug != NULL) {
    return strcmp(result->slug, "redirects") != 0;
  }
  return result->status == 408 || result->status == 425 || result->status == 429 || result->status >= 500;
}

/* One by one, before all others. */
static void send_alone(sender *self, sender_batch *batch) {
  ask_list reversed;
  ask *at;
  ask_list_init(&reversed);
  while ((at = ask_list_pull(&batch->asks)) != NULL) {
    at->alone = true;
    ask_list_push_front(&reversed, at);
  }
  while ((at = ask_list_pull(&reversed)) != NULL) {
    if (at->call == NULL) { /* ended already */
      free(at);
      continue;
    }
    self->waiting_bytes += at->len;
    ask_list_push_front(&self->waiting, at);
  }
}

static void fail_all(sender_batch *batch, const client_result *result) {
  char text[800];
  char slug[32];
  char said[EXCERPT_MAX + 1];
  const char *target = client_target(batch->sender->client);
  qn_status status = is_passing(result) ? QN_STATUS_RETRY : QN_STATUS_REJECT;
  if (result->slug != NULL) {
    snprintf(text, sizeof text, "%.300s: %.300s", target, result->text);
    batch_end(batch, status, result->slug, text);
    return;
  }
  excerpt(result->body, result->body_len, said);
  snprintf(slug, sizeof slug, "http-%ld", result->status);
  if (result->status >= 300 && result->status < 400 && result->text != NULL) {
    snprintf(text, sizeof text, "%.300s answered %ld and points elsewhere, which \"redirects\" does not allow", target,
             result->status);
  } else {
    snprintf(text, sizeof text, "%.300s answered %ld%s%s", target, result->status, said[0] == '\0' ? "" : ": ", said);
  }
  batch_end(batch, status, slug, text);
}

static void on_done(void *arg, const client_result *result) {
  sender_batch *batch = arg;
  sender *self = batch->sender;
  if (result->slug == NULL && result->status >= 200 && result->status < 300) {
    self->answered(self->arg, &batch->asks, result);
  } else if (batch->asks.n > 1 && result->slug == NULL && !is_passing(result) && !is_about_all(result->status)) {
    send_alone(self, batch);
  } else {
    fail_all(batch, result);
  }
  batch_free(batch);
  pump(self);
}

/* --- building --- */

static bool add(sender_batch *batch, const char *bytes, size_t len) {
  if (batch->len + len > batch->capacity) {
    size_t capacity = batch->capacity * 2 > batch->len + len ? batch->capacity * 2 : batch->len + len + 1024;
    char *grown = realloc(batch->body, capacity);
    if (grown == NULL) {
      return false;
    }
    batch->body = grown;
    batch->capacity = capacity;
  }
  memcpy(batch->body + batch->len, bytes, len);
  batch->len += len;
  return true;
}

/* A line ends with a newline, which stays where lines are sent, and is no harm in an array. */
static bool write_body(sender_batch *batch) {
  sender_form form = batch->sender->form;
  bool good = form != SENDER_ARRAY || add(batch, "[", 1);
  for (const ask *at = batch->asks.first; good && at != NULL; at = at->next) {
    good = add(batch, at->line, at->len);
    if (good && form == SENDER_ARRAY) {
      good = add(batch, at->next == NULL ? "]" : ",", 1);
    }
  }
  return good;
}

static void dispatch(sender_batch *batch) {
  if (client_send(batch->sender->client, batch->body, batch->len, on_done, batch) != 0) {
    batch_end(batch, QN_STATUS_RETRY, "no-memory", "no memory for the request");
    batch_free(batch);
  }
}

/* --- compressing, on a thread that is lent for it --- */

static void run_squeeze(void *arg) {
  sender_batch *batch = arg;
  char *body = NULL;
  size_t len = 0;
  if (squeeze(batch->body, batch->len, &body, &len) == 0) {
    free(batch->body);
    batch->body = body;
    batch->len = len;
    batch->squeezed = true;
  }
}

static void on_squeezed(void *arg) {
  sender_batch *batch = arg;
  sender *self = batch->sender;
  if (!batch->squeezed) {
    batch_end(batch, QN_STATUS_RETRY, "no-memory", "no memory to compress the request");
    batch_free(batch);
  } else if (client_has_room(self->client)) {
    dispatch(batch);
  } else { /* the service has asked for a pause meanwhile */
    for (ask *at; (at = ask_list_pull(&batch->asks)) != NULL;) {
      self->waiting_bytes += at->len;
      ask_list_push(&self->waiting, at);
    }
    batch_free(batch);
  }
  pump(self);
}

/* --- gathering --- */

static uint32_t n_on_the_way(const sender *self) {
  uint32_t n = 0;
  for (const sender_batch *at = self->batches; at != NULL; at = at->next) {
    n++;
  }
  return n;
}

static void gather(sender *self, sender_batch *batch) {
  size_t bytes = 0;
  while (self->waiting.first != NULL && batch->asks.n < self->documents_max) {
    const ask *next = self->waiting.first;
    if (batch->asks.n > 0 && (next->alone || bytes + next->len > self->bytes_max)) {
      break;
    }
    bool alone = next->alone;
    bytes += next->len;
    self->waiting_bytes -= next->len;
    ask_list_push(&batch->asks, ask_list_pull(&self->waiting));
    if (alone) {
      break;
    }
  }
}

static void start(sender *self) {
  sender_batch *batch = calloc(1, sizeof *batch);
  if (batch == NULL) {
    ask *at = ask_list_pull(&self->waiting);
    self->waiting_bytes -= at->len;
    exchange_end(self->exchange, at, QN_STATUS_RETRY, "no-memory", "no memory for the request");
    return;
  }
  batch->sender = self;
  ask_list_init(&batch->asks);
  batch->next = self->batches;
  batch->link = &self->batches;
  if (batch->next != NULL) {
    batch->next->link = &batch->next;
  }
  self->batches = batch;
  gather(self, batch);
  const exchange *with = self->exchange;
  if (!write_body(batch) ||
      (client_compresses(self->client) && with->io->offload(with->env, run_squeeze, on_squeezed, batch) != 0)) {
    batch_end(batch, QN_STATUS_RETRY, "no-memory", "no memory for the request");
    batch_free(batch);
  } else if (!client_compresses(self->client)) {
    dispatch(batch);
  }
}

static void on_waited(void *arg) {
  sender *self = arg;
  self->exchange->io->timer_stop(self->timer);
  self->timer = NULL;
  pump(self);
}

static uint64_t waited_ms(const sender *self) {
  uint64_t now_ms = self->exchange->io->now_ms(self->exchange->env);
  return now_ms - self->waiting.first->since_ms;
}

static bool is_ripe(const sender *self) {
  return self->waiting.n >= self->documents_max || self->waiting_bytes >= self->bytes_max ||
         self->waiting.first->alone || waited_ms(self) >= self->wait_ms;
}

static void pump(sender *self) {
  while (self->waiting.first != NULL && client_has_room(self->client) && is_ripe(self)) {
    /* Bodies that are being compressed have no connection yet, but will need one. */
    if (client_compresses(self->client) && n_on_the_way(self) >= client_connections(self->client)) {
      return;
    }
    start(self);
  }
  if (self->waiting.first != NULL && client_has_room(self->client) && self->timer == NULL && !is_ripe(self)) {
    const exchange *with = self->exchange;
    uint64_t passed_ms = waited_ms(self);
    with->io->timer_start(with->env, passed_ms < self->wait_ms ? self->wait_ms - passed_ms : 1, 0, on_waited, self,
                          &self->timer);
  }
}

static void on_room(void *arg) {
  pump(arg);
}

void sender_put(sender *self, ask_list *asks) {
  uint64_t now_ms = self->exchange->io->now_ms(self->exchange->env);
  for (ask *at; (at = ask_list_pull(asks)) != NULL;) {
    at->since_ms = now_ms;
    self->waiting_bytes += at->len;
    ask_list_push(&self->waiting, at);
  }
  pump(self);
}

void sender_cancel(sender *self, qn_ticket ticket) {
  ask *waiting = ask_list_take_ticket(&self->waiting, ticket);
  if (waiting != NULL) {
    self->waiting_bytes -= waiting->len;
    exchange_end(self->exchange, waiting, QN_STATUS_RETRY, "cancelled", "nobody waited for it any more");
    return;
  }
  for (sender_batch *batch = self->batches; batch != NULL; batch = batch->next) {
    for (ask *at = batch->asks.first; at != NULL; at = at->next) {
      if (at->call != NULL && at->ticket.slot == ticket.slot && at->ticket.generation == ticket.generation) {
        exchange_abandon(self->exchange, at);
        return;
      }
    }
  }
}

static bool is_unwanted(const sender *self, const ask *at) {
  return at->call != NULL && self->exchange->host->cancelled(at->call);
}

bool sender_look(sender *self) {
  for (uint32_t n = self->waiting.n; n > 0; n--) { /* all of them once, so that they stay in order */
    ask *at = ask_list_pull(&self->waiting);
    if (is_unwanted(self, at)) {
      self->waiting_bytes -= at->len;
      exchange_end(self->exchange, at, QN_STATUS_RETRY, "cancelled", "nobody waited for it any more");
    } else {
      ask_list_push(&self->waiting, at);
    }
  }
  for (sender_batch *batch = self->batches; batch != NULL; batch = batch->next) {
    for (ask *at = batch->asks.first; at != NULL; at = at->next) {
      if (is_unwanted(self, at)) {
        exchange_abandon(self->exchange, at);
      }
    }
  }
  return self->waiting.first != NULL || self->batches != NULL;
}

/* --- open and done --- */

int sender_open(qn_create *create, exchange *exchange, size_t keep_max, bool refuse_longer,
                void (*answered)(void *arg, ask_list *asks, const client_result *result), void *arg,
                sender *ret_sender) {
  static const char *const types[] = { "application/x-ndjson", "application/json", "application/json" };
  sender *self = ret_sender;
  qn_str form = qn_config_str(create, "/form");
  memset(self, 0, sizeof *self);
  ask_list_init(&self->waiting);
  self->exchange = exchange;
  self->form = form.len > 0 && form.data[0] == 'a'   ? SENDER_ARRAY
               : form.len > 0 && form.data[0] == 'o' ? SENDER_OBJECT
                                                     : SENDER_LINES;
  self->documents_max = self->form == SENDER_OBJECT ? 1 : (uint32_t)qn_config_i64(create, "/batch_documents", 1);
  self->bytes_max = (size_t)qn_config_i64(create, "/batch_bytes", 1048576);
  self->wait_ms = (uint64_t)qn_config_i64(create, "/batch_wait_ms", 50);
  self->answered = answered;
  self->arg = arg;
  const client_options options = {
    .media_type = types[self->form], .keep_max = keep_max, .refuse_longer = refuse_longer, .room = on_room, .arg = self
  };
  return client_open(create, &options, &self->client);
}

void sender_done(sender *self) {
  if (self->exchange == NULL) {
    return;
  }
  client_close(self->client);
  while (self->batches != NULL) {
    batch_free(self->batches);
  }
  for (ask *at; (at = ask_list_pull(&self->waiting)) != NULL;) {
    free(at);
  }
  self->exchange->io->timer_stop(self->timer);
}
