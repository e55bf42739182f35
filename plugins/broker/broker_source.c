/* SPDX-License-Identifier: Apache-2.0 */

/* The source of all brokers: deliveries become documents, and what became of the documents is told to the broker.
 *
 * next() stays with the client for a while, so that a session is served whether or not there is anything to read or credit to read
 * it. Whoever settles documents (the loop) only hands receipts over and wakes the client. When the source is to end it goes
 * on serving until what is in flight has settled, so that the broker hears of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/fields.h"
#include "broker/handover.h"
#include "broker/session.h"
#include "qanat/block.h"
#include "qanat/credit.h"

enum {
  TURN_MS = 200,       /* how long next() stays */
  GIVEN_UP_MS = 300,   /* receipts may come a little later than credit */
  CREDIT_WAIT_MS = 10, /* between looks at the session while there is no credit */
  LOOK_EVERY = 32,     /* documents emitted between looks at the clock */
  RECEIPTS_AT_ONCE = 256,
  SOURCE_MOST = 4096, /* bytes of qn_emit.source */
  ID_MOST = 256,
  PREFETCH_USUAL = 256
};

/* One document in flight. */
typedef struct flight {
  broker_tag tag;
  const broker_message *held; /* kept for settle(); NULL: not */
  uint32_t attempt;
  uint32_t next_free; /* slot + 1, when it is free */
  bool is_open;
} flight;

struct broker_source {
  const qn_host *host;
  qn_env *env;
  const broker_consumer *table;
  const qn_block *block;   /* NULL: an older host */
  const qn_credit *credit; /* NULL: the same */
  broker_names headers;
  broker_verdict on_failure;
  unsigned held_for;   /* verdicts for which the client wants the message again */
  bool holds_messages; /* one of them may come */
  uint32_t attempts_most, delay_ms, delay_max_ms, drain_ms;
  bool is_promised; /* the configuration says what blocks bring */

  broker_handover handover;
  _Atomic bool has_client; /* wake() may be called */

  /* Owned by the lent thread; before and after it by whoever creates and destroys. */
  void *client;
  broker_session session;
  bool is_broken; /* settle or commit found the connection lost */
  broker_fault fault;
  const broker_message *in_hand; /* taken, and not emitted yet */
  flight *flights;
  uint32_t n_flights, capacity, first_free, n_open;
  uint64_t extended_ms;
};

/* --- life --- */

static void log_text(const broker_source *self, uint32_t level, const char *text) {
  self->host->log(self->env, level, text, strlen(text));
}

static broker_verdict verdict_of(qn_str word) {
  bool is_ack = word.len == 3 && memcmp(word.data, "ack", 3) == 0;
  bool is_return = word.len == 6 && memcmp(word.data, "return", 6) == 0;
  return is_ack ? BROKER_ACK : is_return ? BROKER_RETURN : BROKER_DEAD_LETTER;
}

/* What may become of a failure. That failures are returned while the source ends needs no message: none is waited for. */
static unsigned verdicts_of(broker_verdict on_failure) {
  return on_failure == BROKER_RETURN ? BROKER_RETURN | BROKER_DEAD_LETTER : on_failure;
}

static bool is_promised(qn_create *create) {
  qn_value value;
  return create->host->config_get(create, "/layers/views/0", &value) == 0 ||
         create->host->config_get(create, "/layers/provides/0", &value) == 0;
}

int broker_source_new(qn_create *create, const broker_consumer *table, void **ret_source) {
  broker_source *self = calloc(1, sizeof *self);
  if (self == NULL) {
    create->host->create_fail(create, "no memory for the source", strlen("no memory for the source"));
    return -ENOMEM;
  }
  self->host = create->host;
  self->env = create->env;
  self->table = table;
  self->block = create->host->extension(create->env, QN_BLOCK_1);
  self->credit = create->host->extension(create->env, QN_CREDIT_1);
  self->on_failure = verdict_of(qn_config_str(create, "/on_failure"));
  self->held_for = table->holds_messages;
  self->attempts_most = (uint32_t)qn_config_i64(create, "/attempts", 5);
  self->delay_ms = (uint32_t)qn_config_i64(create, "/return_delay_ms", 1000);
  self->delay_max_ms = (uint32_t)qn_config_i64(create, "/return_delay_max_ms", 60000);
  self->drain_ms = (uint32_t)qn_config_i64(create, "/drain_ms", 30000);
  self->is_promised = is_promised(create);
  broker_session_init(&self->session, create);
  broker_handover_init(&self->handover);
  uint32_t prefetch = (uint32_t)qn_config_i64(create, "/prefetch", PREFETCH_USUAL);
  int rc = broker_names_read(create, "/headers", &self->headers);
  rc = rc == 0 ? table->open(create, self, prefetch, &self->client) : rc;
  if (rc != 0) {
    self->client = NULL;
    broker_source_destroy(self);
    return rc;
  }
  self->holds_messages = (self->held_for & verdicts_of(self->on_failure)) != 0;
  atomic_store(&self->has_client, true);
  *ret_source = self;
  return 0;
}

