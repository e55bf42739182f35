/* SPDX-License-Identifier: Apache-2.0 */

/* A client of Kafka written by hand, as plain as they come: what the plugin kafka is measured against. It publishes idempotently and
 * waits for every report, or reads as a member of a group and commits what it has read every second.
 *
 * usage: bare_kafka publish|fill|consume BROKERS TOPIC DOCUMENTS BYTES PARTITIONS
 *
 * publish leaves the partition to the library, which gives whole batches to one; fill takes each in turn. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 100, FLUSH_MS = 60000, POLL_EVERY = 64 };

typedef struct count {
  unsigned long n_done, n_failed;
} count;

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
  count *self = arg;
  (void)producer;
  self->n_done++;
  self->n_failed += report->err != RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The same message that the plugin makes: with an id, and a type. */
static int send_one(rd_kafka_t *producer, const char *topic, int32_t partition, char *body, size_t bytes,
                    size_t id_len) {
  const rd_kafka_vu_t parts[] = {
    { .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic },
    { .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition },
    { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { body, bytes } },
    { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
    { .vtype = RD_KAFKA_VTYPE_HEADER, .u.header = { "id", body, (ssize_t)id_len } },
    { .vtype = RD_KAFKA_VTYPE_HEADER, .u.header = { "content-type", "text/plain", -1 } },
  };
  rd_kafka_error_t *error = rd_kafka_produceva(producer, parts, sizeof parts / sizeof parts[0]);
  if (error != NULL) {
    rd_kafka_error_destroy(error);
    return -1;
  }
  return 0;
}

/* n_partitions 0: as the library likes. */
static void publish(rd_kafka_conf_t *conf, const char *topic, unsigned long n, size_t bytes,
                    unsigned long n_partitions) {
  count reports = { 0 };
  char *body = malloc(bytes + 1);
  memset(body, 'x', bytes + 1);
  set(conf, "enable.idempotence", "true");
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_conf_set_opaque(conf, &reports);
  rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, conf);
  for (unsigned long i = 0; i < n; i++) {
    int len = snprintf(body, bytes, "%lu", i);
    body[len] = 'x';
    int32_t partition = n_partitions == 0 ? RD_KAFKA_PARTITION_UA : (int32_t)(i % n_partitions);
    while (send_one(producer, topic, partition, body, bytes, (size_t)len) != 0) {
      rd_kafka_poll(producer, POLL_MS);
    }
    if (i % POLL_EVERY == 0) {
      rd_kafka_poll(producer, 0);
    }
  }
  rd_kafka_flush(producer, FLUSH_MS);
  if (reports.n_done != n || reports.n_failed > 0) {
    die("publish", "not all messages were confirmed");
  }
  rd_kafka_destroy(producer);
  free(body);
}

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What any reader does with a message: looks for its id and type, and takes the body out of the library's hands. */
static unsigned long take(const rd_kafka_message_t *message, char *body, size_t bytes) {
  rd_kafka_headers_t *headers;
  const void *id = NULL, *type = NULL;
  size_t id_len = 0, type_len = 0;
  if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_header_get_last(headers, "id", &id, &id_len);
    rd_kafka_header_get_last(headers, "content-type", &type, &type_len);
  }
  memcpy(body, message->payload, message->len < bytes ? message->len : bytes);
  return id_len + type_len + (unsigned char)body[0];
}

static void consume(rd_kafka_conf_t *conf, const char *topic, unsigned long n, size_t bytes) {
  char *body = malloc(bytes + 1);
  char group[100];
  snprintf(group, sizeof group, "%s-bare", topic);
  set(conf, "group.id", group);
  set(conf, "auto.offset.reset", "earliest");
  set(conf, "enable.auto.commit", "false");
  set(conf, "enable.auto.offset.store", "true");
  set(conf, "session.timeout.ms", "3200");
  set(conf, "heartbeat.interval.ms", "400");
  rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(consumer, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  double committed_s = now_s();
  unsigned long sum = 0;
  for (unsigned long i = 0; i < n;) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, POLL_MS);
    if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      sum += take(message, body, bytes);
      i++;
    }
    if (message != NULL) {
      rd_kafka_message_destroy(message);
    }
    if (i > 0 && i % POLL_EVERY == 0 && now_s() - committed_s >= 1) {
      rd_kafka_commit(consumer, NULL, 1);
      committed_s = now_s();
    }
  }
  rd_kafka_commit(consumer, NULL, 0);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  free(body);
  fprintf(stderr, sum == 0 ? "bare_kafka: messages of zeros\n" : "");
}

int main(int argc, char **argv) {
  if (argc != 7) {
    die("usage", "bare_kafka publish|fill|consume BROKERS TOPIC DOCUMENTS BYTES PARTITIONS");
  }
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[2]);
  set(conf, "log_level", "3");
  unsigned long n = strtoul(argv[4], NULL, 10);
  if (strcmp(argv[1], "consume") != 0) {
    publish(conf, argv[3], n, strtoul(argv[5], NULL, 10),
            strcmp(argv[1], "fill") == 0 ? strtoul(argv[6], NULL, 10) : 0);
  } else {
    consume(conf, argv[3], n, strtoul(argv[5], NULL, 10));
  }
  return 0;
}
