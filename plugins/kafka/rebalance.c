/* SPDX-License-Identifier: Apache-2.0 */

/* Partitions that come and go. One that is taken away is let go in order: no more is read from it, what is in flight settles or the
 * wait for it ends, what has settled without a gap is committed, and then the next owner begins there. One that is lost has
 * an owner already: nothing of it is committed any more, since that would move the other's place. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kafka/consumer.h"
#include "kafka/faults.h"

typedef rd_kafka_topic_partition_list_t partition_list;

static bool is_cooperative(rd_kafka_t *member) {
  const char *protocol = rd_kafka_rebalance_protocol(member);
  return protocol != NULL && strcmp(protocol, "COOPERATIVE") == 0;
}

/* Calls of the library fail here only if it was closed meanwhile or is out of order for good. */
static void tell_error(consumer *self, rd_kafka_error_t *error, const char *what) {
  broker_fault fault;
  if (error != NULL) {
    faults_from(&fault, rd_kafka_error_code(error), what, rd_kafka_error_string(error));
    consumer_fail(self, &fault);
    rd_kafka_error_destroy(error);
  }
}

static void tell_code(consumer *self, rd_kafka_resp_err_t error, const char *what) {
  broker_fault fault;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    faults_from(&fault, error, what, NULL);
    consumer_fail(self, &fault);
  }
}

static void assign(consumer *self, partition_list *partitions) {
  broker_fault fault;
  for (int i = 0; i < partitions->cnt; i++) {
    const rd_kafka_topic_partition_t *given = &partitions->elems[i];
    int rc = lanes_open(self, given->topic, given->partition);
    if (rc != 0) {
      broker_fault_final(&fault, rc, rc == -ENOSPC ? "too-many-partitions" : "no-memory",
                         rc == -ENOSPC ? "the group gave this worker more than %d partitions; let more workers join"
                                       : "no memory for the partitions that the group gave this worker (%d at most)",
                         (int)LANES_MAX);
      consumer_fail(self, &fault);
    }
  }
  if (is_cooperative(self->member)) {
    tell_error(self, rd_kafka_incremental_assign(self->member, partitions), "take on partitions");
  } else {
    tell_code(self, rd_kafka_assign(self->member, partitions), "take on partitions");
  }
}

/* What of the lanes that are being let go may still settle. */
static uint32_t in_flight(const consumer *self) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->n_lanes; i++) {
    n += self->lanes[i]->state == LANE_RELEASING ? lanes_in_flight(self, self->lanes[i]) : 0;
  }
  return n;
}

/* Waits for documents in flight, so that the next owner need not do them again. Others go on as well meanwhile. */
static void release(consumer *self) {
  enum { LOOK_MS = 50, COMMIT_MS = 2000 };
  uint64_t until_ms = consumer_now_ms() + self->release_ms;
  uint32_t n_left;
  while ((n_left = in_flight(self)) > 0 && consumer_now_ms() < until_ms) {
    broker_source_settle_some(self->source, LOOK_MS);
    dead_serve(self->dead);
  }
  if (n_left > 0) {
    consumer_log(self, QN_LOG_WARNING,
                 "partitions were taken away, and %u of their documents had not settled within %u ms (release_ms): the "
                 "next owner does them again",
                 n_left, self->release_ms);
  }
  commit_wait(self, COMMIT_MS);
}

static void revoke(consumer *self, partition_list *partitions) {
  bool is_lost = rd_kafka_assignment_lost(self->member) != 0;
  for (int i = 0; i < partitions->cnt; i++) {
    lane *at = lanes_find(self, partitions->elems[i].topic, partitions->elems[i].partition);
    if (at != NULL && at->state != LANE_AWAY) {
      at->state = LANE_RELEASING;
    }
  }
  if (is_lost) {
    consumer_log(self, QN_LOG_WARNING,
                 "the group has given %d partitions to others, since this worker was not heard of in time: what was in "
                 "flight is done again there",
                 partitions->cnt);
  } else if (!self->is_left) {
    release(self);
  }
  for (uint32_t i = 0; i < self->n_lanes; i++) {
    if (self->lanes[i]->state == LANE_RELEASING) {
      lanes_close(self, self->lanes[i]);
    }
  }
  if (is_cooperative(self->member)) {
    tell_error(self, rd_kafka_incremental_unassign(self->member, partitions), "let partitions go");
  } else {
    tell_code(self, rd_kafka_assign(self->member, NULL), "let partitions go");
  }
}

void rebalance_restart(consumer *self, lane *at) {
  partition_list *one = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(one, at->topic, at->partition);
  rd_kafka_error_t *error = rd_kafka_incremental_unassign(self->member, one);
  lanes_close(self, at);
  if (error == NULL) {
    assign(self, one);
  } else {
    rd_kafka_error_destroy(error); /* it is being taken away anyhow */
  }
  rd_kafka_topic_partition_list_destroy(one);
}

void rebalance_on_change(rd_kafka_t *member, rd_kafka_resp_err_t error, partition_list *partitions, void *arg) {
  consumer *self = arg;
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self->was_assigned = true;
    assign(self, partitions);
  } else if (error == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    revoke(self, partitions);
  } else {
    tell_code(self, error, "join the group");
    rd_kafka_assign(member, NULL);
  }
}