void broker_source_hold(broker_source *self, unsigned verdicts) {
  self->held_for = verdicts;
}

static void flight_end(broker_source *self, uint32_t slot) {
  flight *ended = &self->flights[slot];
  if (ended->held != NULL) {
    self->table->release(self->client, ended->held);
  }
  *ended = (flight){ .next_free = self->first_free };
  self->first_free = slot + 1;
  self->n_open--;
}

static void drop_in_hand(broker_source *self) {
  if (self->in_hand != NULL) {
    self->table->release(self->client, self->in_hand);
    self->in_hand = NULL;
  }
}

static void disconnect(broker_source *self) {
  drop_in_hand(self);
  if (self->session.is_connected) {
    self->table->disconnect(self->client);
    broker_session_down(&self->session);
  }
}

/* What settled after the thread had ended is told before the connection goes. */
void broker_source_destroy(void *source) {
  broker_source *self = source;
  if (self == NULL) {
    return;
  }
  if (self->client != NULL) {
    if (self->session.is_connected) {
      while (broker_source_settle_some(self, 0) > 0) {
      }
      broker_fault fault;
      self->table->commit(self->client, true, &fault);
    }
    for (uint32_t i = 0; i < self->n_flights; i++) {
      if (self->flights[i].is_open) {
        flight_end(self, i);
      }
    }
    disconnect(self);
    self->table->close(self->client);
  }
  broker_handover_done(&self->handover);
  broker_names_done(&self->headers);
  free(self->flights);
  free(self);
}

/* --- from other threads --- */

void broker_source_interrupt(void *source) {
  broker_source *self = source;
  broker_handover_end(&self->handover);
  if (atomic_load(&self->has_client)) {
    self->table->wake(self->client);
  }
}

void broker_source_settled(void *source, const qn_receipt *receipts, uint32_t n_receipts) {
  broker_source *self = source;
  if (broker_handover_put(&self->handover, receipts, n_receipts)) {
    self->table->wake(self->client);
  }
}

bool broker_source_is_ending(const broker_source *self) {
  return broker_handover_is_ending(&self->handover);
}

/* --- settling --- */

static void note_broken(broker_source *self, const broker_fault *fault) {
  if (!self->is_broken) {
    self->is_broken = true;
    self->fault = *fault;
  }
}

static uint32_t delay_of(const broker_source *self, uint32_t attempt) {
  uint64_t delay_ms = self->delay_ms;
  for (uint32_t i = 1; i < attempt && delay_ms < self->delay_max_ms; i++) {
    delay_ms *= 2;
  }
  return (uint32_t)(delay_ms < self->delay_max_ms ? delay_ms : self->delay_max_ms);
}

/* What the broker is told. A document that failed while everything stops may have failed for that reason alone. */
static broker_verdict judge(broker_source *self, const flight *of, uint32_t outcome, uint32_t *ret_delay_ms) {
  *ret_delay_ms = 0;
  if (outcome != QN_OUTCOME_DEAD_LETTERED) {
    return BROKER_ACK;
  }
  if (self->on_failure == BROKER_RETURN && of->attempt >= self->attempts_most) {
    return BROKER_DEAD_LETTER;
  }
  if (self->on_failure == BROKER_RETURN) {
    *ret_delay_ms = delay_of(self, of->attempt);
    return BROKER_RETURN;
  }
  return broker_source_is_ending(self) ? BROKER_RETURN : self->on_failure;
}

static void settle_one(broker_source *self, const qn_receipt *receipt) {
  uint32_t slot = (uint32_t)receipt->cookie;
  if (slot >= self->n_flights || !self->flights[slot].is_open) {
    return;
  }
  flight *of = &self->flights[slot];
  if (self->session.is_connected && !self->is_broken) {
    broker_fault fault;
    uint32_t delay_ms = 0;
    broker_verdict verdict = judge(self, of, receipt->outcome, &delay_ms);
    if (self->table->settle(self->client, of->tag, verdict, delay_ms, of->held, &fault) != 0) {
      note_broken(self, &fault);
    }
  }
  flight_end(self, slot);
}

