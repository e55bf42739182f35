/* SPDX-License-Identifier: Apache-2.0 */

/* The client of the sink: an idempotent producer behind the interface of broker/broker.h. The library sends again what gets lost on
 * its way, in order and without copies, as long as one producer lives; a message counts as published when all replicas in
 * sync have it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/session.h"
#include "exchange/setting.h"
#include "kafka/faults.h"
#include "kafka/plugin.h"
#include "kafka/publish.h"
#include "kafka/report.h"
#include "kafka/settings.h"

enum { SLICE_MS = 250, PURGE_MS = 1000, FLUSH_MS = 1, PATIENT_MS = 1, VALUE_MAX = 40, NAME_MAX_BYTES = 128 };

typedef struct producer {
  broker_sink *sink;
  report report;
  rd_kafka_conf_t *conf;    /* clients are made of copies */
  rd_kafka_t *client;       /* NULL: not connected */
  rd_kafka_topic_t *handle; /* of the topic, as long as there is a client */
  char *topic, *id_header;
  uint32_t n_reports; /* that came in the poll under way */
  uint32_t connect_ms;
  bool is_connected; /* connect() has succeeded; until then it tells what goes wrong */
  bool is_leaving;   /* reports are of messages that the room has taken back */
} producer;

/* --- what the library says --- */

/* [threads of the library] */
static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text) {
  const producer *self = rd_kafka_opaque(client);
  report_line(&self->report, level, facility, text);
}

static void on_error(rd_kafka_t *client, int code, const char *reason, void *arg) {
  producer *self = arg;
  (void)client;
  report_error(&self->report, code, reason, self->is_connected, broker_now_ms());
}

static int publish_fault(const producer *self, rd_kafka_resp_err_t error, broker_fault *fault) {
  char what[300];
  snprintf(what, sizeof what, "publish to topic \"%.200s\"", self->topic);
  return faults_from(fault, error, what, NULL);
}

static void on_report(rd_kafka_t *client, const rd_kafka_message_t *report, void *arg) {
  producer *self = arg;
  broker_fault fault;
  uint64_t token = (uint64_t)(uintptr_t)report->_private;
  (void)client;
  if (self->is_leaving) {
    return;
  }
  self->n_reports++;
  if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    broker_sink_confirmed(self->sink, token, NULL);
  } else {
    publish_fault(self, report->err, &fault);
    broker_sink_confirmed(self->sink, token, &fault);
  }
}

/* --- life --- */

static void producer_close(void *client);

static int make_conf(qn_create *create, producer *self) {
  static const struct {
    const char *name, *value;
  } own[] = {
    { "enable.idempotence", "true" },
    { "log_level", "5" },
    { "log.connection.close", "false" },
  };
  int rc = settings_conf_new(create, SETTINGS_PRODUCER, &self->conf);
  for (size_t i = 0; rc == 0 && i < sizeof own / sizeof own[0]; i++) {
    rc = settings_set(create, self->conf, own[i].name, own[i].value, own[i].name);
  }
  if (rc == 0) {
    rd_kafka_conf_set_opaque(self->conf, self);
    rd_kafka_conf_set_log_cb(self->conf, on_log);
    rd_kafka_conf_set_error_cb(self->conf, on_error);
    rd_kafka_conf_set_dr_msg_cb(self->conf, on_report);
  }
  return rc;
}

static int producer_open(qn_create *create, broker_sink *sink, uint32_t window, void **ret_client) {
  producer *self = calloc(1, sizeof *self);
  (void)window; /* the library's queue is far longer */
  if (self == NULL) {
    setting_refuse(create, "no memory for the sink");
    return -ENOMEM;
  }
  self->sink = sink;
  self->report = (report){ .host = create->host, .env = create->env };
  self->connect_ms = (uint32_t)qn_config_i64(create, "/connect_ms", 10000);
  int rc = setting_copy(create, "/topic", &self->topic);
  rc = rc == 0 ? setting_copy(create, "/id_header", &self->id_header) : rc;
  rc = rc == 0 ? make_conf(create, self) : rc;
  if (rc != 0) {
    if (rc == -ENOMEM) {
      setting_refuse(create, "no memory for the sink");
    }
    producer_close(self);
    return rc;
  }
  *ret_client = self;
  return 0;
}

static void producer_disconnect(void *client) {
  producer *self = client;
  if (self->client == NULL) {
    return;
  }
  self->is_connected = false;
  self->is_leaving = true;
  rd_kafka_purge(self->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(self->client, PURGE_MS);
  if (self->handle != NULL) {
    rd_kafka_topic_destroy(self->handle);
    self->handle = NULL;
  }
  rd_kafka_destroy(self->client);
  self->client = NULL;
  self->is_leaving = false;
}

static void producer_close(void *client) {
  producer *self = client;
  if (self == NULL) {
    return;
  }
  producer_disconnect(self);
  if (self->conf != NULL) {
    rd_kafka_conf_destroy(self->conf);
  }
  free(self->topic);
  free(self->id_header);
  free(self);
}

/* --- connecting --- */

/* What the cluster says of the topic, which asking may create. */
static rd_kafka_resp_err_t ask_for_topic(producer *self, rd_kafka_topic_t *topic) {
  const struct rd_kafka_metadata *metadata;
  rd_kafka_resp_err_t error = rd_kafka_metadata(self->client, 0, topic, &metadata, SLICE_MS);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    error = metadata->topic_cnt > 0 ? metadata->topics[0].err : error;
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_poll(self->client, 0); /* troubles with connections */
  return error;
}

static int find_topic(producer *self, broker_fault *fault) {
  self->handle = rd_kafka_topic_new(self->client, self->topic, NULL);
  rd_kafka_resp_err_t error = self->handle == NULL ? rd_kafka_last_error() : RD_KAFKA_RESP_ERR__WAIT_COORD;
  for (uint32_t waited_ms = 0; self->handle != NULL && waited_ms < self->connect_ms; waited_ms += SLICE_MS) {
    error = ask_for_topic(self, self->handle);
    bool is_wait = error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || self->report.last.is_permanent || (faults_is_final(error) && !is_wait)) {
      break;
    }
    if (is_wait) {
      rd_kafka_poll(self->client, SLICE_MS);
    }
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return 0;
  }
  bool is_no_answer = error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (is_no_answer && self->report.last.code != 0) {
    *fault = self->report.last;
    return fault->code;
  }
  return publish_fault(self, error, fault);
}

