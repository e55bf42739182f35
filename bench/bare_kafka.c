/* SPDX-License-Identifier: Apache-2.0 */

/* A client of Kafka written by hand, as plain as they come: what the plugin kafka is measured against. It does what any correct one does, and nothing
 * else: publishes idempotently with an id and a type, and looks at every delivery report; or reads as a member of a group, looks
 * at id and type of each message, takes its bytes out of the library's hands, and commits each second what it is done with.
 *
 * usage: bare_kafka publish|fill|consume BROKERS TOPIC DOCUMENTS BYTES PARTITIONS SKIP GROUP [PROPERTY=VALUE]...
 *
 * publish leaves the partition to the library, which gives whole batches to one; fill takes each in turn. What was timed, all but the
 * first SKIP documents (those are confirmed before the next is sent), is printed as "DOCUMENTS SECONDS PROCESSOR_SECONDS". */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter/span.h"

enum { POLL_MS = 100, FLUSH_MS = 60000, POLL_EVERY = 64, COMMIT_S = 1 };

typedef struct job {
  const char *topic, *group;
  uint64_t n_partitions; /* 0: as the library likes */
  size_t bytes;
  uint64_t n_failed;
  span span;
} job;

static void die(const char *what, const char *why) {
  fprintf(stderr, "bare_kafka: %s: %s\n", what, why);
  exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char text[256];
  if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK) {
    die(name, text);
  }
}

static rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
  char text[256];
  rd_kafka_t *made = rd_kafka_new(type, conf, text, sizeof text);
  if (made == NULL) {
    die("client", text);
  }
  return made;
}

static void on_report(rd_kafka_t *producer, const rd_kafka_message_t *report, void *arg) {
  job *self = arg;
  (void)producer;
  self->n_failed += report->err != RD_KAFKA_RESP_ERR_NO_ERROR;
  span_add(&self->span, 1);
}

/* The same message that the plugin makes: with an id, and a type. */
static int send_one(rd_kafka_t *producer, const job *self, uint64_t number, char *body) {
  char id[32];
  int id_len = snprintf(id, sizeof id, "meter/%llu", (unsigned long long)number);
  const rd_kafka_vu_t parts[] = {
    { .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = self->topic },
    { .vtype = RD_KAFKA_VTYPE_PARTITION,
      .u.i32 = self->n_partitions == 0 ? RD_KAFKA_PARTITION_UA : (int32_t)(number % self->n_partitions) },
    { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { body, self->bytes } },
    { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
    { .vtype = RD_KAFKA_VTYPE_HEADER, .u.header = { "id", id, id_len } },
    { .vtype = RD_KAFKA_VTYPE_HEADER, .u.header = { "content-type", "text/plain", -1 } },
  };
  rd_kafka_error_t *error = rd_kafka_produceva(producer, parts, sizeof parts / sizeof parts[0]);
  if (error != NULL) {
    rd_kafka_error_destroy(error);
    return -1;
  }
  return 0;
}

static void publish(rd_kafka_conf_t *conf, job *self) {
  char *body = malloc(self->bytes + 1);
  set(conf, "enable.idempotence", "true");
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_conf_set_opaque(conf, self);
  rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, conf);
  for (uint64_t i = 0; i < self->span.count; i++) {
    if (i == self->span.skip) {
      rd_kafka_flush(producer, FLUSH_MS);
      span_begin(&self->span);
    }
    span_fill(body, self->bytes, i);
    while (send_one(producer, self, i, body) != 0) {
      rd_kafka_poll(producer, POLL_MS);
    }
    if (i % POLL_EVERY == 0) {
      rd_kafka_poll(producer, 0);
    }
  }
  rd_kafka_flush(producer, FLUSH_MS);
  if (self->span.n != self->span.count || self->n_failed > 0) {
    die("publish", "not all messages were confirmed");
  }
  rd_kafka_destroy(producer);
  free(body);
}

/* What any reader does with a message: looks for its id and type, and takes the body out of the library's hands. */
static size_t take(const rd_kafka_message_t *message, char *body, size_t bytes) {
  rd_kafka_headers_t *headers;
  const void *id = NULL, *type = NULL;
  size_t id_len = 0, type_len = 0;
  if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_header_get_last(headers, "id", &id, &id_len);
    rd_kafka_header_get_last(headers, "content-type", &type, &type_len);
  }
  memcpy(body, message->payload, message->len < bytes ? message->len : bytes);
  return id_len + type_len;
}

static rd_kafka_t *join(rd_kafka_conf_t *conf, const job *self) {
  set(conf, "group.id", self->group);
  set(conf, "auto.offset.reset", "earliest");
  set(conf, "enable.auto.commit", "false");
  rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, self->topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(consumer, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  return consumer;
}

static void consume(rd_kafka_conf_t *conf, job *self) {
  char *body = malloc(self->bytes + 1);
  rd_kafka_t *consumer = join(conf, self);
  double committed_s = span_seconds(CLOCK_MONOTONIC);
  size_t sum = 0;
  while (self->span.n < self->span.count) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, POLL_MS);
    if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      sum += take(message, body, self->bytes);
      span_add(&self->span, 1);
    }
    if (message != NULL) {
      rd_kafka_message_destroy(message);
    }
    if (self->span.n % POLL_EVERY == 0 && span_seconds(CLOCK_MONOTONIC) - committed_s >= COMMIT_S) {
      rd_kafka_commit(consumer, NULL, 1);
      committed_s = span_seconds(CLOCK_MONOTONIC);
    }
  }
  if (rd_kafka_commit(consumer, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR || sum == 0) {
    die("consume", "the offsets were not committed, or the messages had no headers");
  }
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  free(body);
}

static void set_pair(rd_kafka_conf_t *conf, char *pair) {
  char *value = strchr(pair, '=');
  if (value == NULL) {
    die(pair, "is no PROPERTY=VALUE");
  }
  *value = '\0';
  set(conf, pair, value + 1);
}

int main(int argc, char **argv) {
  if (argc < 9) {
    die("usage",
        "bare_kafka publish|fill|consume BROKERS TOPIC DOCUMENTS BYTES PARTITIONS SKIP GROUP [PROPERTY=VALUE]...");
  }
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[2]);
  set(conf, "log_level", "3");
  for (int i = 9; i < argc; i++) {
    set_pair(conf, argv[i]);
  }
  job self = { .topic = argv[3],
               .group = argv[8],
               .n_partitions = strcmp(argv[1], "fill") == 0 ? strtoul(argv[6], NULL, 10) : 0,
               .bytes = strtoul(argv[5], NULL, 10),
               .span = { .count = strtoul(argv[4], NULL, 10), .skip = strtoul(argv[7], NULL, 10) } };
  if (strcmp(argv[1], "consume") == 0) {
    consume(conf, &self);
  } else {
    publish(conf, &self);
  }
  return 0;
}
