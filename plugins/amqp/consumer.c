/* SPDX-License-Identifier: Apache-2.0 */

/* Subscribes to a queue with a bounded number of unsettled deliveries. Acknowledges many at once where all before them are
 * settled too, and single ones where an older one still runs. What is to come back later goes to a queue of its own that gives it
 * back after a while, and is acknowledged here only once it is safe there. */
#include "amqp/consumer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/confirms.h"
#include "amqp/delivery.h"
#include "amqp/headers.h"
#include "amqp/topology.h"
#include "amqp/wire.h"
#include "broker/session.h"
#include "broker/track.h"

enum { CHANNEL = 1, DELAY_CHANNEL = 2, NAME_BYTES = 256, LAST_MS = 2000, DELAYS_KNOWN = 32, PERSISTENT = 2 };

/* Of this channel alone. */
#define CONSUMER_TAG "qanat"

typedef struct consumer {
  broker_source *source;
  amqp_settings settings;
  topology topology;
  uint32_t prefetch;
  wire wire;
  char source_name[NAME_BYTES + 8];

  uint32_t session; /* counts connections */
  delivery_queue queue;
  broker_track track; /* delivery tags */
  uint64_t *acked;    /* settled, and not yet told */
  uint32_t n_acked, acked_capacity;

  bool has_delay_channel;
  confirms delayed; /* tokens are the delivery tags of the originals */
  uint32_t n_delays;
  uint32_t delays[DELAYS_KNOWN]; /* whose queues are declared in this session */
  broker_fault *refusal;         /* while frames of the delay channel are read */
  int refusal_code;
} consumer;

/* --- life --- */

static void consumer_close(void *client) {
  consumer *self = client;
  if (self == NULL) {
    return;
  }
  wire_done(&self->wire);
  delivery_clear(&self->queue);
  broker_track_done(&self->track);
  confirms_done(&self->delayed);
  topology_done(&self->topology);
  amqp_settings_done(&self->settings);
  free(self->acked);
  free(self);
}

static int consumer_open(qn_create *create, broker_source *source, uint32_t prefetch, void **ret_client) {
  consumer *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return amqp_settings_refuse(create, "no memory for the client");
  }
  self->source = source;
  self->prefetch = prefetch;
  self->wire.wake_fd = -1;
  self->queue.most_bytes = (uint64_t)qn_config_i64(create, "/message_bytes", 128 << 20);
  broker_track_init(&self->track);
  int rc = amqp_settings_read(create, &self->settings);
  rc = rc == 0 ? topology_read(create, true, &self->topology) : rc;
  self->acked_capacity = prefetch + 1;
  self->acked = calloc(self->acked_capacity, sizeof *self->acked);
  if (rc == 0 && (self->acked == NULL || confirms_init(&self->delayed, prefetch) != 0 ||
                  wire_init(&self->wire, &self->settings) != 0)) {
    rc = amqp_settings_refuse(create, "no memory or descriptors for the client");
  }
  if (rc != 0) {
    consumer_close(self);
    return rc;
  }
  snprintf(self->source_name, sizeof self->source_name, "amqp:%.255s", self->topology.queue);
  self->queue.source = (qn_str){ self->source_name, strlen(self->source_name) };
  *ret_client = self;
  return 0;
}

/* --- the connection --- */

static bool is_ending(void *arg) {
  const consumer *self = arg;
  return broker_source_is_ending(self->source);
}

static int subscribe(consumer *self, broker_fault *fault) {
  amqp_connection_state_t connection = self->wire.connection;
  amqp_basic_qos(connection, CHANNEL, 0, (uint16_t)self->prefetch, 0);
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    amqp_basic_consume(connection, CHANNEL, amqp_cstring_bytes(self->topology.queue), amqp_cstring_bytes(CONSUMER_TAG),
                       0, 0, 0, amqp_empty_table);
    reply = amqp_get_rpc_reply(connection);
  }
  char what[NAME_BYTES + 32];
  snprintf(what, sizeof what, "to consume from \"%.200s\"", self->topology.queue);
  return reply.reply_type == AMQP_RESPONSE_NORMAL ? 0 : wire_reply_fault(&self->wire, reply, what, fault);
}