static int producer_connect(void *client, broker_fault *fault) {
  producer *self = client;
  char text[300] = "";
  rd_kafka_conf_t *conf = rd_kafka_conf_dup(self->conf);
  self->report.last = (broker_fault){ 0 };
  self->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  if (self->client == NULL) {
    rd_kafka_conf_destroy(conf);
    return broker_fault_final(fault, -EINVAL, "settings-refused", "librdkafka refuses the settings: %s", text);
  }
  int rc = find_topic(self, fault);
  if (rc != 0) {
    producer_disconnect(self);
  }
  self->is_connected = rc == 0;
  return rc;
}

/* --- publishing --- */

/* A header's value as text: Kafka's are bytes without a type. */
static qn_str value_text(const qn_value *value, char *buffer) {
  switch (value->type) {
  case QN_VALUE_STR:
    return value->as.str;
  case QN_VALUE_BOOL:
    return value->as.i64 != 0 ? QN_LIT("true") : QN_LIT("false");
  case QN_VALUE_I64:
    return (qn_str){ buffer, (size_t)snprintf(buffer, VALUE_MAX, "%" PRId64, value->as.i64) };
  default:
    return (qn_str){ buffer, (size_t)snprintf(buffer, VALUE_MAX, "%.17g", value->as.f64) };
  }
}

static void add_header(rd_kafka_headers_t *headers, qn_str name, qn_str value) {
  if (name.len > 0 && value.len > 0) {
    rd_kafka_header_add(headers, name.data, (ssize_t)name.len, value.data, (ssize_t)value.len);
  }
}

static rd_kafka_headers_t *headers_of(const producer *self, const broker_message *message) {
  rd_kafka_headers_t *headers = rd_kafka_headers_new(message->n_headers + 2);
  char buffer[VALUE_MAX];
  add_header(headers, (qn_str){ self->id_header, strlen(self->id_header) }, message->id);
  add_header(headers, QN_LIT("content-type"), message->content_type);
  for (uint32_t i = 0; i < message->n_headers; i++) {
    const broker_header *header = &message->headers[i];
    add_header(headers, header->name, value_text(&header->value, buffer));
  }
  return headers;
}

static int told(const producer *self, rd_kafka_resp_err_t error, broker_fault *fault) {
  char text[300];
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    return -EAGAIN;
  }
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    publish_fault(self, error, fault);
    return -EMSGSIZE;
  }
  if (rd_kafka_fatal_error(self->client, text, sizeof text) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return broker_fault_set(fault, -ENOTCONN, "producer-broken", "the producer has to begin anew: %s", text);
  }
  publish_fault(self, error, fault);
  fault->is_permanent = false; /* of the topic, not of this message: connect says so if it stays */
  return -ENOTCONN;
}

static int producer_publish(void *client, const broker_message *message, uint64_t token, broker_fault *fault) {
  producer *self = client;
  const publish_message sent = {
    .topic = self->handle,
    .key = message->key.len > 0 ? message->key : (qn_str){ NULL, 0 },
    .body = message->body,
    .is_lent = true, /* the room sees to it that it holds still until it is confirmed, and longer than this client */
    .timestamp_ms = message->timestamp_ms,
    .headers = headers_of(self, message),
    .opaque = (void *)(uintptr_t)token,
  };
  rd_kafka_resp_err_t error = publish_send(self->client, &sent);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : told(self, error, fault);
}

static int producer_serve(void *client, uint32_t wait_ms, broker_fault *fault) {
  producer *self = client;
  char text[300];
  self->n_reports = 0;
  if (wait_ms > PATIENT_MS) {
    /* Nothing was heard for a while, so nothing is to be kept back for company (linger.ms): a flush sends what there is. */
    rd_kafka_flush(self->client, FLUSH_MS);
    wait_ms -= FLUSH_MS;
  }
  if (self->n_reports == 0 && (wait_ms == 0 || rd_kafka_outq_len(self->client) > 0)) {
    rd_kafka_poll(self->client, (int)wait_ms);
  }
  if (rd_kafka_fatal_error(self->client, text, sizeof text) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return broker_fault_set(fault, -ENOTCONN, "producer-broken", "the producer has to begin anew: %s", text);
  }
  return 0;
}

const broker_producer kafka_producer = {
  .name = "kafka",
  .open = producer_open,
  .close = producer_close,
  .connect = producer_connect,
  .disconnect = producer_disconnect,
  .publish = producer_publish,
  .serve = producer_serve,
};
