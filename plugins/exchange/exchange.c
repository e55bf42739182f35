/* SPDX-License-Identifier: Apache-2.0 */

/* The way of a document to somebody outside and back. */
#include "exchange/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/setting.h"

enum { POINTER_MAX = 32, HEAD_MAX = 80 };

void exchange_log(const exchange *self, uint32_t level, const char *format, ...) {
  char text[1200];
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (len > 0) {
    self->host->log(self->env, level, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
  }
}

/* --- open and done --- */

static uint32_t offsets_of(qn_str name) {
  if (name.len == 5 && memcmp(name.data, "bytes", 5) == 0) {
    return QN_OFFSETS_BYTES;
  }
  return name.len == 5 && memcmp(name.data, "utf16", 5) == 0 ? QN_OFFSETS_UTF16 : QN_OFFSETS_CODEPOINTS;
}

/* Copies the list of parts: configuration strings end with create. */
static int read_parts(exchange *self, qn_create *create) {
  for (uint32_t i = 0; i < EXCHANGE_PARTS_MAX; i++) {
    char pointer[POINTER_MAX];
    snprintf(pointer, sizeof pointer, "/parts/%" PRIu32, i);
    char *copy = NULL;
    int rc = setting_copy(create, pointer, &copy);
    if (rc != 0 || copy == NULL) {
      return rc;
    }
    self->parts[i] = (qn_str){ copy, strlen(copy) };
    self->record.n_parts = i + 1;
  }
  return 0;
}

int exchange_open(qn_create *create, size_t line_max, void (*arrived)(void *arg), void *arg, exchange *ret_exchange) {
  exchange *self = ret_exchange;
  memset(self, 0, sizeof *self);
  self->host = create->host;
  self->env = create->env;
  self->line_max = line_max;
  self->record.size = sizeof self->record;
  self->record.offsets = offsets_of(qn_config_str(create, "/offsets"));
  self->record.parts = self->parts;
  atomic_init(&self->next_id, 1);
  self->io = create->host->extension(create->env, QN_IO_1);
  if (self->io == NULL) {
    return setting_refuse(create, "this host has no event loop for stages (" QN_IO_1 "), which the stage needs");
  }
  int rc = read_parts(self, create);
  rc = rc == 0 ? shapes_open(create, &self->shapes) : rc;
  rc = rc == 0 ? self->io->wake_open(create->env, arrived, arg, &self->wake) : rc;
  return rc == -ENOMEM ? setting_refuse(create, "no memory for the stage") : rc;
}

void exchange_done(exchange *self) {
  ask *left = atomic_exchange(&self->arrived, NULL);
  while (left != NULL) {
    ask *next = left->next;
    free(left);
    left = next;
  }
  qn_ticket ticket;
  while (exchange_take_cancelled(self, &ticket)) {
  }
  if (self->wake != NULL) {
    self->io->wake_close(self->wake);
    self->wake = NULL;
  }
  for (uint32_t i = 0; i < self->record.n_parts; i++) {
    free((void *)(uintptr_t)self->parts[i].data);
  }
  self->record.n_parts = 0;
  shapes_done(&self->shapes);
  body_done(&self->body);
}

/* --- on the worker --- */

static void put(exchange *self, ask *made) {
  ask *head = atomic_load_explicit(&self->arrived, memory_order_relaxed);
  do {
    made->next = head;
  } while (
      !atomic_compare_exchange_weak_explicit(&self->arrived, &head, made, memory_order_release, memory_order_relaxed));
  if (head == NULL) { /* otherwise the loop has not taken the one before yet */
    self->io->wake_send(self->wake);
  }
}

static qn_status ask_make(exchange *self, qn_call *call, qn_str record, ask **ret_ask) {
  char text[200];
  if (record.len + HEAD_MAX > self->line_max) {
    int len = snprintf(text, sizeof text,
                       "its record has %zu bytes, over the limit of %zu (\"line_bytes\"); send fewer \"parts\"",
                       record.len, self->line_max - HEAD_MAX);
    return call->host->fail(call, QN_STATUS_REJECT, "too-long", text, (size_t)len);
  }
  ask *made = malloc(sizeof *made + record.len + HEAD_MAX);
  if (made == NULL) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the request");
  }
  *made = (ask){ .call = call, .ticket = call->ticket, .is_first = call->attempt <= 1 };
  made->id = atomic_fetch_add_explicit(&self->next_id, 1, memory_order_relaxed);
  int head = snprintf(made->line, HEAD_MAX, "{\"id\":%" PRIu64 ",\"attempt\":%" PRIu32 ",\"document\":", made->id,
                      call->attempt);
  memcpy(made->line + head, record.data, record.len);
  made->len = (size_t)head + record.len;
  memcpy(made->line + made->len, "}\n", 2);
  made->len += 2;
  *ret_ask = made;
  return QN_STATUS_OK;
}

