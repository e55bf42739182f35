/* SPDX-License-Identifier: Apache-2.0 */

/* Declares what is to be there. Queues are durable, and replicated unless the configuration says otherwise; dead letters of
 * replicated queues move only once the broker has them safe in the next one ("at-least-once"). */
#include "amqp/topology.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 10, DELAY_GONE_MS = 3600000 };

/* Arguments of one declaration. */
typedef struct arguments {
  int n;
  amqp_table_entry_t entries[ARGUMENTS_MAX];
} arguments;

static void add_text(arguments *self, const char *key, const char *text) {
  amqp_table_entry_t *entry = &self->entries[self->n++];
  *entry = (amqp_table_entry_t){ .key = amqp_cstring_bytes(key), .value.kind = AMQP_FIELD_KIND_UTF8 };
  entry->value.value.bytes = amqp_cstring_bytes(text);
}

static void add_number(arguments *self, const char *key, int64_t number) {
  amqp_table_entry_t *entry = &self->entries[self->n++];
  *entry = (amqp_table_entry_t){ .key = amqp_cstring_bytes(key), .value.kind = AMQP_FIELD_KIND_I64 };
  entry->value.value.i64 = number;
}

static int read_keys(qn_create *create, topology *self) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < sizeof self->keys / sizeof *self->keys; i++) {
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/binding_keys/%u", i);
    rc = amqp_settings_str(create, pointer, &self->keys[self->n_keys]);
    if (self->keys[self->n_keys] == NULL) {
      break;
    }
    self->n_keys++;
  }
  return rc;
}

int topology_read(qn_create *create, bool binds, topology *ret_topology) {
  qn_str type = qn_config_str(create, "/queue_type");
  topology made = {
    .declare = qn_config_i64(create, "/declare", 1) != 0,
    .quorum = type.len != strlen("classic"),
    .delivery_limit = (uint32_t)qn_config_i64(create, "/delivery_limit", 0),
  };
  int rc = amqp_settings_str(create, "/queue", &made.queue);
  rc = rc == 0 ? amqp_settings_str(create, "/dead_letter_exchange", &made.dead_exchange) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/dead_letter_key", &made.dead_key) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/exchange", &made.exchange) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/exchange_type", &made.exchange_type) : rc;
  rc = rc == 0 && binds ? read_keys(create, &made) : rc;
  if (rc != 0) {
    topology_done(&made);
    return rc;
  }
  *ret_topology = made;
  return 0;
}

void topology_done(topology *self) {
  free(self->queue);
  free(self->dead_exchange);
  free(self->dead_key);
  free(self->exchange);
  free(self->exchange_type);
  for (uint32_t i = 0; i < self->n_keys; i++) {
    free(self->keys[i]);
  }
  *self = (topology){ 0 };
}

static int reply_check(wire *line, const char *what, const char *name, broker_fault *fault) {
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(line->connection);
  char full[256];
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    return 0;
  }
  snprintf(full, sizeof full, "%s \"%.160s\"", what, name);
  return wire_reply_fault(line, reply, full, fault);
}

static int declare_queue(wire *line, amqp_channel_t channel, const char *name, bool passive, const arguments *with,
                         broker_fault *fault) {
  amqp_table_t table = { .num_entries = with->n, .entries = (amqp_table_entry_t *)(uintptr_t)with->entries };
  amqp_queue_declare(line->connection, channel, amqp_cstring_bytes(name), passive, 1, 0, 0, table);
  return reply_check(line, "the queue", name, fault);
}

static void add_type(arguments *with, bool quorum) {
  add_text(with, "x-queue-type", quorum ? "quorum" : "classic");
}

/* Where dead letters go, and that none is lost on the way. */
static void add_dead(const topology *self, arguments *with, const char *exchange, const char *key) {
  add_text(with, "x-dead-letter-exchange", exchange);
  if (key != NULL) {
    add_text(with, "x-dead-letter-routing-key", key);
  }
  if (self->quorum) {
    add_text(with, "x-dead-letter-strategy", "at-least-once");
    add_text(with, "x-overflow", "reject-publish");
  }
}

static int declare_own(const topology *self, wire *line, amqp_channel_t channel, broker_fault *fault) {
  char dead[300];
  arguments with = { 0 }, of_dead = { 0 };
  snprintf(dead, sizeof dead, "%.255s.dead", self->queue);
  add_type(&with, self->quorum);
  add_type(&of_dead, self->quorum);
  if (self->quorum && self->delivery_limit > 0) {
    add_number(&with, "x-delivery-limit", self->delivery_limit);
  }
  bool own_dead = self->dead_exchange == NULL;
  add_dead(self, &with, own_dead ? "" : self->dead_exchange, own_dead ? dead : self->dead_key);
  int rc = own_dead ? declare_queue(line, channel, dead, false, &of_dead, fault) : 0;
  return rc == 0 ? declare_queue(line, channel, self->queue, false, &with, fault) : rc;
}

static int bind(const topology *self, wire *line, amqp_channel_t channel, broker_fault *fault) {
  const char *type = self->exchange_type == NULL ? "topic" : self->exchange_type;
  amqp_exchange_declare(line->connection, channel, amqp_cstring_bytes(self->exchange), amqp_cstring_bytes(type), 0, 1,
                        0, 0, amqp_empty_table);
  int rc = reply_check(line, "the exchange", self->exchange, fault);
  for (uint32_t i = 0; rc == 0 && self->queue != NULL && i < self->n_keys; i++) {
    amqp_queue_bind(line->connection, channel, amqp_cstring_bytes(self->queue), amqp_cstring_bytes(self->exchange),
                    amqp_cstring_bytes(self->keys[i]), amqp_empty_table);
    rc = reply_check(line, "the binding of the queue", self->queue, fault);
  }
  return rc;
}

int topology_declare(const topology *self, wire *line, amqp_channel_t channel, broker_fault *fault) {
  int rc = 0;
  if (!self->declare) {
    const arguments none = { 0 };
    return self->queue != NULL ? declare_queue(line, channel, self->queue, true, &none, fault) : 0;
  }
  if (self->queue != NULL) {
    rc = declare_own(self, line, channel, fault);
  }
  return rc == 0 && self->exchange != NULL ? bind(self, line, channel, fault) : rc;
}

int topology_declare_delay(const topology *self, wire *line, amqp_channel_t channel, uint32_t delay_ms, char *ret_name,
                           size_t capacity, broker_fault *fault) {
  arguments with = { 0 };
  snprintf(ret_name, capacity, "%.200s.retry.%" PRIu32, self->queue, delay_ms);
  add_type(&with, self->quorum);
  add_dead(self, &with, "", self->queue);
  add_number(&with, "x-message-ttl", delay_ms);
  add_number(&with, "x-expires", (int64_t)delay_ms + DELAY_GONE_MS); /* nobody uses it any more: it goes */
  return declare_queue(line, channel, ret_name, false, &with, fault);
}
