/* SPDX-License-Identifier: Apache-2.0 */

/* Telling the group how far it is: now and then while things run, and at once when partitions are let go. One commit is under way at
 * a time; what fails is due again. */
#include <stdio.h>

#include "kafka/consumer.h"
#include "kafka/faults.h"

/* What a worker that is killed has done without saying so is done again: at most so many documents, or those of so short a time. */
enum { DOCUMENTS_MOST = 1000, LEAST_MS = 10 };

static rd_kafka_topic_partition_list_t *collect(consumer *self) {
  rd_kafka_topic_partition_list_t *list = NULL;
  for (uint32_t i = 0; i < self->n_lanes; i++) {
    lane *at = self->lanes[i];
    int64_t offset;
    if (at->state == LANE_AWAY || !offsets_due(&at->window, &offset)) {
      continue;
    }
    list = list == NULL ? rd_kafka_topic_partition_list_new((int)self->n_lanes) : list;
    rd_kafka_topic_partition_list_add(list, at->topic, at->partition)->offset = offset;
    at->sent = offset;
  }
  return list;
}

/* The group has moved on without this member: trying again in this session is in vain. */
static bool is_in_vain(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
}

static void tell_failure(consumer *self, rd_kafka_resp_err_t error) {
  broker_fault fault;
  faults_from(&fault, error, "commit offsets", NULL);
  bool is_usual = is_in_vain(error) || error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS; /* while a group changes */
  if (!self->commit_fails && !is_usual) {
    consumer_log(self, QN_LOG_WARNING, "%s; trying again, nothing is lost meanwhile", fault.text);
  }
  self->commit_fails = true;
  self->commit_in_vain = is_in_vain(error);
}

static void on_done(rd_kafka_t *member, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t *offsets,
                    void *arg) {
  consumer *self = arg;
  (void)member;
  self->commit_runs = false;
  for (int i = 0; offsets != NULL && i < offsets->cnt; i++) {
    const rd_kafka_topic_partition_t *told = &offsets->elems[i];
    lane *at = lanes_find(self, told->topic, told->partition);
    /* One that was let go meanwhile, and perhaps came back, stands elsewhere: then sent is not what was told. */
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && told->err == RD_KAFKA_RESP_ERR_NO_ERROR && at != NULL &&
        at->sent == told->offset) {
      offsets_committed(&at->window, told->offset);
    } else if (error == RD_KAFKA_RESP_ERR_NO_ERROR && told->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      error = told->err;
    }
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    self->commit_fails = false;
    self->commit_in_vain = false;
  } else if (error != RD_KAFKA_RESP_ERR__NO_OFFSET) {
    tell_failure(self, error);
  }
}

bool commit_is_due(const consumer *self) {
  uint64_t since_ms = consumer_now_ms() - self->committed_ms;
  return since_ms >= self->commit_ms ||
         (self->n_uncommitted >= DOCUMENTS_MOST && since_ms >= LEAST_MS && !self->commit_runs);
}

void commit_begin(consumer *self) {
  self->committed_ms = consumer_now_ms();
  self->n_uncommitted = 0;
  rd_kafka_topic_partition_list_t *list = self->commit_runs || atomic_load(&self->is_joining) ? NULL : collect(self);
  if (list == NULL) {
    return;
  }
  /* The library copies the list; its word comes back through the group's queue. */
  self->commit_runs =
      rd_kafka_commit_queue(self->member, list, self->commits, on_done, self) == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_topic_partition_list_destroy(list);
}

void commit_serve(consumer *self, uint32_t wait_ms) {
  if (self->commits != NULL && self->commit_runs) {
    rd_kafka_queue_poll_callback(self->commits, (int)wait_ms);
  }
}

static bool is_due(const consumer *self) {
  int64_t offset;
  for (uint32_t i = 0; i < self->n_lanes; i++) {
    if (self->lanes[i]->state != LANE_AWAY && offsets_due(&self->lanes[i]->window, &offset)) {
      return true;
    }
  }
  return false;
}

void commit_wait(consumer *self, uint32_t wait_ms) {
  enum { LOOK_MS = 50 };
  uint64_t until_ms = consumer_now_ms() + wait_ms;
  self->commit_in_vain = false;
  while (self->commit_runs || is_due(self)) {
    uint64_t now_ms = consumer_now_ms();
    if (now_ms >= until_ms || (self->commit_in_vain && !self->commit_runs)) {
      consumer_log(self, QN_LOG_WARNING,
                   "the group did not take the last offsets: documents that settled since come again");
      return;
    }
    if (!self->commit_runs && now_ms - self->committed_ms >= (self->commit_fails ? LOOK_MS : 0)) {
      commit_begin(self);
    }
    if (self->commit_runs) {
      commit_serve(self, LOOK_MS);
    } else {
      consumer_nap(LOOK_MS);
    }
  }
}
