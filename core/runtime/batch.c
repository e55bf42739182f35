/* SPDX-License-Identifier: Apache-2.0 */

/* Stages that take batches: a batch runs when it is full, when its first document has waited long enough, or when nothing
 * upstream can still arrive. Filling is one worker's business at a time; running is too where the stage is serial or
 * ordered, else several batches run at once. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/line.h"
#include "runtime/outcome.h"
#include "runtime/retry.h"
#include "runtime/trace.h"
#include "runtime/work.h"

/* Where one batch runs: its calls, each with a builder, since all documents are built at once. */
typedef struct room {
  lane lane; /* for its context */
  host_call *calls;
  builder **builders; /* made when first needed */
  leaf **leaves;
  qn_call **lent;
  qn_status *statuses;
} room;

typedef struct batch {
  _Atomic bool busy; /* whoever sets it owns what follows, up to the rooms, until it is cleared */
  uint32_t size;
  uint64_t wait_ns;
  bool alone; /* serial or ordered: one room for all */
  leaf **taken;
  _Atomic uint32_t n_taken;
  _Atomic uint64_t since_ns; /* when the first of those was taken; 0: there is none */
  line line;                 /* ordered */
  uint32_t n_rooms;
  room *rooms; /* one a worker, each used by it alone; or one */
} batch;

static bool hold(batch *self) {
  return !atomic_load(&self->busy) && !atomic_exchange(&self->busy, true);
}

static void leave(batch *self) {
  atomic_store(&self->busy, false);
}

/* --- filling --- */

static void fill(worker *by, segment *seg) {
  batch *self = seg->own;
  uint32_t n = atomic_load(&self->n_taken);
  while (n < self->size) {
    leaf *it;
    if (border_take(&seg->border, &it, 1) == 0) {
      break;
    }
    if (it->state != LEAF_LIVE) {
      flow_pass(&by->flow, it);
      continue;
    }
    self->taken[n++] = it;
    if (n == 1) {
      atomic_store(&self->since_ns, metrics_now_ns());
      atomic_fetch_add(&by->crew->runtime->activity.n_held, 1);
    }
  }
  atomic_store(&self->n_taken, n);
}

static uint64_t due_ns(const segment *seg) {
  const batch *self = seg->own;
  uint64_t since_ns = atomic_load(&self->since_ns);
  return since_ns == 0 ? UINT64_MAX : since_ns + self->wait_ns;
}

static bool is_ripe(const runtime *rt, const segment *seg) {
  const batch *self = seg->own;
  uint32_t n = atomic_load(&self->n_taken);
  return n == self->size || (n > 0 && (runtime_standing(rt) == RUN_FAILED || metrics_now_ns() >= due_ns(seg)));
}

/* Moves the batch into the room. Returns how many. */
static uint32_t take_batch(runtime *rt, batch *self, room *to) {
  uint32_t n = atomic_load(&self->n_taken);
  for (uint32_t i = 0; i < n; i++) {
    to->leaves[i] = self->taken[i];
  }
  atomic_store(&self->n_taken, 0);
  if (n > 0) {
    atomic_store(&self->since_ns, 0);
    atomic_fetch_sub(&rt->activity.n_held, 1);
  }
  return n;
}

/* Those that waited for another try, in the order in which they stood in their batch. */
static uint32_t take_line(batch *self, room *to) {
  uint32_t n = 0;
  for (leaf *it = line_take(&self->line); it != NULL; it = it->next) {
    uint32_t at = n++;
    for (; at > 0 && to->leaves[at - 1]->input > it->input; at--) {
      to->leaves[at] = to->leaves[at - 1];
    }
    to->leaves[at] = it;
  }
  return n;
}

/* --- running --- */

static int begin_call(room *in, uint32_t index, leaf *it, const instance *stage) {
  if (in->builders[index] == NULL && builder_new(&in->builders[index]) != 0) {
    return -ENOMEM;
  }
  host_call *call = &in->calls[index];
  call->builder = in->builders[index];
  call->encoder = in->lane.calls[0].encoder;
  call->call.now_ms = it->receipt->now_ms;
  call->call.attempt = it->attempt;
  host_call_begin(call, it->document, &stage->planned->layout);
  in->lent[index] = &call->call;
  in->statuses[index] = -1; /* a status that is not set is none */
  return 0;
}

