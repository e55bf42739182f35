/* SPDX-License-Identifier: Apache-2.0 */

/* The partitions of a member, and what is read from them next: each in turn, a batch at a time, so that none starves; none whose
 * window is full. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/consumer.h"
#include "kafka/faults.h"

/* --- life --- */

lane *lanes_find(const consumer *self, const char *topic, int32_t partition) {
  for (uint32_t i = 0; i < self->n_lanes; i++) {
    if (self->lanes[i]->partition == partition && strcmp(self->lanes[i]->topic, topic) == 0) {
      return self->lanes[i];
    }
  }
  return NULL;
}

lane *lanes_of(const consumer *self, broker_tag tag) {
  lane *at = tag.lane < self->n_lanes ? self->lanes[tag.lane] : NULL;
  return at != NULL && at->state != LANE_AWAY && at->session == tag.session ? at : NULL;
}

static void lane_free(lane *self) {
  if (self != NULL) {
    offsets_done(&self->window);
    free(self->topic);
    free(self->name);
    free(self);
  }
}

static lane *lane_new(const char *topic, int32_t partition, uint32_t window) {
  lane *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return NULL;
  }
  made->partition = partition;
  made->topic = strdup(topic);
  if (made->topic == NULL || asprintf(&made->name, "%s/%d", topic, (int)partition) < 0 ||
      offsets_init(&made->window, window) != 0) {
    lane_free(made);
    return NULL;
  }
  return made;
}

/* A new one; lanes are never removed, so that an index names one for good. */
static int add_lane(consumer *self, const char *topic, int32_t partition, lane **ret_lane) {
  if (self->n_lanes == LANES_MAX) {
    return -ENOSPC;
  }
  if ((self->n_lanes & (self->n_lanes + 1)) == 0) {
    lane **larger = realloc(self->lanes, (self->n_lanes * 2 + 2) * sizeof(lane *));
    if (larger == NULL) {
      return -ENOMEM;
    }
    self->lanes = larger;
  }
  lane *made = lane_new(topic, partition, self->window);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->index = self->n_lanes;
  self->lanes[self->n_lanes++] = made;
  *ret_lane = made;
  return 0;
}

int lanes_open(consumer *self, const char *topic, int32_t partition) {
  static const uint64_t one = 1;
  lane *at = lanes_find(self, topic, partition);
  int rc = at == NULL ? add_lane(self, topic, partition, &at) : 0;
  if (rc != 0) {
    return rc;
  }
  if (at->state != LANE_AWAY) {
    lanes_close(self, at); /* assigned twice in a row: what came before counts for nothing */
  }
  at->queue = rd_kafka_queue_get_partition(self->member, topic, partition);
  if (at->queue == NULL) {
    return -ENOMEM;
  }
  rd_kafka_queue_forward(at->queue, NULL);
  rd_kafka_queue_io_event_enable(at->queue, self->event_fd, &one, sizeof one);
  offsets_clear(&at->window);
  at->session = ++self->n_session == 0 ? ++self->n_session : self->n_session; /* 0 is nobody's */
  at->sent = -1;
  at->n_parked = 0;
  at->restart_ms = 0;
  at->state = LANE_HELD;
  return 0;
}

/* Lets go of messages of the lane that wait to be delivered again. */
static void forget_returned(consumer *self, const lane *at) {
  for (delivery **link = &self->returned; *link != NULL;) {
    delivery *held = *link;
    if (held->message.tag.lane == at->index) {
      *link = held->next;
      delivery_unref(self, held);
    } else {
      link = &held->next;
    }
  }
}

