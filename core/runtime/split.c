/* SPDX-License-Identifier: Apache-2.0 */

/* Stages that split a document: generators, called again and again with the same document and context until they have no more.
 *
 * Each call comes with credit for one document more, so that the parts of a large document are in flight a few at a time;
 * sources stand back while a split waits for credit. If no part that the stage has made is live any more nothing may ever give
 * that credit, since it may all be held by what waits for the stage, so then it is overdrawn by one. What follows in order finds the parts where their document stood: its own
 * leaf is at every ordered border below from the start, with a group for the parts. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/emitter.h"
#include "runtime/line.h"
#include "runtime/outcome.h"
#include "runtime/retry.h"
#include "runtime/trace.h"
#include "runtime/work.h"

enum { CALLS_MAX = 32 /* in one turn */ };

typedef struct split {
  emitter emitter;   /* must be first */
  _Atomic bool busy; /* whoever sets it owns what follows until it is cleared */
  builder *builder;
  record_encoder *encoder;
  lane lane;
  leaf *_Atomic parent;    /* being split; NULL: none */
  parting *parting;        /* its */
  _Atomic uint64_t n_live; /* parts of it, and of those before it, that have not settled */
  _Atomic bool is_alone;   /* there is none: look again for credit. May be set without need */
  uint64_t n_parts;        /* that it has emitted */
  _Atomic bool has_credit; /* for the next part, without its bytes */
  bool starves;            /* has asked for credit */
  line line;               /* while the parent waits for another try */
} split;

static bool hold(split *self) {
  return !atomic_load(&self->busy) && !atomic_exchange(&self->busy, true);
}

static void leave(split *self) {
  atomic_store(&self->busy, false);
}

/* --- groups --- */

static void drop_groups(const segment *seg, parting *of) {
  for (uint32_t i = 0; i < seg->n_below; i++) {
    order *at = &seg->below[i]->border.order;
    if (of->groups[at->index] != NULL) {
      order_group_drop(at, of->groups[at->index]);
    }
  }
}

/* NULL: no memory. */
static parting *open_parting(const runtime *rt, const segment *seg) {
  parting *made = calloc(1, sizeof *made + rt->n_orders * sizeof(group *));
  for (uint32_t i = 0; made != NULL && i < seg->n_below; i++) {
    order *at = &seg->below[i]->border.order;
    made->groups[at->index] = order_group(at);
    if (made->groups[at->index] == NULL) {
      drop_groups(seg, made);
      free(made);
      return NULL;
    }
  }
  return made;
}

/* The document takes its place wherever its parts will stand in order. */
static void put_groups(const segment *seg, receipt *of, parting *made) {
  made->next = atomic_load(&of->partings);
  while (!atomic_compare_exchange_weak(&of->partings, &made->next, made)) {
  }
  for (uint32_t i = 0; i < seg->n_below; i++) {
    leaf *place = receipt_leaf(of, LEAF_ABSENT);
    place->group = made->groups[seg->below[i]->border.order.index];
    border_put(&seg->below[i]->border, place);
  }
}

static void close_groups(const segment *seg, const parting *of, uint64_t n_parts) {
  for (uint32_t i = 0; i < seg->n_below; i++) {
    border *at = &seg->below[i]->border;
    order_group_close(of->groups[at->order.index], n_parts);
    border_wake(at);
  }
}

/* --- emitting --- */

static int take_credit(emitter *out, uint64_t bytes) {
  split *self = (split *)out;
  admission *credits = &out->runtime->admission;
  if (!self->has_credit) {
    int rc = admission_try_inner(credits);
    if (rc != 0) {
      return rc;
    }
  }
  self->has_credit = false;
  admission_charge(credits, (int64_t)bytes); /* like whatever a worker makes of a document: it may overdraw */
  return 0;
}

static void give_credit(emitter *out, uint64_t bytes) {
  admission_release(&out->runtime->admission, 1, bytes);
}

static qn_str field_of(const document *from, qn_str name) {
  qn_value value;
  bool found = document_field_get(from, name, &value) == 0 && value.type == QN_VALUE_STR;
  return found ? value.as.str : (qn_str){ NULL, 0 };
}

static void describe(const emitter *out, qn_emit *emit, qn_str *ret_origin) {
  const split *self = (const split *)out;
  const document *parent = atomic_load(&self->parent)->document;
  *ret_origin = field_of(parent, QN_LIT("id"));
  if (emit->source.len == 0) {
    emit->source = field_of(parent, QN_LIT("source"));
  }
}

