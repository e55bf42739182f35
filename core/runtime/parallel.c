/* SPDX-License-Identifier: Apache-2.0 */

/* Parallel segments: a worker runs a document to the segment's end, hot in its cache. It takes as many leaves at once as fit
 * a tenth of a millisecond: one wake downstream a batch. */
#include <stdlib.h>
#include <string.h>

#include "runtime/outcome.h"
#include "runtime/trunk.h"
#include "runtime/work.h"

enum { TAKE_MAX = 32, TAKE_NS = 100000 };

/* The record that somebody waits for, of the document as it comes to its first sink. */
static void keep_record(const worker *self, const segment *seg, const leaf *it) {
  receipt *held = it->receipt;
  const runtime *rt = self->crew->runtime;
  uint32_t last = seg->planned->stages[seg->planned->n_stages - 1];
  if (held->parent != NULL || rt->plan->stages[last].info->role != ROLE_SINK ||
      atomic_exchange(&held->wants_record, 0) == 0) {
    return;
  }
  qn_str json;
  char *copy = record_encode(self->encoder, it->document, NULL, &json) == 0 ? malloc(json.len + 1) : NULL;
  if (copy != NULL) {
    memcpy(copy, json.data, json.len);
    held->record = copy;
    held->record_bytes = json.len;
  }
}

static void run_leaf(worker *self, segment *seg, lane *own, leaf *it) {
  runtime *rt = self->crew->runtime;
  if (runtime_standing(rt) == RUN_FAILED) {
    it->state = LEAF_UNFINISHED;
    flow_end(&self->flow, seg, it);
    return;
  }
  run_cache *cache = rt->options.cache;
  hand *held = receipt_hand(it->receipt);
  hand_begin(held);
  qn_status status = cache != NULL ? trunk_run(cache, self->index, seg->index, rt->pool, own, it) : lane_run(own, it);
  if (status == LANE_LOST) {
    self->is_lost = true;
    return;
  }
  hand_end(held);
  if (status == QN_STATUS_OK) {
    if (atomic_load_explicit(&it->receipt->wants_record, memory_order_relaxed) != 0) {
      keep_record(self, seg, it);
    }
    outcome_charge(rt, it);
    flow_onward(&self->flow, seg, it);
    return;
  }
  const step *at = &own->steps[it->step];
  const instance *stage = &rt->instances[at->stage];
  verdict decided = outcome_of(rt, it, stage, at->cell, status, &at->call->error);
  outcome_carry_out(&self->flow, seg, it, stage, decided);
}

/* How many leaves to take: few while they are dear or others could share them. */
static uint32_t take_for(const crew *team, const segment *seg, const lane *own) {
  if (own->watch != NULL) {
    return 1; /* should its thread be given up, no other leaf is lost with it */
  }
  uint64_t by_time = own->document_ns == 0 ? 1 : TAKE_NS / own->document_ns;
  uint32_t by_share = ring_count(&seg->border.ring) / team->n_workers + 1;
  uint64_t n = by_time < by_share ? by_time : by_share;
  return n == 0 ? 1 : n > TAKE_MAX ? TAKE_MAX : (uint32_t)n;
}

static bool turn(worker *self, segment *seg) {
  crew *team = self->crew;
  lane *own = &self->lanes[seg->index];
  leaf *leaves[TAKE_MAX];
  uint32_t n = border_take(&seg->border, leaves, take_for(team, seg, own));
  if (n == 0) {
    return false;
  }
  if (border_ready(&seg->border)) {
    park_wake(&team->runtime->work_park); /* whoever put these may have woken only us */
  }
  for (uint32_t i = 0; i < n; i++) {
    leaf_look_ahead(leaves, n, i);
    run_leaf(self, seg, own, leaves[i]);
  }
  return true;
}

static bool ready(const segment *seg) {
  return border_ready(&seg->border);
}

static int open_contexts(worker *self, segment *seg, qn_error *error) {
  runtime *rt = self->crew->runtime;
  return work_lane_open(rt, seg, self->builder, self->encoder, self->index, &self->watch, &self->lanes[seg->index],
                        error);
}

const work parallel_work = { .open = open_contexts, .turn = turn, .ready = ready };