uint32_t broker_source_settle_some(broker_source *self, uint32_t wait_ms) {
  qn_receipt receipts[RECEIPTS_AT_ONCE];
  uint32_t n = broker_handover_take(&self->handover, wait_ms, receipts, RECEIPTS_AT_ONCE);
  for (uint32_t i = 0; i < n; i++) {
    settle_one(self, &receipts[i]);
  }
  return n;
}

static void settle_all(broker_source *self, bool is_last) {
  uint32_t n = 0;
  while (broker_source_settle_some(self, 0) > 0) {
    n++;
  }
  broker_fault fault;
  bool is_sound = self->session.is_connected && !self->is_broken;
  if (is_sound && (n > 0 || is_last) && self->table->commit(self->client, is_last, &fault) != 0) {
    note_broken(self, &fault);
  }
}

/* --- the session --- */

static void lose(broker_source *self) {
  char text[640];
  snprintf(text, sizeof text, "%s: %s; %" PRIu32 " documents in flight may come again", self->table->name,
           self->fault.text, self->n_open);
  log_text(self, QN_LOG_WARNING, text);
  disconnect(self);
  self->is_broken = false;
}

static qn_status connect_or_wait(broker_source *self, qn_call *call) {
  uint32_t wait_ms = broker_session_wait_ms(&self->session);
  if (wait_ms > 0) {
    broker_handover_sleep(&self->handover, wait_ms < TURN_MS ? wait_ms : TURN_MS);
    return QN_STATUS_MORE;
  }
  broker_fault fault = { 0 };
  bool was_connected = self->session.was_connected;
  bool is_first_try = self->session.failing_since_ms == 0;
  if (self->table->connect(self->client, &fault) == 0) {
    broker_session_up(&self->session);
    self->extended_ms = broker_now_ms();
    if (was_connected || !is_first_try) {
      log_text(self, QN_LOG_INFO, "connected again");
    }
    return QN_STATUS_MORE;
  }
  broker_session_down(&self->session);
  if (broker_session_is_hopeless(&self->session, &fault)) {
    return call->host->fail(call, QN_STATUS_FATAL, fault.slug, fault.text, strlen(fault.text));
  }
  if (broker_session_is_news(&self->session, &fault)) {
    log_text(self, QN_LOG_WARNING, fault.text);
  }
  return QN_STATUS_MORE;
}

static void extend_all(broker_source *self) {
  if (self->table->extend == NULL || self->table->extend_ms == 0) {
    return;
  }
  uint64_t now_ms = broker_now_ms();
  if (now_ms - self->extended_ms < self->table->extend_ms) {
    return;
  }
  self->extended_ms = now_ms;
  for (uint32_t i = 0; i < self->n_flights && !self->is_broken; i++) {
    broker_fault fault;
    if (self->flights[i].is_open && self->table->extend(self->client, self->flights[i].tag, &fault) != 0) {
      note_broken(self, &fault);
    }
  }
}

/* --- emitting --- */

/* A slot for one more document, and room for its receipt. UINT32_MAX: no memory. */
static uint32_t flight_begin(broker_source *self, const broker_message *message) {
  if (self->first_free == 0) {
    uint32_t capacity = self->capacity == 0 ? 64 : self->capacity;
    if (self->n_flights == self->capacity) {
      capacity = self->capacity == 0 ? 64 : self->capacity * 2;
      flight *larger = realloc(self->flights, capacity * sizeof *larger);
      if (larger == NULL) {
        return UINT32_MAX;
      }
      self->flights = larger;
      self->capacity = capacity;
    }
    if (broker_handover_reserve(&self->handover, self->n_flights + 1) != 0) {
      return UINT32_MAX;
    }
    self->flights[self->n_flights] = (flight){ 0 };
    self->first_free = ++self->n_flights;
  }
  uint32_t slot = self->first_free - 1;
  self->first_free = self->flights[slot].next_free;
  self->flights[slot] = (flight){ .tag = message->tag, .attempt = message->attempt, .is_open = true };
  self->n_open++;
  return slot;
}

