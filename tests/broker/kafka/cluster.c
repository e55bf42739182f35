/* SPDX-License-Identifier: Apache-2.0 */

/* A cluster of Kafka brokers to test against: librdkafka's own mock of one, on loopback, in a process of its own, so that workers can
 * come, go and be killed around it. Commands are lines on standard input, and each is answered by lines on standard output that
 * end with "ok ..." or "error ...". It ends with its input.
 *
 * usage: kafka_cluster BROKERS, then
 *   topic NAME PARTITIONS              creates a topic
 *   put TOPIC PARTITION KEY HEADERS BODY   publishes (PARTITION -1: by key; KEY, HEADERS "-": none; HEADERS a=1,b=2; BODY in hex);
 *                                      the only one without an answer
 *   flush                              waits until all that was put is there
 *   take TOPIC                         what came since the last take: "message PARTITION OFFSET KEY HEADERS BODY" (all but the
 *                                      numbers in hex, headers as NAME=VALUE,...)
 *   committed GROUP TOPIC PARTITIONS   the group's offset of each partition; -1: none
 *   errors API CODE...                 the next requests of this kind are answered so; -195 closes the connection
 *   down BROKER, up BROKER             connections are refused, and taken again
 *   rtt BROKER MS                      every answer takes so long
 *   coordinator GROUP BROKER           another broker looks after the group
 *   leader TOPIC PARTITION BROKER      another broker has the partition */
#include <librdkafka/rdkafka.h>
/* The mock's header needs the other one before it. */
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64, TOPICS_MAX = 8, WAIT_MS = 15000, PARTITIONS_MAX = 256 };

typedef struct reader {
  char *topic;
  int n_partitions;
  rd_kafka_t *client;
} reader;

typedef struct world {
  rd_kafka_t *host; /* what the mock needs to live in */
  rd_kafka_mock_cluster_t *cluster;
  rd_kafka_t *producer;
  unsigned n_failed;
  reader readers[TOPICS_MAX];
  unsigned n_readers;
} world;

static void die(const char *what, const char *why) {
  fprintf(stderr, "kafka_cluster: %s: %s\n", what, why);
  exit(1);
}

static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text) {
  (void)client;
  if (level <= 2) {
    fprintf(stderr, "kafka_cluster: %s: %s\n", facility, text);
  }
}

static void on_report(rd_kafka_t *client, const rd_kafka_message_t *report, void *arg) {
  world *self = arg;
  (void)client;
  self->n_failed += report->err != RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_conf_t *conf_new(world *self, const char *const *pairs) {
  char text[300];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_conf_set_opaque(conf, self);
  for (; pairs[0] != NULL; pairs += 2) {
    if (rd_kafka_conf_set(conf, pairs[0], pairs[1], text, sizeof text) != RD_KAFKA_CONF_OK) {
      die(pairs[0], text);
    }
  }
  if (self->cluster != NULL &&
      rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(self->cluster), text,
                        sizeof text) != RD_KAFKA_CONF_OK) {
    die("bootstrap.servers", text);
  }
  return conf;
}

static rd_kafka_t *client_new(world *self, rd_kafka_type_t type, rd_kafka_conf_t *conf) {
  char text[300];
  rd_kafka_t *client = rd_kafka_new(type, conf, text, sizeof text);
  (void)self;
  if (client == NULL) {
    die("client", text);
  }
  return client;
}

static void answer(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    printf("ok\n");
  } else {
    printf("error %s\n", rd_kafka_err2str(error));
  }
}

/* --- publishing --- */

/* In place; the bytes' number. */
static size_t from_hex(char *text) {
  size_t n = 0;
  for (; text[2 * n] != '\0' && text[2 * n + 1] != '\0'; n++) {
    const char pair[3] = { text[2 * n], text[2 * n + 1], '\0' };
    text[n] = (char)strtoul(pair, NULL, 16);
  }
  return n;
}

static rd_kafka_headers_t *headers_of(char *list) {
  rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
  char *rest = strcmp(list, "-") == 0 ? NULL : list;
  char *pair;
  while ((pair = strsep(&rest, ",")) != NULL) {
    char *value = strchr(pair, '=');
    if (value != NULL) {
      rd_kafka_header_add(headers, pair, value - pair, value + 1, -1);
    }
  }
  return headers;
}

static void put(world *self, char **words) {
  size_t len = from_hex(words[5]);
  bool has_key = strcmp(words[3], "-") != 0;
  const rd_kafka_vu_t parts[] = {
    { .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = words[1] },
    { .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = atoi(words[2]) },
    { .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { has_key ? words[3] : NULL, has_key ? strlen(words[3]) : 0 } },
    { .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers_of(words[4]) },
    { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { words[5], len } },
    { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK },
  };
  rd_kafka_error_t *error = rd_kafka_produceva(self->producer, parts, sizeof parts / sizeof parts[0]);
  if (error != NULL) {
    die("put", rd_kafka_error_string(error));
  }
  rd_kafka_poll(self->producer, 0);
}