static void forget(consumer *self) {
  delivery_clear(&self->queue);
  broker_track_clear(&self->track);
  confirms_begin(&self->delayed);
  self->n_acked = 0;
  self->n_delays = 0;
  self->has_delay_channel = false;
}

static int consumer_connect(void *client, broker_fault *fault) {
  consumer *self = client;
  self->session++;
  forget(self);
  int rc = wire_connect(&self->wire, is_ending, self, fault);
  rc = rc == 0 ? wire_channel_open(&self->wire, CHANNEL, fault) : rc;
  rc = rc == 0 ? topology_declare(&self->topology, &self->wire, CHANNEL, fault) : rc;
  rc = rc == 0 ? subscribe(self, fault) : rc;
  if (rc != 0) {
    wire_disconnect(&self->wire, false);
  }
  return rc;
}

static void consumer_disconnect(void *client) {
  consumer *self = client;
  wire_disconnect(&self->wire, broker_source_is_ending(self->source));
  forget(self);
}

static void consumer_wake(void *client) {
  consumer *self = client;
  wire_wake(&self->wire);
}

/* --- what came back from the delay channel --- */

static int note_acked(consumer *self, uint64_t tag, broker_fault *fault) {
  if (self->n_acked == self->acked_capacity) { /* cannot be: the broker keeps to the prefetch */
    return broker_fault_set(fault, -EPROTO, "amqp-protocol", "%s delivered more than the prefetch", self->wire.peer);
  }
  self->acked[self->n_acked++] = tag;
  broker_track_end(&self->track, tag);
  return 0;
}

static int answer(consumer *self, uint64_t tag, bool requeue, broker_fault *fault) {
  int status = amqp_basic_reject(self->wire.connection, CHANNEL, tag, requeue);
  broker_track_end(&self->track, tag);
  return status == AMQP_STATUS_OK ? 0 : wire_fault(&self->wire, status, "an answer", fault);
}

/* The copy is safe in the queue where it waits, or it is not: then the original comes again at once. */
static void told_delayed(void *arg, uint64_t tag, const broker_fault *fault) {
  consumer *self = arg;
  broker_fault *refusal = self->refusal;
  int rc = fault == NULL ? note_acked(self, tag, refusal) : answer(self, tag, true, refusal);
  self->refusal_code = rc != 0 ? rc : self->refusal_code;
}

/* --- frames --- */

static int take_delivery_frame(consumer *self, const amqp_frame_t *frame, broker_fault *fault) {
  uint64_t tag = 0;
  uint64_t before = self->queue.method.delivery_tag;
  int rc = delivery_take_frame(&self->queue, frame, self->session, &tag);
  uint64_t begun = self->queue.method.delivery_tag;
  if (rc >= 0 && begun != before && broker_track_begin(&self->track, begun) != 0) {
    rc = -ENOMEM;
  }
  if (rc == 2) {
    return answer(self, tag, false, fault); /* larger than "message_bytes": to the dead letters */
  }
  if (rc < 0) {
    return broker_fault_set(fault, rc, "amqp-protocol", "cannot take a message of %s: %s", self->wire.peer,
                            strerror(-rc));
  }
  return rc;
}

/* Reads a frame. 1: a delivery is complete; 2: something else came; 0: nothing did; negative errno. */
static int read_frame(consumer *self, uint32_t wait_ms, broker_fault *fault) {
  amqp_frame_t frame;
  int rc = wire_read(&self->wire, wait_ms, &frame, fault);
  if (rc <= 0) {
    return rc;
  }
  rc = wire_judge(&self->wire, &frame, fault);
  if (rc == 0 && frame.channel == CHANNEL) {
    rc = take_delivery_frame(self, &frame, fault);
  } else if (rc == 0 && frame.channel == DELAY_CHANNEL) {
    self->refusal = fault;
    self->refusal_code = 0;
    rc = confirms_take_frame(&self->delayed, &frame, told_delayed, self);
    rc = rc != 0 ? broker_fault_set(fault, rc, "amqp-protocol", "%s sent a confirm that fits nothing", self->wire.peer)
                 : self->refusal_code;
  }
  wire_release(&self->wire);
  return rc < 0 ? rc : rc == 1 ? 1 : 2;
}

