/* SPDX-License-Identifier: Apache-2.0 */

/* A member's way into its group and out of it: its settings, what the library says of it, waiting for the cluster, and good-bye. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exchange/setting.h"
#include "kafka/consumer.h"
#include "kafka/settings.h"

enum {
  SLICE_MS = 250, /* of waiting for the cluster, so that a stop is seen */
  LEAVE_MS = 1500 /* for good-bye, which waits in line behind a request to join */
};

/* --- what the library says --- */

/* Members that ask to join anew are told of nowhere but in the log of the library: "... changed join state steady -> init
 * (state up)". An offset sent behind that request arrives with a generation that is over, for which the library takes all
 * partitions as lost: documents come twice. So nothing is committed until the state is another. Were the words to change, commits would
 * go on as if nobody had looked. [threads of the library] */
static void note_state(consumer *self, const char *text) {
  static const char *const joining[] = { "init ", "wait-join ", "wait-metadata ", "wait-sync " };
  const char *state = strstr(text, " -> ");
  bool is_joining = false;
  for (size_t i = 0; state != NULL && i < sizeof joining / sizeof joining[0]; i++) {
    is_joining = is_joining || strncmp(state + 4, joining[i], strlen(joining[i])) == 0;
  }
  if (state != NULL && (strncmp(state + 4, "wait-sync ", 10) == 0 || strncmp(state + 4, "wait-metadata ", 14) == 0)) {
    atomic_store(&self->was_admitted, true);
  }
  atomic_store(&self->is_joining, is_joining);
  atomic_store(&self->is_changing, state != NULL && strncmp(state + 4, "steady ", strlen("steady ")) != 0);
}

/* [threads of the library] */
static void on_log(const rd_kafka_t *member, int level, const char *facility, const char *text) {
  consumer *self = rd_kafka_opaque(member);
  if (atomic_load(&self->is_abandoned)) {
    return;
  }
  if (level >= 7) {
    if (strcmp(facility, "CGRPJOINSTATE") == 0) {
      note_state(self, text);
      consumer_log(self, QN_LOG_DEBUG, "librdkafka: %.400s", text);
    }
    return;
  }
  report_line(&self->report, level, facility, text);
}

static void on_error(rd_kafka_t *member, int code, const char *reason, void *arg) {
  consumer *self = arg;
  (void)member;
  report_error(&self->report, code, reason, self->is_joined, consumer_now_ms());
}

/* --- life --- */

/* What the plugin's promises rest on. */
int member_configure(qn_create *create, consumer *self) {
  static const struct {
    const char *name, *value;
  } own[] = {
    { "enable.auto.commit", "false" },
    { "enable.auto.offset.store", "false" },
    { "log_level", "7" },
    { "debug", "cgrp" },
    { "log.connection.close", "false" },
  };
  int rc = settings_conf_new(create, SETTINGS_CONSUMER, &self->conf);
  for (size_t i = 0; rc == 0 && i < sizeof own / sizeof own[0]; i++) {
    rc = settings_set(create, self->conf, own[i].name, own[i].value, own[i].name);
  }
  rc = rc == 0 ? settings_set(create, self->conf, "group.id", qn_config_str(create, "/group").data, "\"group\"") : rc;
  rc = rc == 0
           ? settings_set(create, self->conf, "auto.offset.reset", qn_config_str(create, "/start").data, "\"start\"")
           : rc;
  if (rc == 0) {
    rd_kafka_conf_set_opaque(self->conf, self);
    rd_kafka_conf_set_log_cb(self->conf, on_log);
    rd_kafka_conf_set_error_cb(self->conf, on_error);
    rd_kafka_conf_set_rebalance_cb(self->conf, rebalance_on_change);
  }
  return rc;
}

int member_make(consumer *self, broker_fault *fault) {
  static const uint64_t one = 1;
  char text[300] = "";
  rd_kafka_conf_t *conf = rd_kafka_conf_dup(self->conf);
  self->member = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (self->member == NULL) {
    rd_kafka_conf_destroy(conf);
    return broker_fault_final(fault, -EINVAL, "settings-refused", "librdkafka refuses the settings: %s", text);
  }
  rd_kafka_poll_set_consumer(self->member);
  self->commits = rd_kafka_queue_new(self->member);
  rd_kafka_queue_t *events = rd_kafka_queue_get_consumer(self->member);
  rd_kafka_queue_io_event_enable(events, self->event_fd, &one, sizeof one);
  rd_kafka_queue_destroy(events);
  self->has_failed = false;
  self->is_left = false;
  self->was_assigned = false;
  atomic_store(&self->was_admitted, false);
  atomic_store(&self->is_joining, false);
  atomic_store(&self->is_changing, false);
  self->is_joined = false; /* until then connect() tells what goes wrong */
  self->report.last = (broker_fault){ 0 };
  return 0;
}

