/* SPDX-License-Identifier: Apache-2.0 */

/* The sink of all brokers: documents become messages, and are written when the broker has confirmed them.
 *
 * write() publishes without waiting as long as the window of unconfirmed messages has room; flush() waits for confirms, a little at a
 * time if the host hears of them meanwhile (qanat/confirm.h). Until then messages are kept (their bodies with the documents, if the host
 * lends them, else as copies), so that a lost connection costs nothing but time and, for what was on its way, a second copy with the same
 * id. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/broker.h"
#include "broker/fields.h"
#include "broker/outbox.h"
#include "broker/session.h"
#include "qanat/block.h"
#include "qanat/confirm.h"
#include "qanat/direct.h"

enum {
  WINDOW_USUAL = 256,
  WINDOW_BYTES_USUAL = 64 << 20,
  MESSAGE_BYTES_USUAL = 128 << 20,
  SERVE_MS = 100,
  CONFIRM_MS_USUAL = 15000,
  LOOK_EVERY = 64, /* messages between looks for confirms */
  IDLE_MS = 1000,  /* after so long the connection is looked at before it is used */
  REFUSED_MS = 500 /* before another try, doubled up to that many times */
};

typedef enum sink_form { FORM_RECORD, FORM_BLOCK, FORM_PAYLOAD } sink_form;

struct broker_sink {
  const qn_host *host;
  qn_env *env;
  const broker_producer *table;
  const qn_block *block;
  const qn_confirm *confirm; /* NULL: flush() waits for all */
  sink_form form;
  uint32_t offsets;
  uint64_t message_bytes, window_bytes, confirm_ms;
  broker_names parts, headers;
  qn_str parts_list[BROKER_NAMES_MAX];
  char *key_field;

  /* Owned by the lent thread. */
  void *client;
  broker_session session;
  outbox outbox;
  uint64_t n_told;  /* messages that have left and of which the host knows */
  uint32_t wait_ms; /* how long to listen next when there is nothing else to do */
  uint32_t n_since_look;
  bool has_heard;        /* something was confirmed or refused since the last look at the clock */
  uint64_t confirmed_ms; /* when it was, or when the wait for it began */
  uint64_t used_ms;
  uint64_t refused_since_ms; /* 0: nothing is refused now */
  broker_fault refusal;
};

/* --- life --- */