void lanes_close(consumer *self, lane *at) {
  at->state = LANE_AWAY;
  forget_returned(self, at);
  dead_forget(self->dead, at->index);
  for (; at->at < at->n_batch; at->at++) {
    rd_kafka_message_destroy(at->batch[at->at]);
  }
  at->at = at->n_batch = 0;
  at->sent = -1;
  at->restart_ms = 0;
  if (at->queue != NULL) {
    rd_kafka_queue_io_event_enable(at->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(at->queue);
    at->queue = NULL;
  }
  self->n_unsettled -= at->window.n_unsettled;
  offsets_clear(&at->window);
}

void lanes_free(consumer *self) {
  for (uint32_t i = 0; i < self->n_lanes; i++) {
    lane_free(self->lanes[i]);
  }
  free(self->lanes);
  self->lanes = NULL;
  self->n_lanes = 0;
}

uint32_t lanes_in_flight(const consumer *self, const lane *at) {
  bool in_hand = self->in_hand.session == at->session && self->in_hand.lane == at->index;
  uint32_t away = at->n_parked + in_hand;
  return at->window.n_unsettled > away ? at->window.n_unsettled - away : 0;
}

/* --- reading --- */

/* The library gives errors of a partition in place of a message. */
static int tell_error(consumer *self, const lane *at, const rd_kafka_message_t *told, broker_fault *fault) {
  broker_fault known;
  char what[300];
  snprintf(what, sizeof what, "read \"%.200s\"", at->name);
  faults_from(&known, told->err, what, rd_kafka_message_errstr(told));
  if (known.is_permanent) {
    *fault = known;
    return known.code;
  }
  if (told->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    consumer_log(self, QN_LOG_WARNING, "%s", known.text);
  }
  return 0;
}

static int fill(lane *at) {
  if (at->at == at->n_batch) {
    ssize_t n = rd_kafka_consume_batch_queue(at->queue, 0, at->batch, LANE_BATCH);
    at->at = 0;
    at->n_batch = n > 0 ? (uint32_t)n : 0;
  }
  return at->n_batch > at->at;
}

/* Takes one message of the lane. 1, 0 (an error that was told, or one delivered before), negative errno with fault. */
static int take(consumer *self, lane *at, delivery **ret_delivery, broker_fault *fault) {
  rd_kafka_message_t *kafka = at->batch[at->at];
  uint32_t sequence;
  if (kafka->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    int rc = tell_error(self, at, kafka, fault);
    at->at++;
    rd_kafka_message_destroy(kafka);
    return rc;
  }
  if (offsets_take(&at->window, kafka->offset, &sequence) !=
      0) { /* the library has gone back: it was delivered before, and is known */
    at->at++;
    rd_kafka_message_destroy(kafka);
    return 0;
  }
  self->n_unsettled++; /* as the window's own count, which is taken off again when the lane is closed */
  delivery *made = delivery_new(self, at, kafka, sequence);
  if (made == NULL) {
    return broker_fault_set(fault, -ENOMEM, "no-memory", "no memory for a message of \"%s\"", at->name);
  }
  at->at++;
  *ret_delivery = made;
  return 1;
}

/* A message that was returned and whose time has come. */
static delivery *take_returned(consumer *self) {
  delivery *first = self->returned;
  if (first == NULL || first->due_ms > consumer_now_ms()) {
    return NULL;
  }
  self->returned = first->next;
  first->next = NULL;
  lanes_of(self, first->message.tag)->n_parked--; /* it would not be in the list if its lane were gone */
  return first;
}

int lanes_next(consumer *self, delivery **ret_delivery, broker_fault *fault) {
  delivery *again = take_returned(self);
  if (again != NULL) {
    *ret_delivery = again;
    return 1;
  }
  for (uint32_t n = 0; n < self->n_lanes; n++) {
    lane *at = self->lanes[self->next_lane];
    while (at->state == LANE_HELD && !offsets_full(&at->window) && fill(at)) {
      int rc = take(self, at, ret_delivery, fault);
      if (at->at == at->n_batch) {
        self->next_lane = (self->next_lane + 1) % self->n_lanes;
      }
      if (rc != 0) {
        return rc;
      }
      if (self->lanes[self->next_lane] != at) {
        break;
      }
    }
    if (self->lanes[self->next_lane] == at) {
      self->next_lane = (self->next_lane + 1) % self->n_lanes;
    }
  }
  return 0;
}
