/* SPDX-License-Identifier: Apache-2.0 */

/* Brokers and properties. What is passed on to librdkafka stands in one list: security, addresses, sizes and times. What is left out
 * on purpose has a word of its own, since people know these properties from elsewhere. */
#include "kafka/settings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/setting.h"

enum {
  BROKERS_MAX = 64,
  PROPERTIES_MAX = 64,
  NAME_MAX_BYTES = 64,
  ERROR_MAX_BYTES = 400,
  CONSUMERS = 1,
  PRODUCERS = 2,
  BOTH = 3
};

typedef struct property {
  const char *name;
  int roles; /* CONSUMERS, PRODUCERS or both */
} property;

static const property properties[] = {
  { "batch.num.messages", PRODUCERS },
  { "batch.size", PRODUCERS },
  { "broker.address.family", BOTH },
  { "broker.address.ttl", BOTH },
  { "check.crcs", CONSUMERS },
  { "client.id", BOTH },
  { "client.rack", CONSUMERS },
  { "compression.level", PRODUCERS },
  { "compression.type", PRODUCERS },
  { "connections.max.idle.ms", BOTH },
  { "delivery.timeout.ms", PRODUCERS },
  { "enable.ssl.certificate.verification", BOTH },
  { "fetch.error.backoff.ms", CONSUMERS },
  { "fetch.max.bytes", CONSUMERS },
  { "fetch.min.bytes", CONSUMERS },
  { "fetch.wait.max.ms", CONSUMERS },
  { "group.instance.id", CONSUMERS },
  { "heartbeat.interval.ms", CONSUMERS },
  { "isolation.level", CONSUMERS },
  { "linger.ms", PRODUCERS },
  { "max.partition.fetch.bytes", CONSUMERS },
  { "max.poll.interval.ms", CONSUMERS },
  { "message.max.bytes", PRODUCERS },
  { "metadata.max.age.ms", BOTH },
  { "partition.assignment.strategy", CONSUMERS },
  { "partitioner", PRODUCERS },
  { "queue.buffering.max.kbytes", PRODUCERS },
  { "queued.max.messages.kbytes", CONSUMERS },
  { "queued.min.messages", CONSUMERS },
  { "receive.message.max.bytes", BOTH },
  { "reconnect.backoff.max.ms", BOTH },
  { "reconnect.backoff.ms", BOTH },
  { "request.timeout.ms", PRODUCERS },
  { "retry.backoff.ms", PRODUCERS },
  { "sasl.kerberos.keytab", BOTH },
  { "sasl.kerberos.min.time.before.relogin", BOTH },
  { "sasl.kerberos.principal", BOTH },
  { "sasl.kerberos.service.name", BOTH },
  { "sasl.mechanism", BOTH },
  { "sasl.oauthbearer.client.id", BOTH },
  { "sasl.oauthbearer.client.secret", BOTH },
  { "sasl.oauthbearer.extensions", BOTH },
  { "sasl.oauthbearer.method", BOTH },
  { "sasl.oauthbearer.scope", BOTH },
  { "sasl.oauthbearer.token.endpoint.url", BOTH },
  { "sasl.password", BOTH },
  { "sasl.username", BOTH },
  { "security.protocol", BOTH },
  { "session.timeout.ms", CONSUMERS },
  { "socket.connection.setup.timeout.ms", BOTH },
  { "socket.keepalive.enable", BOTH },
  { "socket.nagle.disable", BOTH },
  { "socket.receive.buffer.bytes", BOTH },
  { "socket.send.buffer.bytes", BOTH },
  { "socket.timeout.ms", BOTH },
  { "ssl.ca.location", BOTH },
  { "ssl.ca.pem", BOTH },
  { "ssl.certificate.location", BOTH },
  { "ssl.certificate.pem", BOTH },
  { "ssl.cipher.suites", BOTH },
  { "ssl.crl.location", BOTH },
  { "ssl.curves.list", BOTH },
  { "ssl.endpoint.identification.algorithm", BOTH },
  { "ssl.key.location", BOTH },
  { "ssl.key.password", BOTH },
  { "ssl.key.pem", BOTH },
  { "ssl.keystore.location", BOTH },
  { "ssl.keystore.password", BOTH },
  { "ssl.sigalgs.list", BOTH },
  { "topic.metadata.refresh.interval.ms", BOTH },
};

enum { N_PROPERTIES = sizeof properties / sizeof properties[0] };