static void flush(world *self) {
  rd_kafka_resp_err_t error = rd_kafka_flush(self->producer, WAIT_MS);
  if (self->n_failed > 0) {
    printf("error %u messages were not taken\n", self->n_failed);
    self->n_failed = 0;
    return;
  }
  answer(error);
}

/* --- looking --- */

static int count_partitions(world *self, const char *name) {
  const struct rd_kafka_metadata *metadata;
  rd_kafka_topic_t *topic = rd_kafka_topic_new(self->producer, name, NULL);
  int n = 0;
  if (topic != NULL && rd_kafka_metadata(self->producer, 0, topic, &metadata, WAIT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    n = metadata->topic_cnt > 0 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
  }
  if (topic != NULL) {
    rd_kafka_topic_destroy(topic);
  }
  return n;
}

/* What reads the topic from its beginning, in no group. */
static reader *find_reader(world *self, const char *topic) {
  static const char *const pairs[] = { "group.id",
                                       "observer",
                                       "enable.auto.commit",
                                       "false",
                                       "enable.partition.eof",
                                       "true",
                                       "auto.offset.reset",
                                       "earliest",
                                       "fetch.wait.max.ms",
                                       "50",
                                       "isolation.level",
                                       "read_uncommitted",
                                       NULL };
  for (unsigned i = 0; i < self->n_readers; i++) {
    if (strcmp(self->readers[i].topic, topic) == 0) {
      return &self->readers[i];
    }
  }
  int n = count_partitions(self, topic);
  if (self->n_readers == TOPICS_MAX || n == 0) {
    return NULL;
  }
  reader *made = &self->readers[self->n_readers++];
  *made = (reader){ strdup(topic), n, client_new(self, RD_KAFKA_CONSUMER, conf_new(self, pairs)) };
  rd_kafka_poll_set_consumer(made->client);
  rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(n);
  for (int i = 0; i < n; i++) {
    rd_kafka_topic_partition_list_add(all, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(made->client, all);
  rd_kafka_topic_partition_list_destroy(all);
  return made;
}

static void print_hex(const void *bytes, size_t len) {
  if (len == 0) {
    putchar('-');
  }
  for (size_t i = 0; i < len; i++) {
    printf("%02x", ((const unsigned char *)bytes)[i]);
  }
}

static void print_headers(const rd_kafka_message_t *message) {
  rd_kafka_headers_t *headers = NULL;
  const char *name;
  const void *value;
  size_t len, i = 0;
  rd_kafka_message_headers(message, &headers);
  for (; headers != NULL && rd_kafka_header_get_all(headers, i, &name, &value, &len) == 0; i++) {
    printf("%s%s=", i > 0 ? "," : "", name);
    print_hex(value, len);
  }
  if (i == 0) {
    putchar('-');
  }
}

static void print_message(const rd_kafka_message_t *message) {
  printf("message %d %lld ", (int)message->partition, (long long)message->offset);
  print_hex(message->key, message->key_len);
  putchar(' ');
  print_headers(message);
  putchar(' ');
  print_hex(message->payload, message->len);
  putchar('\n');
}

/* Whether the reader stands at the end of all partitions. */
static bool is_at_end(const reader *from) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(from->n_partitions);
  bool at_end = true;
  for (int i = 0; i < from->n_partitions; i++) {
    rd_kafka_topic_partition_list_add(list, from->topic, i);
  }
  rd_kafka_position(from->client, list);
  for (int i = 0; at_end && i < list->cnt; i++) {
    int64_t low = 0, high = 0;
    rd_kafka_query_watermark_offsets(from->client, from->topic, i, &low, &high, WAIT_MS);
    at_end = high == 0 || list->elems[i].offset >= high;
  }
  rd_kafka_topic_partition_list_destroy(list);
  return at_end;
}

static void take(world *self, const char *topic) {
  reader *from = find_reader(self, topic);
  unsigned n = 0, n_idle = 0;
  if (from == NULL) {
    printf("error no topic %s\n", topic);
    return;
  }
  while (n_idle < WAIT_MS / 50) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(from->client, 50);
    if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      print_message(message);
      n++;
      n_idle = 0;
    } else if (is_at_end(from)) {
      n_idle = WAIT_MS;
    } else {
      n_idle++;
    }
    if (message != NULL) {
      rd_kafka_message_destroy(message);
    }
  }
  printf("ok %u\n", n);
}