static int consumer_fetch(void *client, uint32_t wait_ms, const broker_message **ret_message, broker_fault *fault) {
  consumer *self = client;
  delivery *taken = delivery_pop(&self->queue);
  while (taken == NULL) {
    int rc = read_frame(self, wait_ms, fault);
    if (rc <= 0) {
      return rc;
    }
    taken = delivery_pop(&self->queue);
  }
  *ret_message = &taken->message;
  return 1;
}

static void consumer_release(void *client, const broker_message *message) {
  (void)client;
  delivery_free((delivery *)(uintptr_t)message);
}

static int consumer_serve(void *client, uint32_t wait_ms, broker_fault *fault) {
  consumer *self = client;
  int rc = read_frame(self, wait_ms, fault);
  for (uint32_t i = 0; rc > 0 && i < self->prefetch; i++) {
    rc = read_frame(self, 0, fault);
  }
  return rc < 0 ? rc : 0;
}

/* --- coming back later --- */

static int delay_channel(consumer *self, broker_fault *fault) {
  if (self->has_delay_channel) {
    return 0;
  }
  int rc = wire_channel_open(&self->wire, DELAY_CHANNEL, fault);
  if (rc == 0) {
    amqp_confirm_select(self->wire.connection, DELAY_CHANNEL);
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(self->wire.connection);
    rc = reply.reply_type == AMQP_RESPONSE_NORMAL ? 0 : wire_reply_fault(&self->wire, reply, "confirms", fault);
  }
  confirms_begin(&self->delayed);
  self->has_delay_channel = rc == 0;
  return rc;
}

/* The queue's name; declares it once in a session. */
static int delay_queue(consumer *self, uint32_t delay_ms, char *ret_name, broker_fault *fault) {
  for (uint32_t i = 0; i < self->n_delays; i++) {
    if (self->delays[i] == delay_ms) {
      snprintf(ret_name, NAME_BYTES, "%.200s.retry.%" PRIu32, self->topology.queue, delay_ms);
      return 0;
    }
  }
  int rc = topology_declare_delay(&self->topology, &self->wire, DELAY_CHANNEL, delay_ms, ret_name, NAME_BYTES, fault);
  if (rc == 0 && self->n_delays < DELAYS_KNOWN) {
    self->delays[self->n_delays++] = delay_ms;
  }
  return rc;
}

/* The brokers' own headers (x-death, x-delivery-count) stay behind; ours counts on. */
static uint32_t headers_again(const broker_message *message, broker_header *ret_headers) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < message->n_headers && n < AMQP_HEADERS_MAX - 1; i++) {
    qn_str name = message->headers[i].name;
    if (name.len < 2 || memcmp(name.data, "x-", 2) != 0) {
      ret_headers[n++] = message->headers[i];
    }
  }
  ret_headers[n++] = (broker_header){ .name = QN_LIT(AMQP_ATTEMPTS_HEADER),
                                      .value = { .type = QN_VALUE_I64, .as.i64 = message->attempt } };
  return n;
}

static int send_later(consumer *self, const broker_message *message, uint32_t delay_ms, broker_fault *fault) {
  char name[NAME_BYTES];
  broker_header headers[AMQP_HEADERS_MAX];
  amqp_table_entry_t entries[AMQP_HEADERS_MAX];
  int rc = delay_channel(self, fault);
  rc = rc == 0 ? delay_queue(self, delay_ms, name, fault) : rc;
  if (rc != 0) {
    return rc;
  }
  if (confirms_full(&self->delayed)) {
    return answer(self, message->tag.position, true, fault);
  }
  amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG,
                                         .delivery_mode = PERSISTENT };
  properties.headers = headers_table(headers, headers_again(message, headers), entries);
  if (message->content_type.len > 0) {
    properties.content_type = wire_bytes(message->content_type);
    properties._flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
  }
  if (message->id.len > 0) {
    properties.message_id = wire_bytes(message->id);
    properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
  }
  if (message->timestamp_ms > 0) {
    properties.timestamp = (uint64_t)message->timestamp_ms / 1000;
    properties._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
  }
  int status = amqp_basic_publish(self->wire.connection, DELAY_CHANNEL, amqp_empty_bytes, amqp_cstring_bytes(name), 1,
                                  0, &properties, wire_bytes(message->body));
  if (status != AMQP_STATUS_OK) {
    return wire_fault(&self->wire, status, "publishing", fault);
  }
  confirms_add(&self->delayed, message->tag.position, message->id);
  return 0;
}