static void end_all(worker *by, segment *seg, leaf **leaves, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    leaves[i]->state = LEAF_UNFINISHED;
    flow_end(&by->flow, seg, leaves[i]);
  }
}

/* late_ns: how long the whole batch took, if that was too long; nothing of it counts then. */
static void end_call(worker *by, segment *seg, const room *in, uint32_t index, const step *at, uint64_t late_ns) {
  runtime *rt = by->crew->runtime;
  batch *self = seg->own;
  const instance *stage = &rt->instances[seg->planned->stages[0]];
  leaf *it = in->leaves[index];
  host_call *call = &in->calls[index];
  qn_status status = host_call_end(call, late_ns > 0 ? QN_STATUS_DROP : in->statuses[index]);
  if (late_ns > 0) {
    status = lane_timed_out(call, at->limit_ns, late_ns);
  }
  verdict decided = outcome_of(rt, it, stage, at->cell, status, &call->error);
  if (decided == VERDICT_AGAIN && seg->border.ordered) {
    uint32_t delay_ms = outcome_delay_ms(stage, it);
    it->attempt++;
    it->input = index;
    line_send(&self->line);
    retries_add(rt->retries, it, delay_ms);
  } else {
    outcome_carry_out(&by->flow, seg, it, stage, decided);
  }
}

static void run(worker *by, segment *seg, room *in, uint32_t n) {
  runtime *rt = by->crew->runtime;
  instance *stage = &rt->instances[seg->planned->stages[0]];
  const step *at = &in->lane.steps[0];
  uint32_t n_begun = 0;
  uint32_t n_first = 0;
  while (n_begun < n && begin_call(in, n_begun, in->leaves[n_begun], stage) == 0) {
    n_first += in->leaves[n_begun++]->attempt == 1;
  }
  if (n_begun < n) {
    qn_error error = { 0 };
    error_set(&error, -ENOMEM, "no-memory", "no memory for a batch of %u documents", n);
    runtime_fail(rt, stage, &error);
  }
  if (runtime_standing(rt) == RUN_FAILED) {
    end_all(by, seg, in->leaves, n);
    return;
  }
  uint64_t begin_ns = metrics_now_ns();
  if (at->limit_ns > 0) {
    watch_begin(&by->watch, NULL, in->calls, n, at->stage, begin_ns, at->limit_ns);
  }
  stage->table->transform->process_batch(stage->self, at->context, in->lent, n, in->statuses);
  if (at->limit_ns > 0 && !watch_end(&by->watch)) {
    by->is_lost = true; /* the run has been stopped for it */
    return;
  }
  uint64_t took_ns = metrics_now_ns() - begin_ns;
  metrics_took(at->cell, took_ns, n, 1);
  metrics_add(&at->cell->documents, n_first);
  uint64_t late_ns = at->limit_ns > 0 && took_ns > at->limit_ns ? took_ns : 0;
  for (uint32_t i = 0; i < n; i++) {
    trace_note(in->leaves[i]->receipt, at->stage, TRACE_PROCESS, in->leaves[i]->attempt, in->statuses[i], begin_ns,
               begin_ns + took_ns);
    end_call(by, seg, in, i, at, late_ns);
  }
}

static room *room_of(const batch *self, const worker *by) {
  return &self->rooms[self->alone ? 0 : by->index];
}

/* One batch, if there is one to run. The caller holds it; it is left. */
static bool run_one(worker *by, segment *seg, bool whatever_there_is) {
  batch *self = seg->own;
  runtime *rt = by->crew->runtime;
  room *in = room_of(self, by);
  uint32_t n = 0;
  if (line_is_held(&self->line)) {
    n = line_is_due(&self->line) ? take_line(self, in) : 0;
  } else {
    fill(by, seg);
    n = whatever_there_is || is_ripe(rt, seg) ? take_batch(rt, self, in) : 0;
  }
  if (!self->alone) {
    leave(self);
  }
  if (n > 0) {
    run(by, seg, in, n);
  }
  if (self->alone && !by->is_lost) {
    leave(self);
  }
  return n > 0;
}

static bool ready(const segment *seg) {
  const batch *self = seg->own;
  if (atomic_load(&self->busy)) {
    return false; /* whoever is at it looks again when it leaves */
  }
  if (line_is_held(&self->line)) {
    return line_is_due(&self->line);
  }
  return border_ready(&seg->border) || (atomic_load(&self->n_taken) > 0 && metrics_now_ns() >= due_ns(seg));
}