static void committed(world *self, char **words) {
  const char *pairs[] = { "group.id", words[1], NULL };
  rd_kafka_t *client = client_new(self, RD_KAFKA_CONSUMER, conf_new(self, pairs));
  int n = atoi(words[3]);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
  for (int i = 0; i < n && i < PARTITIONS_MAX; i++) {
    rd_kafka_topic_partition_list_add(list, words[2], i);
  }
  rd_kafka_resp_err_t error = rd_kafka_committed(client, list, WAIT_MS);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    answer(error);
  } else {
    printf("ok");
    for (int i = 0; i < list->cnt; i++) {
      printf(" %lld", (long long)(list->elems[i].offset >= 0 ? list->elems[i].offset : -1));
    }
    printf("\n");
  }
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_destroy(client);
}

/* --- trouble --- */

static void push_errors(world *self, char **words, int n_words) {
  rd_kafka_resp_err_t errors[WORDS_MAX];
  size_t n = 0;
  for (int i = 2; i < n_words; i++) {
    errors[n++] = (rd_kafka_resp_err_t)atoi(words[i]);
  }
  rd_kafka_mock_push_request_errors_array(self->cluster, (int16_t)atoi(words[1]), n, errors);
  answer(RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void run(world *self, char **words, int n) {
  rd_kafka_mock_cluster_t *cluster = self->cluster;
  const char *verb = words[0];
  if (strcmp(verb, "put") == 0 && n == 6) {
    put(self, words);
  } else if (strcmp(verb, "flush") == 0) {
    flush(self);
  } else if (strcmp(verb, "take") == 0 && n == 2) {
    take(self, words[1]);
  } else if (strcmp(verb, "topic") == 0 && n == 3) {
    answer(rd_kafka_mock_topic_create(cluster, words[1], atoi(words[2]), 1));
  } else if (strcmp(verb, "committed") == 0 && n == 4) {
    committed(self, words);
  } else if (strcmp(verb, "errors") == 0 && n > 2) {
    push_errors(self, words, n);
  } else if (strcmp(verb, "down") == 0 && n == 2) {
    answer(rd_kafka_mock_broker_set_down(cluster, atoi(words[1])));
  } else if (strcmp(verb, "up") == 0 && n == 2) {
    answer(rd_kafka_mock_broker_set_up(cluster, atoi(words[1])));
  } else if (strcmp(verb, "rtt") == 0 && n == 3) {
    answer(rd_kafka_mock_broker_set_rtt(cluster, atoi(words[1]), atoi(words[2])));
  } else if (strcmp(verb, "coordinator") == 0 && n == 3) {
    answer(rd_kafka_mock_coordinator_set(cluster, "group", words[1], atoi(words[2])));
  } else if (strcmp(verb, "leader") == 0 && n == 4) {
    answer(rd_kafka_mock_partition_set_leader(cluster, words[1], atoi(words[2]), atoi(words[3])));
  } else {
    printf("error unknown command %s with %d words\n", verb, n);
  }
}

static void begin(world *self, int n_brokers) {
  static const char *const host[] = { "bootstrap.servers", "127.0.0.1:1", NULL };
  static const char *const producer[] = { "enable.idempotence", "true", "linger.ms", "2", NULL };
  self->host = client_new(self, RD_KAFKA_PRODUCER, conf_new(self, host));
  self->cluster = rd_kafka_mock_cluster_new(self->host, n_brokers);
  if (self->cluster == NULL) {
    die("cluster", "cannot be made");
  }
  rd_kafka_conf_t *conf = conf_new(self, producer);
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  self->producer = client_new(self, RD_KAFKA_PRODUCER, conf);
  printf("ok %s\n", rd_kafka_mock_cluster_bootstraps(self->cluster));
}

static void end(world *self) {
  for (unsigned i = 0; i < self->n_readers; i++) {
    rd_kafka_destroy(self->readers[i].client);
    free(self->readers[i].topic);
  }
  rd_kafka_destroy(self->producer);
  rd_kafka_mock_cluster_destroy(self->cluster);
  rd_kafka_destroy(self->host);
}

int main(int argc, char **argv) {
  world self = { 0 };
  char *line = NULL;
  size_t capacity = 0;
  ssize_t len;
  begin(&self, argc > 1 ? atoi(argv[1]) : 3);
  fflush(stdout);
  while ((len = getline(&line, &capacity, stdin)) > 0) {
    char *words[WORDS_MAX], *rest = line;
    int n = 0;
    line[strcspn(line, "\n")] = '\0';
    while (n < WORDS_MAX && (words[n] = strsep(&rest, " ")) != NULL) {
      n++;
    }
    run(&self, words, n);
    fflush(stdout);
  }
  free(line);
  end(&self);
  return 0;
}