static bool is_word(qn_str text, const char *word) {
  return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static int refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

static int read_form(broker_sink *self, qn_create *create) {
  qn_str form = qn_config_str(create, "/form");
  qn_str offsets = qn_config_str(create, "/offsets");
  self->form = is_word(form, "block") ? FORM_BLOCK : is_word(form, "payload") ? FORM_PAYLOAD : FORM_RECORD;
  self->offsets = is_word(offsets, "codepoints") ? QN_OFFSETS_CODEPOINTS
                  : is_word(offsets, "utf16")    ? QN_OFFSETS_UTF16
                                                 : QN_OFFSETS_BYTES;
  if (self->form == FORM_BLOCK && self->block == NULL) {
    return refuse(create, "this host writes no blocks: use \"form\": \"record\", or a newer Qanat");
  }
  int rc = broker_names_read(create, "/parts", &self->parts);
  for (uint32_t i = 0; rc == 0 && i < self->parts.n; i++) {
    self->parts_list[i] = (qn_str){ self->parts.names[i], strlen(self->parts.names[i]) };
  }
  return rc;
}

static int read_config(broker_sink *self, qn_create *create) {
  qn_str key = qn_config_str(create, "/key_field");
  self->message_bytes = (uint64_t)qn_config_i64(create, "/message_bytes", MESSAGE_BYTES_USUAL);
  self->window_bytes = (uint64_t)qn_config_i64(create, "/window_bytes", WINDOW_BYTES_USUAL);
  self->confirm_ms = (uint64_t)qn_config_i64(create, "/confirm_ms", CONFIRM_MS_USUAL);
  if (key.len > 0 && (self->key_field = strndup(key.data, key.len)) == NULL) {
    return refuse(create, "no memory for the sink");
  }
  int rc = broker_names_read(create, "/headers", &self->headers);
  if (rc == 0 && (self->headers.is_any || self->headers.n > BROKER_NAMES_MAX - 2)) {
    return refuse(create, "\"headers\" of a sink lists the fields that go along by name, at most 62");
  }
  return rc == 0 ? read_form(self, create) : rc;
}

/* A payload is sent as it is. */
static void say_if_unprepared(const broker_sink *self, qn_create *create) {
  const qn_direct *direct = create->host->extension(create->env, QN_DIRECT_1);
  if (direct != NULL && self->form == FORM_PAYLOAD) {
    direct->unprepared(create->env);
  }
}

int broker_sink_new(qn_create *create, const broker_producer *table, void **ret_sink) {
  broker_sink *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return refuse(create, "no memory for the sink");
  }
  self->host = create->host;
  self->env = create->env;
  self->table = table;
  self->block = create->host->extension(create->env, QN_BLOCK_1);
  self->confirm = create->host->extension(create->env, QN_CONFIRM_1);
  self->wait_ms = 1;
  broker_session_init(&self->session, create);
  uint32_t window = (uint32_t)qn_config_i64(create, "/window", WINDOW_USUAL);
  int rc = read_config(self, create);
  say_if_unprepared(self, create);
  if (rc == 0 && outbox_init(&self->outbox, window, self->confirm != NULL) != 0) {
    rc = refuse(create, "no memory for the sink's window");
  }
  rc = rc == 0 ? table->open(create, self, window, &self->client) : rc;
  if (rc != 0) {
    self->client = NULL;
    broker_sink_destroy(self);
    return rc;
  }
  *ret_sink = self;
  return 0;
}

void broker_sink_destroy(void *sink) {
  broker_sink *self = sink;
  if (self == NULL) {
    return;
  }
  if (self->client != NULL) {
    if (self->session.is_connected) {
      self->table->disconnect(self->client);
    }
    self->table->close(self->client);
  }
  outbox_done(&self->outbox);
  broker_names_done(&self->headers);
  broker_names_done(&self->parts);
  free(self->key_field);
  free(self);
}

/* --- on the workers --- */

int broker_sink_context_open(void *sink, qn_env *env, const qn_host *host, void **ret_context) {
  (void)sink;
  (void)env;
  (void)host;
  *ret_context = NULL;
  return 0;
}

void broker_sink_context_close(void *context) {
  (void)context;
}

static qn_status too_large(const broker_sink *self, qn_call *call) {
  char text[160];
  snprintf(text, sizeof text, "the message would be larger than \"message_bytes\", %" PRIu64 "; raise it%s",
           self->message_bytes, self->form == FORM_RECORD ? ", or write fewer parts" : "");
  return qn_fail(call, QN_STATUS_REJECT, "message-too-large", text);
}

static int prepare_record(const broker_sink *self, qn_call *call) {
  const qn_record_options options = {
    .size = sizeof options, .offsets = self->offsets, .n_parts = self->parts.n, .parts = self->parts_list
  };
  qn_str record;
  int rc = call->host->record_encode(call, &options, &record);
  if (rc == 0 && record.len > self->message_bytes) {
    return -EFBIG;
  }
  return rc == 0 ? call->host->prepared_set(call, record.data, record.len) : rc;
}

qn_status broker_sink_prepare(void *sink, void *context, qn_call *call) {
  const broker_sink *self = sink;
  (void)context;
  int rc = 0;
  if (self->form == FORM_RECORD) {
    rc = prepare_record(self, call);
  } else if (self->form == FORM_BLOCK) {
    rc = self->block->prepare(call, self->message_bytes);
  } else {
    qn_view payload;
    rc = call->host->view_get(call, &payload);
    rc = rc == 0 && payload.len > self->message_bytes ? -EFBIG : rc;
  }
  return rc == 0        ? QN_STATUS_OK
         : rc == -EFBIG ? too_large(self, call)
                        : qn_fail(call, QN_STATUS_RETRY, "no-memory",
                                  "no memory for the document's message; lower limits.bytes or limits.document_bytes");
}