/* Known properties that are not for pipelines, and what to do instead. */
static const struct {
  const char *name, *instead;
} withheld[] = {
  { "bootstrap.servers", "name the brokers under \"brokers\"" },
  { "metadata.broker.list", "name the brokers under \"brokers\"" },
  { "group.id", "name the group under \"group\"" },
  { "auto.offset.reset", "say where to begin under \"start\"" },
  { "enable.auto.commit", "offsets are committed when documents have settled, and never before" },
  { "enable.auto.offset.store", "offsets are committed when documents have settled, and never before" },
  { "auto.commit.interval.ms", "say how often to commit under \"commit_ms\"" },
  { "enable.idempotence", "messages are always published so" },
  { "transactional.id", "there are no transactions here" },
  { "message.timeout.ms", "its other name \"delivery.timeout.ms\" is passed on" },
  { "acks", "every message is confirmed by all replicas that are in sync" },
  { "request.required.acks", "every message is confirmed by all replicas that are in sync" },
  { "compression.codec", "its other name \"compression.type\" is passed on" },
  { "sasl.mechanisms", "its other name \"sasl.mechanism\" is passed on" },
  { "debug", "set QANAT_LOG=debug, and what matters is told" },
  { "plugin.library.paths", "a pipeline file loads no libraries" },
  { "sasl.kerberos.kinit.cmd", "a pipeline file runs no programs; keep the ticket fresh from outside" },
};

/* How many letters must be changed, added or left out; 99 for names longer than any here. */
static unsigned distance(const char *a, const char *b) {
  unsigned row[NAME_MAX_BYTES];
  size_t n = strlen(b);
  if (n >= NAME_MAX_BYTES || strlen(a) >= NAME_MAX_BYTES) {
    return 99;
  }
  for (unsigned i = 0; i <= n; i++) {
    row[i] = i;
  }
  for (unsigned k = 1; *a != '\0'; a++, k++) {
    unsigned diagonal = row[0];
    row[0] = k;
    for (unsigned i = 1; i <= n; i++) {
      unsigned change = diagonal + (*a != b[i - 1]);
      diagonal = row[i];
      unsigned add = (row[i] < row[i - 1] ? row[i] : row[i - 1]) + 1;
      row[i] = change < add ? change : add;
    }
  }
  return row[n];
}

static int refuse_unknown(qn_create *create, const char *name) {
  char text[ERROR_MAX_BYTES];
  for (size_t i = 0; i < sizeof withheld / sizeof withheld[0]; i++) {
    if (strcmp(name, withheld[i].name) == 0) {
      snprintf(text, sizeof text, "\"properties\" has \"%s\", which is not passed on: %s", name, withheld[i].instead);
      return setting_refuse(create, text);
    }
  }
  const char *nearest = NULL;
  unsigned least = 4; /* farther off it is no slip of the pen */
  for (size_t i = 0; i < N_PROPERTIES; i++) {
    unsigned d = distance(name, properties[i].name);
    if (d < least) {
      least = d;
      nearest = properties[i].name;
    }
  }
  snprintf(text, sizeof text, "\"properties\" has \"%.100s\", which is not passed on to librdkafka%s%s%s", name,
           nearest == NULL ? "; docs/brokers.md lists those that are" : "; did you mean \"",
           nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
  return setting_refuse(create, text);
}

static const property *find_property(const char *name) {
  for (size_t i = 0; i < N_PROPERTIES; i++) {
    if (strcmp(name, properties[i].name) == 0) {
      return &properties[i];
    }
  }
  return NULL;
}

int settings_set(qn_create *create, rd_kafka_conf_t *conf, const char *name, const char *value, const char *key) {
  char error[ERROR_MAX_BYTES] = "", text[ERROR_MAX_BYTES * 2];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) == RD_KAFKA_CONF_OK) {
    return 0;
  }
  error[strcspn(error, "\r\n")] = '\0';
  snprintf(text, sizeof text, "%s: %s", key, error[0] != '\0' ? error : "librdkafka refuses the value");
  return setting_refuse(create, text);
}