static void admitted(emitter *out, receipt *part) {
  split *self = (split *)out;
  receipt *parent = atomic_load(&self->parent)->receipt;
  atomic_fetch_add(&parent->n_leaves, 1);
  atomic_fetch_add(&self->n_live, 1);
  part->parent = parent;
  part->from = self->parting;
  part->source = parent->source;
  part->now_ms = parent->now_ms;
  part->trace = parent->trace; /* lent: the parent settles later */
  part->sequence = self->n_parts++;
  atomic_fetch_add_explicit(&out->runtime->n_parts, 1, memory_order_relaxed);
}

static void sent(emitter *out) {
  (void)out; /* the worker wakes whom it must when its turn ends */
}

static const emitter_kind split_kind = {
  .take_credit = take_credit, .give_credit = give_credit, .describe = describe, .admitted = admitted, .sent = sent
};

/* --- credit before a call --- */

static void sate(split *self) {
  if (self->starves) {
    self->starves = false;
    admission_sate_inner(&self->emitter.runtime->admission);
  }
}

static bool get_credit(split *self) {
  atomic_store(&self->is_alone, false);
  admission *credits = &self->emitter.runtime->admission;
  if (!self->has_credit && admission_try_inner(credits) == 0) {
    self->has_credit = true;
  }
  if (!self->has_credit && !self->starves) {
    self->starves = true;
    admission_starve_inner(credits);
    self->has_credit = admission_try_inner(credits) == 0;
  }
  if (!self->has_credit && atomic_load(&self->n_live) == 0) {
    admission_force(credits);
    self->has_credit = true;
  }
  if (self->has_credit) {
    sate(self);
  }
  return self->has_credit;
}

/* --- splitting --- */

static void end_parent(worker *by, segment *seg, leaf *it) {
  split *self = seg->own;
  emitter_abandon(&self->emitter);
  if (self->has_credit) {
    self->has_credit = false;
    admission_release(&self->emitter.runtime->admission, 1, 0);
  }
  sate(self);
  close_groups(seg, self->parting, self->n_parts);
  atomic_store(&self->parent, NULL);
  settle_leaf(&by->flow.settler, it);
}

/* What became of the parent itself, now that the stage has said its last of it. */
static void conclude(worker *by, segment *seg, leaf *it, qn_status status) {
  split *self = seg->own;
  runtime *rt = by->crew->runtime;
  const step *at = &self->lane.steps[0];
  const instance *stage = &rt->instances[at->stage];
  if (status == QN_STATUS_RETRY && self->n_parts > 0) {
    status = QN_STATUS_REJECT; /* another try would emit its parts twice */
  }
  verdict decided = outcome_of(rt, it, stage, at->cell, status, &at->call->error);
  if (decided == VERDICT_AGAIN) {
    uint32_t delay_ms = outcome_delay_ms(stage, it);
    it->attempt++;
    line_send(&self->line);
    retries_add(rt->retries, it, delay_ms);
    return;
  }
  if (decided == VERDICT_PASSED) {
    it->state = LEAF_ABSENT; /* it lives on in its parts */
  }
  end_parent(by, seg, it);
}

static void call_once(worker *by, segment *seg, leaf *it) {
  split *self = seg->own;
  const step *at = &self->lane.steps[0];
  uint64_t begin_ns = metrics_now_ns();
  host_call *call = at->call;
  call->call.now_ms = it->receipt->now_ms;
  call->call.attempt = it->attempt;
  host_call_begin(call, it->document, at->layout);
  if (at->limit_ns > 0) {
    watch_begin(&by->watch, NULL, call, 1, at->stage, begin_ns, at->limit_ns);
  }
  qn_status status = at->process(at->instance, at->context, &call->call);
  if (at->limit_ns > 0 && !watch_end(&by->watch)) {
    by->is_lost = true; /* the run has been stopped for it */
    return;
  }
  uint64_t took_ns = metrics_now_ns() - begin_ns;
  metrics_took(at->cell, took_ns, 1, 1);
  status = host_call_end(call, status);
  trace_note(it->receipt, at->stage, TRACE_PROCESS, it->attempt, status, begin_ns, begin_ns + took_ns);
  if (at->limit_ns > 0 && took_ns > at->limit_ns) {
    status = lane_timed_out(call, at->limit_ns, took_ns);
  }
  emitter_abandon(&self->emitter);
  if (status != QN_STATUS_MORE) {
    conclude(by, seg, it, status);
  } else {
    it->attempt = 1;
  }
}