qn_status exchange_ask(exchange *self, qn_call *call) {
  qn_str record;
  if (atomic_load_explicit(&self->broken, memory_order_acquire)) {
    return qn_fail(call, QN_STATUS_FATAL, "broken", self->why);
  }
  int rc = call->host->record_encode(call, &self->record, &record);
  if (rc != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory to encode the record");
  }
  ask *made = NULL;
  qn_status status = ask_make(self, call, record, &made);
  if (status != QN_STATUS_OK) {
    return status;
  }
  put(self, made); /* from here on the call belongs to the loop */
  return QN_STATUS_PENDING;
}

void exchange_cancel(exchange *self, qn_ticket ticket) {
  cancelled *note = malloc(sizeof *note);
  if (note == NULL) { /* then it ends by the stage's own time limit */
    return;
  }
  note->ticket = ticket;
  note->next = atomic_load(&self->cancelled);
  while (!atomic_compare_exchange_weak(&self->cancelled, &note->next, note)) {
  }
  self->io->wake_send(self->wake);
}

/* --- on the loop --- */

void exchange_take(exchange *self, ask_list *list) {
  ask *newest = atomic_exchange_explicit(&self->arrived, NULL, memory_order_acquire);
  ask *oldest = NULL;
  while (newest != NULL) {
    ask *before = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = before;
  }
  while (oldest != NULL) {
    ask *next = oldest->next;
    ask_list_push(list, oldest);
    oldest = next;
  }
}

bool exchange_take_cancelled(exchange *self, qn_ticket *ret_ticket) {
  cancelled *note = atomic_load(&self->cancelled);
  /* Only this thread takes notes away, so what next says cannot have changed meanwhile. */
  while (note != NULL && !atomic_compare_exchange_weak(&self->cancelled, &note, note->next)) {
  }
  if (note == NULL) {
    return false;
  }
  *ret_ticket = note->ticket;
  free(note);
  return true;
}

void exchange_end(exchange *self, ask *ended, qn_status status, const char *slug, const char *text) {
  qn_ticket ticket = ended->ticket;
  bool is_owed = ended->call != NULL;
  free(ended);
  if (is_owed) {
    self->host->complete(self->env, ticket, status, slug, text, text == NULL ? 0 : strlen(text));
  }
}

void exchange_abandon(exchange *self, ask *left) {
  static const char text[] = "nobody waited for the reply any more";
  if (left->call != NULL) {
    left->call = NULL;
    self->host->complete(self->env, left->ticket, QN_STATUS_RETRY, "cancelled", text, sizeof text - 1);
  }
}

void exchange_refuse(exchange *self, ask *ended, const reply_fault *fault) {
  char text[sizeof fault->text + 64];
  snprintf(text, sizeof text, "the reply to this document cannot be used: %s", fault->text);
  exchange_end(self, ended, QN_STATUS_REJECT, "bad-reply", text);
}

void exchange_break(exchange *self, const char *why) {
  if (!atomic_load(&self->broken)) {
    snprintf(self->why, sizeof self->why, "%s", why);
    atomic_store_explicit(&self->broken, true, memory_order_release);
  }
}

/* What the reply brings goes to the document. */
static int apply(exchange *self, qn_call *call, const reply *reply, reply_fault *fault) {
  qn_view text;
  int rc = body_read(&self->body, &self->shapes, reply, fault);
  if (rc != 0) {
    return rc;
  }
  if (call->host->view_get(call, &text) != 0) {
    text = (qn_view){ 0 };
  }
  rc = body_resolve(&self->body, &self->shapes, &text, self->record.offsets, fault);
  return rc == 0 ? body_write(&self->body, &self->shapes, call, fault) : rc;
}

static void end_unwell(exchange *self, ask *ended, const reply *reply) {
  char text[REPLY_TEXT_MAX + 1];
  size_t len = reply->message.len < REPLY_TEXT_MAX ? reply->message.len : REPLY_TEXT_MAX;
  bool is_retry = reply->status == QN_STATUS_RETRY;
  if (len == 0) {
    len = (size_t)snprintf(text, sizeof text, "the reply says \"%s\" and no more", is_retry ? "retry" : "reject");
  } else {
    memcpy(text, reply->message.data, len);
  }
  text[len] = '\0';
  exchange_end(self, ended, reply->status,
               reply->slug[0] != '\0' ? reply->slug
               : is_retry             ? "asked-to-retry"
                                      : "rejected",
               text);
}

void exchange_answer(exchange *self, ask *ended, const reply *reply) {
  reply_fault fault = { "" };
  if (ended->call == NULL) {
    free(ended);
    return;
  }
  if (reply->status == QN_STATUS_RETRY || reply->status == QN_STATUS_REJECT) {
    end_unwell(self, ended, reply);
    return;
  }
  int rc = reply->status == QN_STATUS_OK ? apply(self, ended->call, reply, &fault) : 0;
  if (rc == 0) {
    exchange_end(self, ended, reply->status, NULL, NULL);
  } else if (rc == -EINVAL) {
    exchange_refuse(self, ended, &fault);
  } else {
    exchange_end(self, ended, QN_STATUS_RETRY, "no-memory", "no memory for what the reply brings");
  }
}