static int add_property(qn_create *create, rd_kafka_conf_t *conf, settings_role role, qn_str name) {
  char pointer[SETTING_POINTER_MAX], key[NAME_MAX_BYTES * 2], text[ERROR_MAX_BYTES];
  const property *known = find_property(name.data); /* the host's strings end with NUL */
  if (known == NULL) {
    return refuse_unknown(create, name.data);
  }
  if (role == SETTINGS_LETTERS && known->roles != BOTH) {
    return 0;
  }
  if ((known->roles & (role == SETTINGS_CONSUMER ? CONSUMERS : PRODUCERS)) == 0) {
    snprintf(text, sizeof text, "\"properties\" has \"%s\", which is for %s only", known->name,
             role == SETTINGS_CONSUMER ? "sinks" : "sources");
    return setting_refuse(create, text);
  }
  setting_member("/properties", name, pointer);
  qn_str value = qn_config_str(create, pointer);
  while (value.len > 0 && (value.data[value.len - 1] == '\n' || value.data[value.len - 1] == '\r')) {
    value.len--; /* a file with a secret in it mostly ends with a newline */
  }
  char *copy = strndup(value.data == NULL ? "" : value.data, value.len);
  if (copy == NULL) {
    return -ENOMEM;
  }
  snprintf(key, sizeof key, "\"properties\", \"%s\"", known->name);
  int rc = settings_set(create, conf, known->name, copy, key);
  free(copy);
  return rc;
}

static int add_properties(qn_create *create, rd_kafka_conf_t *conf, settings_role role) {
  qn_str name;
  uint32_t i = 0;
  int rc = 0;
  for (; rc == 0 && i <= PROPERTIES_MAX && create->host->config_key(create, "/properties", i, &name) == 0; i++) {
    rc = add_property(create, conf, role, name);
  }
  return rc == 0 && i > PROPERTIES_MAX ? setting_refuse(create, "\"properties\" has too many of them") : rc;
}

/* A broker's address is a host and a port; lists of them are joined by commas. */
static bool is_address(qn_str text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == ',' || text.data[i] == '/') {
      return false;
    }
  }
  return text.len > 0;
}

static int add_brokers(qn_create *create, rd_kafka_conf_t *conf) {
  char pointer[SETTING_POINTER_MAX];
  char *list = NULL;
  size_t len = 0;
  FILE *file = open_memstream(&list, &len);
  uint32_t n = setting_count(create, "/brokers");
  int rc = file == NULL ? -ENOMEM : 0;
  for (uint32_t i = 0; rc == 0 && i < n && i < BROKERS_MAX; i++) {
    snprintf(pointer, sizeof pointer, "/brokers/%u", i);
    qn_str address = qn_config_str(create, pointer);
    if (!is_address(address)) {
      rc = setting_refuse(create, "\"brokers\" holds something that is no address; each looks like \"host:9092\"");
    } else {
      fprintf(file, "%s%.*s", i == 0 ? "" : ",", (int)address.len, address.data);
    }
  }
  if (file != NULL && fclose(file) != 0 && rc == 0) {
    rc = -ENOMEM;
  }
  rc = rc == 0 ? settings_set(create, conf, "bootstrap.servers", list, "\"brokers\"") : rc;
  free(list);
  return rc;
}

/* Where we choose otherwise than the library; properties may choose once more. */
static const struct {
  settings_role role;
  const char *name, *value;
} usual[] = {
  { SETTINGS_CONSUMER, "partition.assignment.strategy",
    "cooperative-sticky" },                                    /* only what changes hands stands still */
  { SETTINGS_CONSUMER, "queued.max.messages.kbytes", "8192" }, /* of each partition */
  { SETTINGS_PRODUCER, "partitioner", "murmur2_random" },      /* as clients in Java do */
  { SETTINGS_LETTERS, "partitioner", "murmur2_random" },
};

static int set_usual(qn_create *create, rd_kafka_conf_t *conf, settings_role role) {
  int rc = settings_set(create, conf, "client.id", "qanat", "client.id");
  for (size_t i = 0; rc == 0 && i < sizeof usual / sizeof usual[0]; i++) {
    if (usual[i].role == role) {
      rc = settings_set(create, conf, usual[i].name, usual[i].value, usual[i].name);
    }
  }
  return rc;
}

int settings_conf_new(qn_create *create, settings_role role, rd_kafka_conf_t **ret_conf) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (conf == NULL) {
    return -ENOMEM;
  }
  int rc = set_usual(create, conf, role);
  rc = rc == 0 ? add_brokers(create, conf) : rc;
  rc = rc == 0 ? add_properties(create, conf, role) : rc;
  if (rc != 0) {
    rd_kafka_conf_destroy(conf);
    return rc;
  }
  *ret_conf = conf;
  return 0;
}