static bool is_block(const broker_message *message) {
  const qn_str block = QN_LIT(QN_BLOCK_MEDIA_TYPE);
  return message->content_type.len == block.len && memcmp(message->content_type.data, block.data, block.len) == 0;
}

/* Waits for credit with the session alive. 0; -ECANCELED: the source ends; -ENOTCONN: the connection is lost. */
static int wait_for_credit(broker_source *self, qn_call *call, size_t bytes) {
  while (self->credit != NULL) {
    int rc = self->credit->wait(call, bytes, CREDIT_WAIT_MS);
    if (rc != -EAGAIN) {
      return rc == -ECANCELED ? rc : 0;
    }
    broker_fault fault;
    settle_all(self, false);
    if (!self->is_broken && self->table->serve(self->client, 0, &fault) != 0) {
      note_broken(self, &fault);
    }
    extend_all(self);
    if (self->is_broken) {
      return -ENOTCONN;
    }
    if (broker_source_is_ending(self)) {
      return -ECANCELED;
    }
  }
  return 0;
}

/* Begins the document. What is wrong with the message is told as slug and text; ret_slug NULL: nothing. */
static int begin_document(broker_source *self, qn_call *call, const broker_message *message, const char **ret_slug,
                          qn_str *ret_text) {
  *ret_slug = NULL;
  if (is_block(message) && self->block != NULL) {
    int rc = self->block->emit(call, message->body.data, message->body.len, ret_text);
    if (rc == -EBADMSG || rc == -ENOMEM) {
      *ret_slug = rc == -EBADMSG ? "bad-block" : "no-memory";
      *ret_text = rc == -EBADMSG ? *ret_text : QN_LIT("no memory for the document; see limits.document_memory");
      return 0;
    }
    return rc;
  }
  if (is_block(message) || self->is_promised) {
    *ret_slug = is_block(message) ? "no-blocks" : "not-a-block";
    *ret_text = is_block(message)
                    ? QN_LIT("the message is a document's block, which this host does not read")
                    : QN_LIT("the message is no document's block, but this source's \"layers\" promises what "
                             "only blocks bring");
    return 0;
  }
  uint8_t *payload = NULL;
  int rc = call->host->emit_reserve(call, message->body.len, &payload);
  if (rc == -EFBIG) {
    *ret_slug = "too-large";
    *ret_text = QN_LIT("the message is larger than limits.document_bytes");
    return 0;
  }
  if (rc == 0 && message->body.len > 0) {
    memcpy(payload, message->body.data, message->body.len);
  }
  return rc;
}

static qn_str cut(qn_str text, size_t most) {
  while (text.len > most || (text.len == most && most > 0 && ((unsigned char)text.data[text.len - 1] & 0xC0) == 0x80)) {
    text.len--;
  }
  return text;
}

static int commit_document(broker_source *self, qn_call *call, const broker_message *message, uint32_t slot,
                           const char *slug, qn_str text) {
  char made_id[33];
  bool is_whole = is_block(message) && slug == NULL; /* it says itself who it is and where it came from */
  qn_emit emit = { .source = is_whole ? (qn_str){ NULL, 0 } : cut(message->source, SOURCE_MOST),
                   .id = message->id.len <= ID_MOST && !is_whole ? message->id : (qn_str){ NULL, 0 },
                   .media_type = is_block(message) ? (qn_str){ NULL, 0 } : message->content_type,
                   .ordinal = message->ordinal,
                   .cookie = slot };
  if (emit.id.len == 0 && !is_whole) {
    broker_id_of_bytes(message->body, made_id);
    emit.id = (qn_str){ made_id, 32 };
  }
  if (slug != NULL) {
    return call->host->emit_reject(call, &emit, slug, text.data, text.len);
  }
  broker_fields_emit(call, &self->headers, message);
  return call->host->emit_commit(call, is_block(message) ? 0 : message->body.len, &emit);
}

/* Emits what is in hand. 0; -ECANCELED; -ENOTCONN; -ENOMEM. */
static int emit(broker_source *self, qn_call *call) {
  const broker_message *message = self->in_hand;
  const char *slug = NULL;
  qn_str text = { NULL, 0 };
  int rc = wait_for_credit(self, call, message->body.len);
  rc = rc == 0 ? begin_document(self, call, message, &slug, &text) : rc;
  if (rc != 0) {
    return rc;
  }
  uint32_t slot = flight_begin(self, message);
  if (slot == UINT32_MAX) {
    return -ENOMEM;
  }
  self->flights[slot].held = self->holds_messages ? message : NULL;
  rc = commit_document(self, call, message, slot, slug, text);
  if (rc != 0) {
    self->flights[slot].held = NULL;
    flight_end(self, slot);
    return rc;
  }
  if (self->flights[slot].held == NULL) {
    (self->table->let_go != NULL ? self->table->let_go : self->table->release)(self->client, message);
  }
  self->in_hand = NULL;
  return 0;
}