/* --- the session --- */

static void log_text(const broker_sink *self, uint32_t level, const char *text) {
  self->host->log(self->env, level, text, strlen(text));
}

static void lose(broker_sink *self, const broker_fault *fault) {
  char text[640];
  snprintf(text, sizeof text, "%s: %s; %" PRIu32 " unconfirmed messages will be sent again", self->table->name,
           fault->text, self->outbox.n - self->outbox.n_unsent - self->outbox.n_confirmed);
  log_text(self, QN_LOG_WARNING, text);
  self->table->disconnect(self->client);
  broker_session_down(&self->session);
  outbox_unsend(&self->outbox);
}

static void nap(uint32_t wait_ms) {
  const struct timespec pause = { .tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000 };
  nanosleep(&pause, NULL);
}

/* Once: 0; -EAGAIN: not yet; -ESHUTDOWN: there is no hope, with fault. */
static int connect_once(broker_sink *self, broker_fault *fault) {
  uint32_t wait_ms = broker_session_wait_ms(&self->session);
  if (wait_ms > 0) {
    nap(wait_ms < SERVE_MS ? wait_ms : SERVE_MS);
    return -EAGAIN;
  }
  bool is_again = self->session.was_connected || self->session.failing_since_ms != 0;
  if (self->table->connect(self->client, fault) == 0) {
    broker_session_up(&self->session);
    self->confirmed_ms = self->used_ms = broker_now_ms();
    if (is_again) {
      log_text(self, QN_LOG_INFO, "connected again");
    }
    return 0;
  }
  broker_session_down(&self->session);
  if (broker_session_is_hopeless(&self->session, fault)) {
    return -ESHUTDOWN;
  }
  if (broker_session_is_news(&self->session, fault)) {
    log_text(self, QN_LOG_WARNING, fault->text);
  }
  return -EAGAIN;
}

/* --- publishing --- */

void broker_sink_confirmed(broker_sink *self, uint64_t token, const broker_fault *fault) {
  self->has_heard = true;
  if (fault == NULL) {
    outbox_confirm(&self->outbox, token);
    self->refused_since_ms = 0;
    return;
  }
  uint64_t now_ms = broker_now_ms();
  uint32_t n_refused = outbox_refuse(&self->outbox, token, now_ms + REFUSED_MS);
  if (n_refused > 0) {
    self->refused_since_ms = self->refused_since_ms == 0 ? now_ms : self->refused_since_ms;
    if (n_refused == 1) {
      log_text(self, QN_LOG_WARNING, fault->text);
    }
    self->refusal = *fault;
  }
}

/* The next message to send; the clock is asked only if it matters. */
static outbox_entry *next_entry(broker_sink *self, uint64_t *ret_token) {
  uint64_t now_ms = outbox_has_refused(&self->outbox) ? broker_now_ms() : 0;
  return self->outbox.n_unsent > 0 ? outbox_next(&self->outbox, now_ms, ret_token) : NULL;
}

/* Sends what may be sent. 0; -ENOTCONN, with fault; -EMSGSIZE: the one of ret_token can never pass. */
static int send_some(broker_sink *self, broker_fault *fault, uint64_t *ret_token) {
  uint64_t token = 0;
  outbox_entry *entry;
  while ((entry = next_entry(self, &token)) != NULL) {
    if (self->outbox.n - self->outbox.n_unsent == 0) {
      self->confirmed_ms = broker_now_ms();
    }
    int rc = self->table->publish(self->client, &entry->message, token, fault);
    if (rc == -EAGAIN) {
      return 0;
    }
    if (rc != 0) {
      *ret_token = token;
      return rc == -EMSGSIZE || fault->is_permanent ? -EMSGSIZE : -ENOTCONN;
    }
    outbox_sent(&self->outbox, token);
    self->n_since_look++;
  }
  return 0;
}