static bool turn(worker *by, segment *seg) {
  batch *self = seg->own;
  bool ran = false;
  do {
    if (!hold(self)) {
      break;
    }
    ran = run_one(by, seg, false);
  } while (!ran && ready(seg));
  return ran;
}

static bool flush(worker *by, segment *seg) {
  batch *self = seg->own;
  return hold(self) && run_one(by, seg, true);
}

static void take_back(segment *seg, leaf *it) {
  batch *self = seg->own;
  if (seg->border.ordered) {
    line_return(&self->line, it);
  } else {
    border_put(&seg->border, it);
  }
}

/* --- its life --- */

static int build_room(const batch *self, room *made, instance *stage) {
  made->calls = calloc(self->size, sizeof *made->calls);
  made->builders = calloc(self->size, sizeof(builder *));
  made->leaves = calloc(self->size, sizeof(leaf *));
  made->lent = calloc(self->size, sizeof(qn_call *));
  made->statuses = calloc(self->size, sizeof *made->statuses);
  if (made->calls == NULL || made->builders == NULL || made->leaves == NULL || made->lent == NULL ||
      made->statuses == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < self->size; i++) {
    host_call_init(&made->calls[i], stage->env, NULL, NULL);
  }
  return 0;
}

static int build(runtime *rt, segment *seg, qn_error *error) {
  instance *stage = &rt->instances[seg->planned->stages[0]];
  const plan_stage *planned = stage->planned;
  batch *self = calloc(1, sizeof *self);
  seg->own = self;
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a stage");
  }
  uint32_t budget = rt->admission.limit_documents;
  self->size = planned->batch_size < budget ? planned->batch_size : budget;
  self->wait_ns = (uint64_t)planned->batch_wait_ms * 1000000;
  self->alone = planned->info->concurrency != CONCURRENCY_PARALLEL;
  self->n_rooms = self->alone ? 1 : work_worker_rows(rt);
  self->taken = calloc(self->size, sizeof(leaf *));
  self->rooms = calloc(self->n_rooms, sizeof *self->rooms);
  int rc = self->taken == NULL || self->rooms == NULL ? -ENOMEM : 0;
  for (uint32_t i = 0; rc == 0 && i < self->n_rooms; i++) {
    rc = build_room(self, &self->rooms[i], stage);
  }
  if (rc != 0) {
    return error_set(error, rc, "no-memory", "no memory for batches of stage \"%s\"", planned->id);
  }
  return self->alone ? work_lane_open(rt, seg, NULL, NULL, work_actor(rt, seg), NULL, &self->rooms[0].lane, error) : 0;
}

static int open_contexts(worker *by, segment *seg, qn_error *error) {
  const batch *self = seg->own;
  return self->alone ? 0
                     : work_lane_open(by->crew->runtime, seg, NULL, by->encoder, by->index, NULL,
                                      &self->rooms[by->index].lane, error);
}

static void close_rooms(runtime *rt, segment *seg) {
  (void)rt;
  batch *self = seg->own;
  for (uint32_t i = 0; self != NULL && self->rooms != NULL && i < self->n_rooms; i++) {
    room *old = &self->rooms[i];
    lane_close(&old->lane);
    for (uint32_t k = 0; old->builders != NULL && k < self->size; k++) {
      builder_free(old->builders[k]);
    }
    free(old->calls);
    free((void *)old->builders);
    free((void *)old->leaves);
    free((void *)old->lent);
    free(old->statuses);
  }
  if (self != NULL) {
    free((void *)self->taken);
    free(self->rooms);
  }
}

static void cancel(runtime *rt, segment *seg) {
  batch *self = seg->own;
  for (uint32_t i = 0; runtime_standing(rt) == RUN_FAILED && i < self->n_rooms; i++) {
    for (uint32_t k = 0; k < self->size; k++) {
      atomic_store_explicit(&self->rooms[i].calls[k].cancelled, 1, memory_order_relaxed);
    }
  }
}

const work batch_work = { .build = build,
                          .close = close_rooms,
                          .open = open_contexts,
                          .turn = turn,
                          .ready = ready,
                          .flush = flush,
                          .due_ns = due_ns,
                          .take_back = take_back,
                          .cancel = cancel };