/* --- turns --- */

/* Whether what is open will never settle, since the host has given it up: nothing has been in flight for a while, and yet it was
 * not told of. ret_since_ms is when that began, 0 while it has not. */
static bool is_given_up(const broker_source *self, qn_call *call, uint64_t *ret_since_ms) {
  bool can_ask = self->credit != NULL && QN_HAS(self->credit, in_flight) && self->credit->in_flight != NULL;
  if (!can_ask || self->credit->in_flight(call) > 0) {
    *ret_since_ms = 0;
    return false;
  }
  *ret_since_ms = *ret_since_ms == 0 ? broker_now_ms() : *ret_since_ms;
  return broker_now_ms() - *ret_since_ms >= GIVEN_UP_MS;
}

static qn_status drain(broker_source *self, qn_call *call) {
  uint64_t until_ms = broker_now_ms() + self->drain_ms;
  uint64_t idle_since_ms = 0;
  drop_in_hand(self);
  settle_all(self, false);
  while (self->session.is_connected && !self->is_broken && self->n_open > 0 && !call->host->cancelled(call) &&
         broker_now_ms() < until_ms && !is_given_up(self, call, &idle_since_ms)) {
    broker_fault fault;
    if (self->table->serve(self->client, 20, &fault) != 0) {
      note_broken(self, &fault);
    }
    extend_all(self);
    settle_all(self, false);
  }
  settle_all(self, true);
  if (self->n_open > 0 && self->session.is_connected) {
    char text[160];
    snprintf(text, sizeof text, "ends with %" PRIu32 " documents in flight; the broker will deliver them again",
             self->n_open);
    log_text(self, QN_LOG_WARNING, text);
  }
  disconnect(self);
  return QN_STATUS_OK;
}

/* The next delivery to be in hand. Nobody asks the clock as long as something is there. Whether the wait for it is over. */
static bool fetch(broker_source *self, uint64_t until_ms) {
  broker_fault fault;
  int rc = self->table->fetch(self->client, 0, &self->in_hand, &fault);
  uint64_t now_ms = rc == 0 ? broker_now_ms() : 0;
  if (rc == 0 && now_ms < until_ms) {
    rc = self->table->fetch(self->client, (uint32_t)(until_ms - now_ms), &self->in_hand, &fault);
  }
  if (rc <= 0) {
    self->in_hand = NULL;
  }
  if (rc < 0) {
    note_broken(self, &fault);
  }
  return rc <= 0;
}

/* One document, if there is one. 1: it was emitted; 0; -ENOMEM. */
static int turn(broker_source *self, qn_call *call, uint64_t until_ms) {
  settle_all(self, false);
  extend_all(self);
  if (self->is_broken || (self->in_hand == NULL && fetch(self, until_ms))) {
    return 0;
  }
  int rc = emit(self, call);
  return rc == -ENOTCONN || rc == -ECANCELED ? 0 : rc == 0 ? 1 : rc;
}

qn_status broker_source_next(void *source, qn_call *call) {
  broker_source *self = source;
  uint64_t until_ms = broker_now_ms() + TURN_MS;
  for (uint32_t n = 1;; n++) {
    if (broker_source_is_ending(self)) {
      return drain(self, call);
    }
    if (!self->session.is_connected) {
      while (broker_source_settle_some(self, 0) > 0) { /* of an older session: their slots are free again */
      }
      return connect_or_wait(self, call);
    }
    int rc = turn(self, call, until_ms);
    if (self->is_broken) {
      lose(self);
    }
    if (rc < 0) {
      char text[96];
      snprintf(text, sizeof text, "cannot admit a message: %s", strerror(-rc));
      return qn_fail(call, QN_STATUS_FATAL, "no-admission", text);
    }
    if (self->in_hand != NULL) {
      return drain(self, call); /* refused: the host is stopping, or has all it wants */
    }
    if ((rc == 0 || n % LOOK_EVERY == 0) && broker_now_ms() >= until_ms) {
      return QN_STATUS_MORE;
    }
  }
}
