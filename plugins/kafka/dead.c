/* SPDX-License-Identifier: Apache-2.0 */

/* A topic for messages that failed for good. The message goes there as it came, with headers that say from where; its own
 * offset settles once the broker has confirmed that, so a message is always in one of the two topics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/setting.h"
#include "kafka/consumer.h"
#include "kafka/faults.h"
#include "kafka/publish.h"
#include "kafka/settings.h"

enum { AGAIN_MS = 1000, ATTEMPT_DIGITS = 12 };

struct dead_letters {
  consumer *owner;
  char *topic;
  rd_kafka_conf_t *conf; /* until the producer is made of it, for the first letter */
  rd_kafka_t *producer;
  rd_kafka_topic_t *handle; /* of the topic */
  uint32_t n_sent;          /* unconfirmed */
  delivery *waiting;        /* to be sent, or sent again, by due_ms */
  bool fails;               /* and that was said */
};

/* --- when the broker has spoken --- */

static void wait_again(dead_letters *self, delivery *held, rd_kafka_resp_err_t error) {
  char what[300];
  broker_fault fault;
  snprintf(what, sizeof what, "publish a dead letter to topic \"%.200s\"", self->topic);
  faults_from(&fault, error, what, NULL);
  if (!self->fails) {
    consumer_log(self->owner, QN_LOG_ERROR, "%s; trying again every second", fault.text);
  }
  self->fails = true;
  held->due_ms = consumer_now_ms() + AGAIN_MS;
  delivery_park(&self->waiting, held);
}

static void on_report(rd_kafka_t *producer, const rd_kafka_message_t *report, void *arg) {
  dead_letters *self = arg;
  delivery *held = report->_private;
  (void)producer;
  self->n_sent--;
  if (lanes_of(self->owner, held->message.tag) == NULL) {
    delivery_unref(self->owner, held); /* its partition is another's now, who does it again */
  } else if (report->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    wait_again(self, held, report->err);
  } else {
    self->fails = false;
    consumer_settled(self->owner, held->message.tag);
    delivery_unref(self->owner, held);
  }
}

/* --- life --- */

int dead_open(qn_create *create, consumer *owner, dead_letters **ret_dead) {
  qn_str topic = qn_config_str(create, "/dead_letter");
  if (topic.len == 0) {
    *ret_dead = NULL;
    return 0;
  }
  dead_letters *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  self->owner = owner;
  int rc = setting_copy(create, "/dead_letter", &self->topic);
  rc = rc == 0 ? settings_conf_new(create, SETTINGS_LETTERS, &self->conf) : rc;
  rc = rc == 0 ? settings_set(create, self->conf, "enable.idempotence", "true", "enable.idempotence") : rc;
  if (rc != 0) {
    dead_close(self);
    return rc;
  }
  rd_kafka_conf_set_opaque(self->conf, self);
  rd_kafka_conf_set_dr_msg_cb(self->conf, on_report);
  *ret_dead = self;
  return 0;
}

static void free_waiting(dead_letters *self) {
  while (self->waiting != NULL) {
    delivery *next = self->waiting->next;
    delivery_unref(self->owner, self->waiting);
    self->waiting = next;
  }
}

void dead_close(dead_letters *self) {
  if (self == NULL) {
    return;
  }
  if (self->producer != NULL) {
    rd_kafka_purge(self->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(self->producer, 1000); /* hears of the purged ones */
    if (self->handle != NULL) {
      rd_kafka_topic_destroy(self->handle);
    }
    rd_kafka_destroy(self->producer);
  }
  free_waiting(self);
  if (self->conf != NULL) {
    rd_kafka_conf_destroy(self->conf);
  }
  free(self->topic);
  free(self);
}

/* --- sending --- */

static rd_kafka_headers_t *headers_of(const delivery *held) {
  char attempt[ATTEMPT_DIGITS], ordinal[ATTEMPT_DIGITS * 2];
  rd_kafka_headers_t *from = NULL, *headers;
  rd_kafka_message_headers(held->kafka, &from);
  headers = from != NULL ? rd_kafka_headers_copy(from) : rd_kafka_headers_new(4);
  snprintf(attempt, sizeof attempt, "%u", held->message.attempt);
  snprintf(ordinal, sizeof ordinal, "%llu", (unsigned long long)held->message.ordinal);
  rd_kafka_header_add(headers, "x-qanat-partition", -1, held->message.source.data, (ssize_t)held->message.source.len);
  rd_kafka_header_add(headers, "x-qanat-offset", -1, ordinal, -1);
  rd_kafka_header_add(headers, "x-qanat-attempts", -1, attempt, -1);
  return headers;
}

static rd_kafka_resp_err_t produce(dead_letters *self, delivery *held) {
  const publish_message letter = {
    .topic = self->handle,
    .key = { held->kafka->key, held->kafka->key_len },
    .body = { held->kafka->payload, held->kafka->len },
    .headers = headers_of(held),
    .opaque = held,
  };
  return publish_send(self->producer, &letter);
}

static rd_kafka_resp_err_t start(dead_letters *self) {
  char text[300] = "";
  if (self->producer == NULL && self->conf != NULL) {
    self->producer = rd_kafka_new(RD_KAFKA_PRODUCER, self->conf, text, sizeof text);
    self->conf = self->producer != NULL ? NULL : self->conf;
  }
  if (self->producer != NULL && self->handle == NULL) {
    self->handle = rd_kafka_topic_new(self->producer, self->topic, NULL);
  }
  if (self->producer == NULL && !self->fails) {
    consumer_log(self->owner, QN_LOG_ERROR, "cannot make a producer for dead letters: %.250s", text);
  }
  return self->handle != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
}

static void send_one(dead_letters *self, delivery *held) {
  rd_kafka_resp_err_t error = start(self);
  error = error == RD_KAFKA_RESP_ERR_NO_ERROR ? produce(self, held) : error;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    self->n_sent++;
  } else {
    wait_again(self, held, error);
  }
}

void dead_put(dead_letters *self, delivery *held) {
  send_one(self, held);
}

void dead_serve(dead_letters *self) {
  if (self == NULL) {
    return;
  }
  if (self->producer != NULL && self->n_sent > 0) {
    rd_kafka_poll(self->producer, 0);
  }
  while (self->waiting != NULL && self->waiting->due_ms <= consumer_now_ms()) {
    delivery *first = self->waiting;
    self->waiting = first->next;
    send_one(self, first);
  }
}

void dead_wait(dead_letters *self, uint32_t wait_ms) {
  enum { LOOK_MS = 50 };
  uint64_t until_ms = consumer_now_ms() + wait_ms;
  while (self != NULL && (self->n_sent > 0 || self->waiting != NULL) && consumer_now_ms() < until_ms) {
    if (self->producer != NULL) {
      rd_kafka_poll(self->producer, LOOK_MS);
    } else {
      consumer_nap(LOOK_MS);
    }
    dead_serve(self);
  }
}

bool dead_is_busy(const dead_letters *self) {
  return self != NULL && (self->n_sent > 0 || self->waiting != NULL);
}

void dead_forget(dead_letters *self, uint32_t lane_index) {
  for (delivery **link = self == NULL ? NULL : &self->waiting; link != NULL && *link != NULL;) {
    delivery *held = *link;
    if (held->message.tag.lane == lane_index) {
      *link = held->next;
      delivery_unref(self->owner, held);
    } else {
      link = &held->next;
    }
  }
}