/* Takes the next document to split. False: there is none, or it was not one. */
static bool begin_parent(worker *by, segment *seg) {
  split *self = seg->own;
  leaf *it;
  if (border_take(&seg->border, &it, 1) == 0) {
    return false;
  }
  if (it->state != LEAF_LIVE) {
    flow_pass(&by->flow, it);
    return true;
  }
  if (runtime_standing(by->crew->runtime) == RUN_FAILED) {
    it->state = LEAF_UNFINISHED;
    flow_end(&by->flow, seg, it);
    return true;
  }
  self->parting = open_parting(by->crew->runtime, seg);
  if (self->parting == NULL) {
    qn_error error = { 0 };
    error_set(&error, -ENOMEM, "no-memory", "no memory to split the document");
    leaf_fail(it, seg->planned->stages[0], &error);
    flow_end(&by->flow, seg, it);
    return true;
  }
  self->n_parts = 0;
  metrics_add(&self->lane.steps[0].cell->documents, 1);
  self->parting->n_live = &self->n_live;
  self->parting->is_alone = &self->is_alone;
  put_groups(seg, it->receipt, self->parting);
  atomic_store(&self->parent, it);
  return true;
}

/* One step forward. False: there is nothing to do now. */
static bool advance(worker *by, segment *seg) {
  split *self = seg->own;
  leaf *it = atomic_load(&self->parent);
  if (it == NULL) {
    return begin_parent(by, seg);
  }
  if (line_is_held(&self->line)) {
    if (!line_is_due(&self->line)) {
      return false;
    }
    line_take(&self->line);
  }
  if (runtime_standing(by->crew->runtime) == RUN_FAILED) {
    it->state = LEAF_UNFINISHED;
    end_parent(by, seg, it);
    return true;
  }
  if (!get_credit(self)) {
    return false;
  }
  call_once(by, seg, it);
  return true;
}

static bool ready(const segment *seg) {
  const split *self = seg->own;
  if (atomic_load(&self->busy)) {
    return false; /* whoever is at it looks again when it leaves */
  }
  if (atomic_load(&self->parent) == NULL) {
    return border_ready(&seg->border);
  }
  return line_is_held(&self->line) ? line_is_due(&self->line)
                                   : atomic_load(&self->has_credit) || atomic_load(&self->is_alone) ||
                                         admission_has_room(&self->emitter.runtime->admission) ||
                                         runtime_standing(self->emitter.runtime) == RUN_FAILED;
}

static bool turn(worker *by, segment *seg) {
  split *self = seg->own;
  uint32_t n = 0;
  do {
    if (!hold(self)) {
      break;
    }
    self->emitter.flow = &by->flow;
    while (n < CALLS_MAX && !by->is_lost && advance(by, seg)) {
      n++;
    }
    if (by->is_lost) {
      return true; /* and the split stays taken */
    }
    leave(self);
  } while (n < CALLS_MAX && ready(seg));
  return n > 0;
}

static void take_back(segment *seg, leaf *it) {
  split *self = seg->own;
  line_return(&self->line, it);
}

/* --- its life --- */

static int build(runtime *rt, segment *seg, qn_error *error) {
  split *self = calloc(1, sizeof *self);
  seg->own = self;
  if (self == NULL || builder_new(&self->builder) != 0 || record_encoder_new(&self->encoder) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a stage");
  }
  instance *stage = &rt->instances[seg->planned->stages[0]];
  self->emitter = (emitter){ .runtime = rt,
                             .stage = stage,
                             .segment = seg,
                             .cell = metrics_cell_of(rt->metrics, work_actor(rt, seg), stage->index),
                             .kind = &split_kind };
  stage->emitter = &self->emitter;
  return work_lane_open(rt, seg, self->builder, self->encoder, work_actor(rt, seg), NULL, &self->lane, error);
}

static void close_lane(runtime *rt, segment *seg) {
  (void)rt;
  split *self = seg->own;
  if (self != NULL) {
    lane_close(&self->lane);
    record_encoder_free(self->encoder);
    builder_free(self->builder);
    emitter_done(&self->emitter);
  }
}

static void cancel(runtime *rt, segment *seg) {
  split *self = seg->own;
  if (runtime_standing(rt) == RUN_FAILED) {
    lane_cancel(&self->lane);
  }
}

const work split_work = {
  .build = build, .close = close_lane, .turn = turn, .ready = ready, .take_back = take_back, .cancel = cancel
};