/* True if the broker has confirmed nothing for too long though it should. */
static bool is_silent(broker_sink *self, uint64_t now_ms) {
  if (self->has_heard) {
    self->has_heard = false;
    self->confirmed_ms = now_ms;
  }
  return self->outbox.n > self->outbox.n_unsent && now_ms - self->confirmed_ms >= self->confirm_ms;
}

/* The host hears of what the broker has; messages leave in the order in which they were written. */
static void pass_on(broker_sink *self) {
  uint64_t n_left = self->outbox.first_token;
  if (self->confirm != NULL && n_left > self->n_told) {
    self->confirm->items(self->env, (uint32_t)(n_left - self->n_told));
  }
  self->n_told = n_left;
}

/* One turn: connects if need be, sends, listens for up to wait_ms. 0; -EAGAIN: not connected yet; -EMSGSIZE (as send_some);
 * another negative errno: there is no hope. */
static int pump(broker_sink *self, uint32_t wait_ms, broker_fault *fault, uint64_t *ret_token) {
  if (!self->session.is_connected) {
    int rc = connect_once(self, fault);
    if (rc != 0) {
      return rc;
    }
  }
  int rc = send_some(self, fault, ret_token);
  if (rc == -EMSGSIZE) {
    return rc;
  }
  if (rc == 0 && self->outbox.n > 0) {
    uint64_t due_ms = self->outbox.n_unsent > 0 ? outbox_due_ms(&self->outbox, broker_now_ms()) : UINT64_MAX;
    rc = self->table->serve(self->client, due_ms < wait_ms ? (uint32_t)due_ms + 1 : wait_ms, fault);
    self->n_since_look = 0;
  }
  pass_on(self);
  self->used_ms = broker_now_ms();
  if (rc == 0 && is_silent(self, self->used_ms)) {
    rc = broker_fault_set(fault, -ETIMEDOUT, "no-confirm",
                          "the broker has confirmed nothing for %" PRIu64 " ms (\"confirm_ms\")", self->confirm_ms);
  }
  if (rc != 0) {
    lose(self, fault);
    return -EAGAIN;
  }
  if (self->refused_since_ms != 0 && self->session.give_up_ms > 0 &&
      self->used_ms - self->refused_since_ms >= self->session.give_up_ms) {
    *fault = self->refusal;
    return -EIO;
  }
  return 0;
}

/* The longer nothing is heard the less soon something will be; what comes to be written meanwhile waits no longer than that. */
static int pump_patiently(broker_sink *self, broker_fault *fault, uint64_t *ret_token) {
  uint64_t n_before = self->outbox.first_token;
  int rc = pump(self, self->wait_ms, fault, ret_token);
  bool is_heard = self->outbox.first_token > n_before;
  self->wait_ms = is_heard ? 1 : self->wait_ms * 2 < SERVE_MS ? self->wait_ms * 2 : SERVE_MS;
  return rc;
}

/* --- writing --- */

static qn_status fail(qn_call *call, qn_status status, const broker_fault *fault) {
  return call->host->fail(call, status, fault->slug, fault->text, strlen(fault->text));
}

static int fill_message(const broker_sink *self, const qn_item *item, broker_header *headers, broker_message *message) {
  qn_call *call = item->call;
  *message = (broker_message){ .body = item->prepared,
                               .content_type =
                                   self->form == FORM_BLOCK ? QN_LIT(QN_BLOCK_MEDIA_TYPE) : QN_LIT("application/json"),
                               .id = broker_field_str(call, QN_LIT("id")),
                               .timestamp_ms = call->now_ms,
                               .headers = headers };
  if (self->form == FORM_PAYLOAD) {
    qn_view payload;
    int rc = call->host->view_get(call, &payload);
    if (rc != 0) {
      return rc;
    }
    if (payload.len > self->message_bytes) {
      return -EFBIG; /* nobody has looked yet if there was nothing to prepare */
    }
    message->body = (qn_str){ (const char *)payload.data, payload.len };
    message->content_type = broker_field_str(call, QN_LIT("media_type"));
  }
  if (self->key_field != NULL) {
    message->key = broker_field_str(call, (qn_str){ self->key_field, strlen(self->key_field) });
  }
  message->n_headers = broker_headers_collect(call, &self->headers, headers);
  return 0;
}