/* Waits until some broker has answered. */
static int wait_for_cluster(consumer *self, broker_fault *fault) {
  const struct rd_kafka_metadata *metadata;
  uint64_t until_ms = consumer_now_ms() + self->connect_ms;
  rd_kafka_resp_err_t error;
  do {
    error = rd_kafka_metadata(self->member, 0, NULL, &metadata, SLICE_MS);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      return 0;
    }
    int rc = consumer_serve_events(self, fault);
    if (rc != 0 || self->report.last.is_permanent) {
      *fault = rc != 0 ? *fault : self->report.last;
      return fault->code;
    }
  } while (consumer_now_ms() < until_ms && !broker_source_is_ending(self->source));
  return self->report.last.code != 0 ? (*fault = self->report.last, fault->code)
                                     : faults_from(fault, error, "connect", NULL);
}

/* Rights and names are looked at once at the beginning, when whoever has set them is still there. */
static int look_at_topic(consumer *self, const char *name, broker_fault *fault) {
  const struct rd_kafka_metadata *metadata;
  rd_kafka_topic_t *topic = name[0] == '^' ? NULL : rd_kafka_topic_new(self->member, name, NULL);
  if (topic == NULL) {
    return 0; /* a pattern */
  }
  char what[300];
  int rc = 0;
  rd_kafka_resp_err_t error = rd_kafka_metadata(self->member, 0, topic, &metadata, (int)self->connect_ms);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    error = metadata->topic_cnt > 0 ? metadata->topics[0].err : error;
    rd_kafka_metadata_destroy(metadata);
  }
  snprintf(what, sizeof what, "read topic \"%.200s\"", name);
  if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION) {
    rc = faults_from(fault, error, what, NULL);
  } else if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    consumer_log(self, QN_LOG_WARNING, "%s: there is none yet; waiting for somebody to create it", what);
  }
  rd_kafka_topic_destroy(topic);
  return rc;
}

int member_join(consumer *self, broker_fault *fault) {
  int rc = wait_for_cluster(self, fault);
  for (int i = 0; rc == 0 && self->connected_ms == 0 && i < self->topics->cnt; i++) {
    rc = look_at_topic(self, self->topics->elems[i].topic, fault);
  }
  rd_kafka_resp_err_t error = rc == 0 ? rd_kafka_subscribe(self->member, self->topics) : RD_KAFKA_RESP_ERR_NO_ERROR;
  return error != RD_KAFKA_RESP_ERR_NO_ERROR ? faults_from(fault, error, "subscribe to \"topics\"", NULL) : rc;
}

/* --- leaving --- */

/* A member that was admitted and never heard which partitions are its own cannot be ended: the library (2.0) stops the whole
 * process over a state of its sticky assignor that is not there yet. */
bool member_is_half_joined(const consumer *self) {
  return atomic_load(&self->was_admitted) && !self->was_assigned;
}

static void wait_for_assignment(consumer *self) {
  uint64_t until_ms = consumer_now_ms() + LEAVE_MS;
  while (member_is_half_joined(self) && consumer_now_ms() < until_ms) {
    rd_kafka_message_t *told = rd_kafka_consumer_poll(self->member, SLICE_MS / 5);
    if (told != NULL) {
      rd_kafka_message_destroy(told);
    }
  }
}

/* Says good-bye to the group, so that its partitions go to others now and not after the session's time-out. */
void member_leave(consumer *self) {
  wait_for_assignment(self);
  if (member_is_half_joined(self)) {
    return;
  }
  rd_kafka_queue_t *queue = rd_kafka_queue_new(self->member);
  uint64_t until_ms = consumer_now_ms() + LEAVE_MS;
  self->is_left = true; /* nothing is in flight any more, or will not be waited for */
  rd_kafka_error_t *error = rd_kafka_consumer_close_queue(self->member, queue);
  while (error == NULL && rd_kafka_consumer_closed(self->member) == 0 && consumer_now_ms() < until_ms) {
    rd_kafka_queue_poll_callback(queue, SLICE_MS);
  }
  if (error != NULL) {
    rd_kafka_error_destroy(error);
  }
  rd_kafka_queue_destroy(queue);
}
