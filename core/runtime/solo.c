/* SPDX-License-Identifier: Apache-2.0 */

/* Serial and ordered stages: one context, one document at a time, by whichever worker comes first. An ordered stage that
 * wants another try holds the line meanwhile, since nothing may pass. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/line.h"
#include "runtime/outcome.h"
#include "runtime/retry.h"
#include "runtime/work.h"

enum { TAKE_MAX = 32 };

typedef struct solo {
  _Atomic bool busy; /* whoever sets it owns what follows until it is cleared */
  builder *builder;
  record_encoder *encoder;
  lane lane;
  leaf *taken[TAKE_MAX]; /* from the border, not yet run */
  uint32_t next_taken, end_taken;
  _Atomic uint32_t n_left; /* of those */
  line line;               /* ordered */
  watch watch;
} solo;

static bool hold(solo *self) {
  return !atomic_load(&self->busy) && !atomic_exchange(&self->busy, true);
}

static void leave(solo *self) {
  atomic_store(&self->busy, false);
}

/* --- running --- */

static void hold_line(runtime *rt, solo *self, leaf *it, const instance *stage) {
  uint32_t delay_ms = outcome_delay_ms(stage, it);
  it->attempt++;
  line_send(&self->line);
  retries_add(rt->retries, it, delay_ms);
}

static void run_leaf(worker *by, segment *seg, leaf *it) {
  runtime *rt = by->crew->runtime;
  solo *self = seg->own;
  if (it->state != LEAF_LIVE) {
    flow_pass(&by->flow, it);
    return;
  }
  if (runtime_standing(rt) == RUN_FAILED) {
    it->state = LEAF_UNFINISHED;
    flow_end(&by->flow, seg, it);
    return;
  }
  hand *held = receipt_hand(it->receipt);
  hand_begin(held);
  qn_status status = lane_run(&self->lane, it);
  if (status == LANE_LOST) {
    by->is_lost = true;
    return;
  }
  hand_end(held);
  const step *at = &self->lane.steps[0];
  const instance *stage = &rt->instances[at->stage];
  verdict decided = outcome_of(rt, it, stage, at->cell, status, &at->call->error);
  if (decided == VERDICT_AGAIN && seg->border.ordered) {
    it->step = 0;
    hold_line(rt, self, it, stage);
  } else {
    outcome_carry_out(&by->flow, seg, it, stage, decided);
  }
}

static leaf *next_leaf(segment *seg) {
  solo *self = seg->own;
  if (line_is_held(&self->line)) {
    return line_is_due(&self->line) ? line_take(&self->line) : NULL;
  }
  if (self->next_taken == self->end_taken) {
    self->next_taken = 0;
    self->end_taken = border_take(&seg->border, self->taken, TAKE_MAX);
    atomic_store(&self->n_left, self->end_taken);
  }
  if (self->next_taken == self->end_taken) {
    return NULL;
  }
  atomic_fetch_sub(&self->n_left, 1);
  return self->taken[self->next_taken++];
}

static bool ready(const segment *seg) {
  const solo *self = seg->own;
  if (atomic_load(&self->busy)) {
    return false; /* whoever is at it looks again when it leaves */
  }
  return line_is_held(&self->line) ? line_is_due(&self->line)
                                   : atomic_load(&self->n_left) > 0 || border_ready(&seg->border);
}

/* One stretch, after which the worker looks further down first. */
static bool turn(worker *by, segment *seg) {
  solo *self = seg->own;
  uint32_t n_run = 0;
  do {
    if (!hold(self)) {
      break;
    }
    leaf *it = next_leaf(seg);
    while (it != NULL) {
      run_leaf(by, seg, it);
      if (by->is_lost) {
        return true; /* and the stage, whose only context this is, stays taken */
      }
      it = ++n_run < TAKE_MAX ? next_leaf(seg) : NULL;
    }
    leave(self);
  } while (n_run < TAKE_MAX && ready(seg));
  return n_run > 0;
}

static void take_back(segment *seg, leaf *it) {
  solo *self = seg->own;
  if (seg->border.ordered) {
    line_return(&self->line, it);
  } else {
    border_put(&seg->border, it);
  }
}

/* --- its life --- */

static int build(runtime *rt, segment *seg, qn_error *error) {
  solo *self = calloc(1, sizeof *self);
  seg->own = self;
  if (self == NULL || builder_new(&self->builder) != 0 || record_encoder_new(&self->encoder) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a stage");
  }
  return work_lane_open(rt, seg, self->builder, self->encoder, work_actor(rt, seg), &self->watch, &self->lane, error);
}

static void close_lane(runtime *rt, segment *seg) {
  (void)rt;
  solo *self = seg->own;
  if (self != NULL) {
    lane_close(&self->lane);
    record_encoder_free(self->encoder);
    builder_free(self->builder);
  }
}

static void cancel(runtime *rt, segment *seg) {
  solo *self = seg->own;
  if (runtime_standing(rt) == RUN_FAILED) {
    lane_cancel(&self->lane);
  }
}

static watch *watch_of(segment *seg) {
  solo *self = seg->own;
  return &self->watch;
}

const work solo_work = { .build = build,
                         .close = close_lane,
                         .turn = turn,
                         .ready = ready,
                         .take_back = take_back,
                         .cancel = cancel,
                         .watch = watch_of };
