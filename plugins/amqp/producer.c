/* SPDX-License-Identifier: Apache-2.0 */

/* Publishes with confirms: persistent messages, to an exchange or straight to a queue. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/confirms.h"
#include "amqp/consumer.h"
#include "amqp/headers.h"
#include "amqp/topology.h"
#include "amqp/wire.h"

enum { CHANNEL = 1, FRAMES_AT_ONCE = 512, PERSISTENT = 2, SHORT_MOST = 255 };

typedef struct producer {
  broker_sink *sink;
  amqp_settings settings;
  topology topology;
  char *routing_key;
  bool mandatory;
  wire wire;
  confirms confirms;
  uint32_t n_told; /* in this serve() */
} producer;

static void producer_close(void *client) {
  producer *self = client;
  if (self == NULL) {
    return;
  }
  wire_done(&self->wire);
  confirms_done(&self->confirms);
  topology_done(&self->topology);
  amqp_settings_done(&self->settings);
  free(self->routing_key);
  free(self);
}

static int read_config(producer *self, qn_create *create) {
  int rc = amqp_settings_read(create, &self->settings);
  rc = rc == 0 ? topology_read(create, false, &self->topology) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/routing_key", &self->routing_key) : rc;
  self->mandatory = qn_config_i64(create, "/mandatory", 1) != 0;
  if (rc == 0 && self->topology.queue == NULL && self->topology.exchange == NULL) {
    rc = amqp_settings_refuse(create, "say where messages go: \"queue\", or \"exchange\" with \"routing_key\"");
  }
  return rc;
}

static int producer_open(qn_create *create, broker_sink *sink, uint32_t window, void **ret_client) {
  producer *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return amqp_settings_refuse(create, "no memory for the client");
  }
  self->sink = sink;
  self->wire.wake_fd = -1;
  int rc = read_config(self, create);
  if (rc == 0 && (confirms_init(&self->confirms, window) != 0 || wire_init(&self->wire, &self->settings) != 0)) {
    rc = amqp_settings_refuse(create, "no memory or descriptors for the client");
  }
  if (rc != 0) {
    producer_close(self);
    return rc;
  }
  *ret_client = self;
  return 0;
}

static bool never(void *arg) {
  (void)arg;
  return false;
}

static int producer_connect(void *client, broker_fault *fault) {
  producer *self = client;
  int rc = wire_connect(&self->wire, never, self, fault);
  rc = rc == 0 ? wire_channel_open(&self->wire, CHANNEL, fault) : rc;
  rc = rc == 0 ? topology_declare(&self->topology, &self->wire, CHANNEL, fault) : rc;
  if (rc == 0) {
    amqp_confirm_select(self->wire.connection, CHANNEL);
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(self->wire.connection);
    rc = reply.reply_type == AMQP_RESPONSE_NORMAL ? 0 : wire_reply_fault(&self->wire, reply, "confirms", fault);
  }
  confirms_begin(&self->confirms);
  if (rc != 0) {
    wire_disconnect(&self->wire, false);
  }
  return rc;
}

static void producer_disconnect(void *client) {
  producer *self = client;
  wire_disconnect(&self->wire, self->confirms.n == 0);
}

static qn_str at_most(qn_str text, size_t most) {
  return text.len <= most ? text : (qn_str){ NULL, 0 };
}

static void set_property(amqp_basic_properties_t *properties, amqp_flags_t flag, amqp_bytes_t *place, qn_str text) {
  qn_str fitting = at_most(text, SHORT_MOST);
  if (fitting.len > 0) {
    *place = wire_bytes(fitting);
    properties->_flags |= flag;
  }
}

static int producer_publish(void *client, const broker_message *message, uint64_t token, broker_fault *fault) {
  producer *self = client;
  if (confirms_full(&self->confirms)) {
    return -EAGAIN;
  }
  amqp_table_entry_t entries[AMQP_HEADERS_MAX];
  uint32_t n_headers = message->n_headers < AMQP_HEADERS_MAX ? message->n_headers : AMQP_HEADERS_MAX;
  amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = PERSISTENT };
  set_property(&properties, AMQP_BASIC_CONTENT_TYPE_FLAG, &properties.content_type, message->content_type);
  set_property(&properties, AMQP_BASIC_MESSAGE_ID_FLAG, &properties.message_id, message->id);
  if (message->timestamp_ms > 0) {
    properties.timestamp = (uint64_t)message->timestamp_ms / 1000;
    properties._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
  }
  if (n_headers > 0) {
    properties.headers = headers_table(message->headers, n_headers, entries);
    properties._flags |= AMQP_BASIC_HEADERS_FLAG;
  }
  const topology *to = &self->topology;
  qn_str key = at_most(message->key, SHORT_MOST);
  amqp_bytes_t routing_key = key.len > 0                 ? wire_bytes(key)
                             : self->routing_key != NULL ? amqp_cstring_bytes(self->routing_key)
                             : to->exchange == NULL      ? amqp_cstring_bytes(to->queue)
                                                         : amqp_empty_bytes;
  int status = amqp_basic_publish(self->wire.connection, CHANNEL,
                                  to->exchange == NULL ? amqp_empty_bytes : amqp_cstring_bytes(to->exchange),
                                  routing_key, self->mandatory, 0, &properties, wire_bytes(message->body));
  if (status != AMQP_STATUS_OK) {
    return wire_fault(&self->wire, status, "publishing", fault);
  }
  confirms_add(&self->confirms, token, at_most(message->id, SHORT_MOST));
  return 0;
}

static void told(void *arg, uint64_t token, const broker_fault *fault) {
  producer *self = arg;
  self->n_told++;
  broker_sink_confirmed(self->sink, token, fault);
}

static int producer_serve(void *client, uint32_t wait_ms, broker_fault *fault) {
  producer *self = client;
  self->n_told = 0;
  for (uint32_t i = 0; i < FRAMES_AT_ONCE; i++) {
    amqp_frame_t frame;
    int rc = wire_read(&self->wire, self->n_told == 0 ? wait_ms : 0, &frame, fault);
    if (rc <= 0) {
      return rc;
    }
    rc = wire_judge(&self->wire, &frame, fault);
    if (rc == 0 && frame.channel == CHANNEL) {
      rc = confirms_take_frame(&self->confirms, &frame, told, self);
      rc = rc != 0
               ? broker_fault_set(fault, rc, "amqp-protocol", "%s sent a confirm that fits nothing", self->wire.peer)
               : 0;
    }
    wire_release(&self->wire);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

const broker_producer amqp_producer = {
  .name = "amqp",
  .open = producer_open,
  .close = producer_close,
  .connect = producer_connect,
  .disconnect = producer_disconnect,
  .publish = producer_publish,
  .serve = producer_serve,
};
