/* SPDX-License-Identifier: Apache-2.0 */

/* The client of the source: a member of a consumer group behind the interface of broker/broker.h. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "broker/session.h"
#include "exchange/setting.h"
#include "kafka/consumer.h"
#include "kafka/faults.h"
#include "kafka/plugin.h"
#include "kafka/settings.h"

enum {
  TOPICS_MAX = 256,
  RESTART_MS = 300, /* before another try to begin with a partition */
  QUIET_MOST = 128, /* messages delivered without a look at the group's events */
  IDLE_MS = 100,    /* the longest sleep: dead letters and returned messages come due */
  STEADY_MS = 5000, /* a session that failed sooner is not begun again at once */
  LAST_MS = 5000,   /* for dead letters, and for offsets */
  LINE_MAX = 512
};

/* --- small things --- */

uint64_t consumer_now_ms(void) {
  return broker_now_ms();
}

void consumer_nap(uint32_t ms) {
  const struct timespec nap = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
  nanosleep(&nap, NULL);
}

void consumer_log(consumer *self, uint32_t level, const char *format, ...) {
  char line[LINE_MAX];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (len > 0) {
    self->report.host->log(self->report.env, level, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
  }
}

void consumer_fail(consumer *self, const broker_fault *fault) {
  if (!self->has_failed) {
    self->has_failed = true;
    self->failure = *fault;
  }
}

void consumer_settled(consumer *self, broker_tag tag) {
  lane *at = lanes_of(self, tag);
  if (at != NULL && offsets_settle(&at->window, (uint32_t)tag.position) == 0) {
    self->n_unsettled--;
    self->n_uncommitted++;
  }
}

/* --- what the library says --- */

/* The group's offset of a partition could not be read: the library leaves it at that. */
static void on_lane_event(consumer *self, lane *at, const broker_fault *fault) {
  const char *protocol = rd_kafka_rebalance_protocol(self->member);
  if (protocol == NULL || strcmp(protocol, "COOPERATIVE") != 0) {
    consumer_fail(self, fault);
    return;
  }
  consumer_log(self, QN_LOG_INFO, "%s; trying again", fault->text);
  at->restart_ms = consumer_now_ms() + RESTART_MS;
  self->n_restarts++;
}

static void restart_lanes(consumer *self) {
  uint64_t now_ms = consumer_now_ms();
  self->n_restarts = 0;
  for (uint32_t i = 0; i < self->n_lanes; i++) {
    lane *at = self->lanes[i];
    if (at->restart_ms != 0 && at->restart_ms <= now_ms) {
      rebalance_restart(self, at);
    }
    self->n_restarts += at->restart_ms != 0;
  }
}

/* An error on the group's queue, or, against all rules, a message. */
static void on_event(consumer *self, const rd_kafka_message_t *told) {
  broker_fault fault;
  if (told->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    broker_fault_set(&fault, -EPROTO, "message-astray", "a message came by the group's queue; beginning anew");
    consumer_fail(self, &fault);
    return;
  }
  faults_from(&fault, told->err, "read", rd_kafka_message_errstr(told));
  if (told->err == RD_KAFKA_RESP_ERR__FATAL || told->err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
      told->err == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL) {
    consumer_fail(self, &fault);
    return;
  }
  lane *at = told->rkt == NULL ? NULL : lanes_find(self, rd_kafka_topic_name(told->rkt), told->partition);
  if (at != NULL && at->state == LANE_HELD) {
    on_lane_event(self, at, &fault);
  } else {
    consumer_log(self, QN_LOG_WARNING, "%s", fault.text);
  }
}

/* Rebalances, commits and errors; never a document. */
int consumer_serve_events(consumer *self, broker_fault *fault) {
  rd_kafka_message_t *told;
  self->n_quiet = 0;
  while (!self->has_failed && (told = rd_kafka_consumer_poll(self->member, 0)) != NULL) {
    on_event(self, told);
    rd_kafka_message_destroy(told);
  }
  if (self->n_restarts > 0 &&
      !atomic_load(&self->is_changing)) { /* else it would be taken for an answer to the group */
    restart_lanes(self);
  }
  commit_serve(self, 0);
  dead_serve(self->dead);
  if (commit_is_due(self)) {
    commit_begin(self);
  }
  if (self->has_failed) {
    *fault = self->failure;
    return self->failure.code;
  }
  return 0;
}

/* --- life --- */

static int read_topics(qn_create *create, consumer *self) {
  char pointer[SETTING_POINTER_MAX];
  uint32_t n = setting_count(create, "/topics");
  self->topics = rd_kafka_topic_partition_list_new((int)n);
  for (uint32_t i = 0; i < n && i < TOPICS_MAX; i++) {
    snprintf(pointer, sizeof pointer, "/topics/%u", i);
    rd_kafka_topic_partition_list_add(self->topics, qn_config_str(create, pointer).data, RD_KAFKA_PARTITION_UA);
  }
  return setting_copy(create, "/id_header", &self->id_header);
}

static void consumer_close(void *client);

static int read_all(qn_create *create, consumer *self) {
  int rc = read_topics(create, self);
  if (qn_config_str(create, "/dead_letter").len == 0) {
    broker_source_hold(self->source, BROKER_RETURN); /* dead letters are the pipeline's own */
  }
  rc = rc == 0 ? member_configure(create, self) : rc;
  rc = rc == 0 ? dead_open(create, self, &self->dead) : rc;
  qn_str on_failure = qn_config_str(create, "/on_failure");
  if (rc == 0 && self->dead == NULL && on_failure.len == strlen("dead-letter")) {
    return setting_refuse(create,
                          "\"on_failure\" is \"dead-letter\", which needs the name of a topic under \"dead_letter\"");
  }
  return rc;
}

static int consumer_open(qn_create *create, broker_source *source, uint32_t prefetch, void **ret_client) {
  consumer *self = calloc(1, sizeof *self);
  if (self == NULL) {
    setting_refuse(create, "no memory for the source");
    return -ENOMEM;
  }
  self->source = source;
  self->report = (report){ .host = create->host, .env = create->env };
  self->prefetch = prefetch;
  self->window = (uint32_t)qn_config_i64(create, "/window", 4096);
  self->release_ms = (uint32_t)qn_config_i64(create, "/release_ms", 10000);
  self->connect_ms = (uint32_t)qn_config_i64(create, "/connect_ms", 10000);
  self->commit_ms = (uint32_t)qn_config_i64(create, "/commit_ms", 1000);
  self->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  int rc = self->event_fd < 0 ? -errno : read_all(create, self);
  if (rc != 0) {
    if (rc != -EINVAL) {
      setting_refuse(create, rc == -ENOMEM ? "no memory for the source" : "no descriptor for the source");
    }
    consumer_close(self);
    return rc;
  }
  *ret_client = self;
  return 0;
}

static void consumer_disconnect(void *client) {
  consumer *self = client;
  if (self->member == NULL) {
    return;
  }
  self->in_hand = (broker_tag){ 0 };
  for (uint32_t i = 0; i < self->n_lanes; i++) {
    if (self->lanes[i]->state != LANE_AWAY) {
      lanes_close(self, self->lanes[i]);
    }
  }
  delivery_empty_all(self); /* the room still holds some: their sessions are over */
  rd_kafka_queue_destroy(self->commits);
  self->commits = NULL;
  self->commit_runs = false;
  if (member_is_half_joined(self)) {
    consumer_log(self, QN_LOG_WARNING,
                 "a member that was about to join cannot be ended; it is left to the end of the process");
    atomic_store(&self->is_abandoned, true);
  } else {
    rd_kafka_destroy_flags(self->member, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  self->member = NULL;
}

static void consumer_close(void *client) {
  consumer *self = client;
  if (self == NULL) {
    return;
  }
  consumer_disconnect(self);
  dead_close(self->dead);
  lanes_free(self);
  delivery_free_spare(self);
  if (self->conf != NULL) {
    rd_kafka_conf_destroy(self->conf);
  }
  if (self->topics != NULL) {
    rd_kafka_topic_partition_list_destroy(self->topics);
  }
  if (self->event_fd >= 0) {
    close(self->event_fd);
  }
  free(self->id_header);
  if (!atomic_load(&self->is_abandoned)) { /* else a thread of the library still looks at it */
    free(self);
  }
}

/* --- connecting --- */

static int consumer_connect(void *client, broker_fault *fault) {
  consumer *self = client;
  if (self->has_failed && self->connected_ms != 0 && consumer_now_ms() - self->connected_ms < STEADY_MS) {
    self->has_failed = false; /* once more after the room's pause */
    *fault = self->failure;
    return fault->code;
  }
  int rc = member_make(self, fault);
  rc = rc == 0 ? member_join(self, fault) : rc;
  if (rc != 0) {
    consumer_disconnect(self);
    return rc;
  }
  self->is_joined = true;
  self->connected_ms = consumer_now_ms();
  self->committed_ms = self->connected_ms;
  return 0;
}

/* --- reading --- */

static void sleep_until_event(consumer *self, int wait_ms) {
  struct pollfd events = { .fd = self->event_fd, .events = POLLIN };
  uint64_t count;
  if (poll(&events, 1, wait_ms) > 0) {
    ssize_t n = read(self->event_fd, &count, sizeof count);
    (void)n; /* it may have been taken back already */
  }
}

static void wait_for_event(consumer *self, uint64_t wait_ms) {
  bool due_soon = self->returned != NULL || dead_is_busy(self->dead) || self->commit_runs;
  uint64_t most_ms = due_soon ? IDLE_MS / 10 : IDLE_MS;
  atomic_store(&self->is_asleep, true);
  if (!atomic_load(&self->woken)) { /* looked at after is_asleep is set, which wake() looks at after setting this */
    sleep_until_event(self, (int)(wait_ms < most_ms ? wait_ms : most_ms));
  }
  atomic_store(&self->is_asleep, false);
}

static int consumer_fetch(void *client, uint32_t wait_ms, const broker_message **ret_message, broker_fault *fault) {
  consumer *self = client;
  uint64_t until_ms = 0;
  self->in_hand = (broker_tag){ 0 };
  for (;;) {
    int rc = ++self->n_quiet >= QUIET_MOST || until_ms != 0 ? consumer_serve_events(self, fault) : 0;
    delivery *next = NULL;
    if (rc == 0 && self->n_unsettled < self->prefetch) {
      rc = lanes_next(self, &next, fault);
    }
    if (rc < 0) {
      return rc;
    }
    if (next != NULL) {
      self->in_hand = next->message.tag;
      *ret_message = &next->message;
      return 1;
    }
    uint64_t now_ms = consumer_now_ms();
    until_ms = until_ms == 0 ? now_ms + wait_ms : until_ms;
    if (now_ms >= until_ms || atomic_exchange(&self->woken, false)) {
      return consumer_serve_events(self, fault);
    }
    wait_for_event(self, until_ms - now_ms);
  }
}

static delivery *delivery_of(const broker_message *message) {
  return (delivery *)(uintptr_t)message; /* its first member */
}

/* Whether it is the one that was handed over last, which is in hand no more. */
static void note_out_of_hand(consumer *self, const broker_message *message) {
  const broker_tag *tag = &message->tag;
  if (tag->session == self->in_hand.session && tag->lane == self->in_hand.lane &&
      tag->position == self->in_hand.position) {
    self->in_hand = (broker_tag){ 0 };
  }
}

static void consumer_release(void *client, const broker_message *message) {
  note_out_of_hand(client, message);
  delivery_unref(client, delivery_of(message));
}

static void consumer_let_go(void *client, const broker_message *message) {
  note_out_of_hand(client, message);
  delivery_let_go(client, delivery_of(message));
}

static int consumer_serve(void *client, uint32_t wait_ms, broker_fault *fault) {
  consumer *self = client;
  uint64_t until_ms = consumer_now_ms() + wait_ms;
  if (broker_source_is_ending(self->source)) {
    self->in_hand = (broker_tag){ 0 }; /* it was emitted, or given back */
  }
  for (;;) {
    int rc = consumer_serve_events(self, fault);
    uint64_t now_ms = consumer_now_ms();
    if (rc != 0 || now_ms >= until_ms || atomic_exchange(&self->woken, false)) {
      return rc;
    }
    wait_for_event(self, until_ms - now_ms);
  }
}

/* --- settling --- */

static int consumer_settle(void *client, broker_tag tag, broker_verdict verdict, uint32_t delay_ms,
                           const broker_message *message, broker_fault *fault) {
  consumer *self = client;
  delivery *held = delivery_of(message);
  lane *at = lanes_of(self, tag);
  (void)fault;
  if (at == NULL) {
    return 0; /* its partition has gone elsewhere */
  }
  if (verdict == BROKER_RETURN && held != NULL) {
    held->message.attempt++;
    held->due_ms = consumer_now_ms() + delay_ms;
    at->n_parked++;
    delivery_park(&self->returned, delivery_ref(held));
  } else if (verdict == BROKER_RETURN) {
    at->n_parked++; /* it stays where it is in its topic, and comes again in another session */
  } else if (verdict == BROKER_DEAD_LETTER && held != NULL && self->dead != NULL) {
    dead_put(self->dead, delivery_ref(held));
  } else {
    consumer_settled(self, tag);
  }
  return 0;
}

static int consumer_commit(void *client, bool is_last, broker_fault *fault) {
  consumer *self = client;
  if (self->member == NULL || self->is_left) {
    return 0;
  }
  if (!is_last) {
    return commit_is_due(self) ? consumer_serve_events(self, fault) : 0;
  }
  dead_wait(self->dead, LAST_MS);
  commit_wait(self, LAST_MS);
  member_leave(self);
  return 0;
}

static void consumer_wake(void *client) {
  consumer *self = client;
  uint64_t one = 1;
  atomic_store(&self->woken, true);
  if (atomic_load(&self->is_asleep)) {
    ssize_t n = write(self->event_fd, &one, sizeof one);
    (void)n; /* it can only fail by being set already */
  }
}

const broker_consumer kafka_consumer = {
  .name = "kafka",
  .holds_messages = BROKER_RETURN | BROKER_DEAD_LETTER,
  .open = consumer_open,
  .close = consumer_close,
  .connect = consumer_connect,
  .disconnect = consumer_disconnect,
  .fetch = consumer_fetch,
  .release = consumer_release,
  .let_go = consumer_let_go,
  .serve = consumer_serve,
  .settle = consumer_settle,
  .commit = consumer_commit,
  .wake = consumer_wake,
};