/* Room for one more in the window. 0, or as pump. */
static int wait_for_room(broker_sink *self, broker_fault *fault, uint64_t *ret_token) {
  int rc = 0;
  if (self->session.is_connected && self->outbox.n == 0 && broker_now_ms() - self->used_ms >= IDLE_MS &&
      self->table->serve(self->client, 0, fault) != 0) {
    lose(self, fault); /* it went while nothing was to do */
  }
  while (rc == 0 && outbox_is_full(&self->outbox, self->window_bytes)) {
    rc = pump_patiently(self, fault, ret_token);
    rc = rc == -EAGAIN ? 0 : rc;
  }
  return rc;
}

/* What can never pass is the item's own fault only if it is that item. */
static qn_status write_item(broker_sink *self, const qn_item *item) {
  broker_header headers[BROKER_NAMES_MAX];
  broker_message message;
  broker_fault fault = { 0 };
  uint64_t token = 0;
  int rc = fill_message(self, item, headers, &message);
  if (rc != 0) {
    return rc == -EFBIG ? too_large(self, item->call)
                        : qn_fail(item->call, QN_STATUS_FATAL, "no-payload", "cannot read the document's payload");
  }
  rc = wait_for_room(self, &fault, &token);
  if (rc == 0 && outbox_put(&self->outbox, &message) != 0) {
    return qn_fail(item->call, QN_STATUS_RETRY, "no-memory", "no memory for a message; lower \"window\"");
  }
  if (rc != 0) {
    return fail(item->call, QN_STATUS_FATAL, &fault);
  }
  uint64_t own = self->outbox.first_token + self->outbox.n - 1;
  rc = self->session.is_connected ? send_some(self, &fault, &token) : 0;
  if (rc == -EMSGSIZE && token == own) {
    outbox_take_back(&self->outbox);
    return fail(item->call, QN_STATUS_REJECT, &fault);
  }
  if (rc == -EMSGSIZE) {
    return fail(item->call, QN_STATUS_FATAL, &fault);
  }
  if (rc != 0) {
    lose(self, &fault);
  }
  if (self->n_since_look >= LOOK_EVERY || !self->session.is_connected) {
    rc = pump(self, 0, &fault, &token);
  }
  return rc == 0 || rc == -EAGAIN ? QN_STATUS_OK : fail(item->call, QN_STATUS_FATAL, &fault);
}

void broker_sink_write(void *sink, qn_item *const *items, uint32_t n_items) {
  broker_sink *self = sink;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = write_item(self, items[i]);
  }
}

/* Until all are confirmed; with a host that hears of each, until there was word or the wait is over. */
qn_status broker_sink_flush(void *sink, qn_call *call) {
  broker_sink *self = sink;
  broker_fault fault = { 0 };
  uint64_t token = 0;
  pass_on(self);
  while (self->outbox.n > 0) {
    int rc = pump_patiently(self, &fault, &token);
    pass_on(self); /* a client may also hear of some while it publishes or disconnects */
    if (rc != 0 && rc != -EAGAIN) {
      return fail(call, QN_STATUS_FATAL, &fault);
    }
    if (self->confirm != NULL && self->outbox.n > 0) {
      return QN_STATUS_PENDING;
    }
  }
  return QN_STATUS_OK;
}

qn_status broker_sink_finish(void *sink, qn_call *call, int success) {
  broker_sink *self = sink;
  (void)call;
  (void)success;
  if (self->session.is_connected) {
    self->table->disconnect(self->client);
    self->session.is_connected = false;
  }
  return QN_STATUS_OK;
}