/* --- settling --- */

static int consumer_settle(void *client, broker_tag tag, broker_verdict verdict, uint32_t delay_ms,
                           const broker_message *message, broker_fault *fault) {
  consumer *self = client;
  if (tag.session != self->session || self->wire.connection == NULL) {
    return 0;
  }
  if (verdict == BROKER_ACK) {
    return note_acked(self, tag.position, fault);
  }
  if (verdict == BROKER_RETURN && delay_ms > 0 && message != NULL) {
    return send_later(self, message, delay_ms, fault);
  }
  return answer(self, tag.position, verdict == BROKER_RETURN, fault);
}

static int send_ack(consumer *self, uint64_t tag, bool multiple, broker_fault *fault) {
  int status = amqp_basic_ack(self->wire.connection, CHANNEL, tag, multiple);
  return status == AMQP_STATUS_OK ? 0 : wire_fault(&self->wire, status, "an acknowledgement", fault);
}

/* One for all up to the last without a gap before it, then those behind the gap. */
static int send_acks(consumer *self, broker_fault *fault) {
  uint64_t last = 0;
  for (uint32_t i = 0; i < self->n_acked; i++) {
    bool whole = self->track.has_settled && self->acked[i] <= self->track.settled;
    last = whole && self->acked[i] > last ? self->acked[i] : last;
  }
  int rc = last > 0 ? send_ack(self, last, true, fault) : 0;
  for (uint32_t i = 0; rc == 0 && i < self->n_acked; i++) {
    rc = self->acked[i] > last ? send_ack(self, self->acked[i], false, fault) : 0;
  }
  self->n_acked = 0;
  return rc;
}

/* Makes sure that the broker has all that was said. A queue with replicas takes acknowledgements a few at a time, and those that it
 * has not taken when the channel goes are forgotten: ending the subscription waits for what it has taken, the answer to the next question
 * comes after it has taken the rest. */
static int make_sure(consumer *self, broker_fault *fault) {
  amqp_basic_cancel(self->wire.connection, CHANNEL, amqp_cstring_bytes(CONSUMER_TAG));
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(self->wire.connection);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    amqp_basic_qos(self->wire.connection, CHANNEL, 0, (uint16_t)self->prefetch, 0);
    reply = amqp_get_rpc_reply(self->wire.connection);
  }
  return reply.reply_type == AMQP_RESPONSE_NORMAL
             ? 0
             : wire_reply_fault(&self->wire, reply, "the last acknowledgements", fault);
}

static int consumer_commit(void *client, bool is_last, broker_fault *fault) {
  consumer *self = client;
  uint64_t until_ms = broker_now_ms() + LAST_MS;
  int rc = 0;
  while (rc >= 0 && is_last && self->delayed.n > 0 && broker_now_ms() < until_ms) {
    rc = read_frame(self, 50, fault);
  }
  rc = rc < 0 ? rc : send_acks(self, fault);
  return rc == 0 && is_last ? make_sure(self, fault) : rc;
}

const broker_consumer amqp_consumer = {
  .name = "amqp",
  .holds_messages = BROKER_RETURN,
  .open = consumer_open,
  .close = consumer_close,
  .connect = consumer_connect,
  .disconnect = consumer_disconnect,
  .fetch = consumer_fetch,
  .release = consumer_release,
  .serve = consumer_serve,
  .settle = consumer_settle,
  .commit = consumer_commit,
  .wake = consumer_wake,
};
