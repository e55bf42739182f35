/* SPDX-License-Identifier: Apache-2.0 */

/* Asynchronous transforms: process() takes a document and returns, and complete() ends it from any thread; what follows runs
 * on a worker. Each document in flight has a slot with a call and a builder of its own.
 *
 * A document whose time is up goes its way at once; its slot stays, with the document pinned under the plugin's eyes, until
 * complete() comes after all. Too many of those for too long and the stage has failed. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/outcome.h"
#include "runtime/trace.h"
#include "runtime/work.h"

enum {
  SLOTS_MAX = 1024,
  TAKE_MAX = 32,
  LOOK_MIN_MS = 5,
  LOOK_MAX_MS = 100,
  GRACE_FAILED_MS = 2000,   /* for what is pending when the run fails ... */
  GRACE_STOPPED_MS = 30000, /* ... or is stopped, where the stage has no limit of its own */
  GRACE_CANCELLED_MS = 1000 /* for complete() after cancel() */
};

/* How a slot stands: bits. Whoever sets the second of RETURNED and COMPLETED, or EXPIRED on a slot that has only RETURNED,
 * owns the leaf; whoever then sets the second of PINNED and COMPLETED sees to it that the slot is used again. */
enum { RETURNED = 1, COMPLETED = 2, EXPIRED = 4, PINNED = 8 };

typedef struct slot {
  completion completion;
  host_call call;
  builder *builder;
  segment *segment;
  leaf *leaf;
  document *pinned; /* expired: what the plugin may still look at */
  uint64_t begin_ns;
  _Atomic uint64_t due_ns; /* UINT64_MAX: never */
  _Atomic uint32_t phase;
  _Atomic uint64_t ticket; /* packed: the loop may look at it at any time */
  uint64_t told;           /* the last ticket whose cancellation the plugin was told of [loop] */
} slot;

typedef struct async_own {
  runtime *runtime;
  instance *stage;
  uint32_t n_slots;
  slot *slots;
  ring idle;  /* slots */
  ring ended; /* slots whose documents go on */
  flow flow;  /* for documents whose time is up [loop] */
  metrics_cell *cell;
  uv_timer_t look;
  bool has_look;
} async_own;

static uint64_t packed(qn_ticket ticket) {
  return (uint64_t)ticket.slot << 32 | ticket.generation;
}

static uint64_t milliseconds(uint64_t n) {
  return n * 1000000;
}

/* --- ends --- */

static void give_back(async_own *self, slot *at) {
  ring_push(&self->idle, at);
}

/* The plugin has let go of a document whose time was up. */
static void unpin(async_own *self, slot *at) {
  host_call_end(&at->call, QN_STATUS_DROP);
  document_unref(at->pinned);
  at->pinned = NULL;
  give_back(self, at);
}

/* What complete() may not say becomes a status that no stage may. */
static qn_status said(slot *at) {
  const completion *ended = &at->completion;
  if (ended->status == QN_STATUS_PENDING || ended->status == QN_STATUS_MORE) {
    return -1;
  }
  if (ended->status != QN_STATUS_OK && ended->status != QN_STATUS_DROP) {
    at->call.error = ended->error;
  }
  return ended->status;
}

/* The document goes on, ends or is tried again, by the status. */
static void conclude(worker *by, segment *seg, slot *at, qn_status status) {
  async_own *self = seg->own;
  metrics_cell *cell = by->lanes[seg->index].steps[0].cell;
  leaf *it = at->leaf;
  at->leaf = NULL;
  status = host_call_end(&at->call, status);
  uint64_t now_ns = metrics_now_ns();
  metrics_took(cell, now_ns - at->begin_ns, 1, 1);
  trace_note(it->receipt, self->stage->index, TRACE_PROCESS, it->attempt, status, at->begin_ns, now_ns);
  verdict decided = outcome_of(by->crew->runtime, it, self->stage, cell, status, &at->call.error);
  outcome_carry_out(&by->flow, seg, it, self->stage, decided);
  give_back(self, at);
  activity_end(&self->runtime->activity);
}

static void hand_to_workers(slot *at) {
  async_own *self = at->segment->own;
  ring_push(&self->ended, at);
  runtime_wake_workers(self->runtime);
}

/* complete() has come. [any] */
static void on_completed(completion *ended) {
  slot *at = ended->arg;
  uint32_t before = atomic_fetch_or(&at->phase, COMPLETED);
  if (before == RETURNED || (before & PINNED) != 0) {
    hand_to_workers(at);
  }
}

/* --- beginnings --- */

static void begin(worker *by, segment *seg, slot *at, leaf *it) {
  async_own *self = seg->own;
  runtime *rt = self->runtime;
  const step *own = &by->lanes[seg->index].steps[0];
  uint32_t timeout_ms = self->stage->planned->timeout_ms;
  at->leaf = it;
  at->begin_ns = metrics_now_ns();
  atomic_store(&at->due_ns, timeout_ms == 0 ? UINT64_MAX : at->begin_ns + milliseconds(timeout_ms));
  atomic_store(&at->phase, 0);
  at->call.encoder = by->encoder;
  at->call.call.now_ms = it->receipt->now_ms;
  at->call.call.attempt = it->attempt;
  host_call_begin(&at->call, it->document, own->layout);
  metrics_add(&own->cell->documents, it->attempt == 1);
  activity_begin(&rt->activity);
  at->call.call.ticket = completion_open(&rt->completions, &at->completion);
  qn_ticket ticket = at->call.call.ticket;
  atomic_store(&at->ticket, packed(ticket));
  qn_status status = own->process(own->instance, own->context, &at->call.call);
  /* What has been completed counts as such, whatever is returned besides. */
  if (status != QN_STATUS_PENDING && completion_revoke(&rt->completions, ticket) == 0) {
    conclude(by, seg, at, status);
  } else if ((atomic_fetch_or(&at->phase, RETURNED) & COMPLETED) != 0) {
    conclude(by, seg, at, said(at));
  }
}

static bool end_some(worker *by, segment *seg) {
  async_own *self = seg->own;
  void *ended[TAKE_MAX];
  uint32_t n = ring_pull(&self->ended, ended, TAKE_MAX);
  for (uint32_t i = 0; i < n; i++) {
    slot *at = ended[i];
    if ((atomic_load(&at->phase) & EXPIRED) != 0) {
      unpin(self, at);
    } else {
      conclude(by, seg, at, said(at));
    }
  }
  return n > 0;
}

static bool begin_one(worker *by, segment *seg) {
  async_own *self = seg->own;
  void *at;
  leaf *it;
  if (ring_pull(&self->idle, &at, 1) == 0) {
    return false;
  }
  if (border_take(&seg->border, &it, 1) == 0) {
    give_back(self, at);
    return false;
  }
  begin(by, seg, at, it);
  return true;
}

/* The run has failed: what still comes ends here, and needs no slot, of which there may be none left. */
static bool end_one(worker *by, segment *seg) {
  leaf *it;
  if (border_take(&seg->border, &it, 1) == 0) {
    return false;
  }
  it->state = LEAF_UNFINISHED;
  flow_end(&by->flow, seg, it);
  return true;
}

static bool turn(worker *by, segment *seg) {
  bool ran = end_some(by, seg);
  bool failed = runtime_standing(by->crew->runtime) == RUN_FAILED;
  for (uint32_t i = 0; i < TAKE_MAX && (failed ? end_one(by, seg) : begin_one(by, seg)); i++) {
    ran = true;
  }
  return ran;
}

static bool ready(const segment *seg) {
  const async_own *self = seg->own;
  bool takes = ring_count(&self->idle) > 0 || runtime_standing(self->runtime) == RUN_FAILED;
  return ring_count(&self->ended) > 0 || (takes && border_ready(&seg->border));
}

/* --- time [loop] --- */

static void tell_cancelled(async_own *self, slot *at) {
  const qn_transform *table = self->stage->table->transform;
  uint64_t ticket = atomic_load(&at->ticket);
  if (at->told == ticket) {
    return;
  }
  at->told = ticket;
  atomic_store_explicit(&at->call.cancelled, 1, memory_order_relaxed);
  if (QN_HAS(table, cancel) && table->cancel != NULL) {
    table->cancel(self->stage->self, (qn_ticket){ (uint32_t)(ticket >> 32), (uint32_t)ticket });
  }
}

static void fail_stage(async_own *self, uint32_t n_owed) {
  qn_error error = { 0 };
  error_set(&error, -ETIMEDOUT, "never-completes",
            "%u documents have run out of time and were never completed, though it was told to cancel them; a fault of "
            "the plugin, which owes complete() for every PENDING",
            n_owed);
  runtime_fail(self->runtime, self->stage, &error);
}

/* The leaf is ours now; the slot waits for complete(). */
static void expire(async_own *self, segment *seg, slot *at, uint64_t now_ns) {
  runtime *rt = self->runtime;
  leaf *it = at->leaf;
  qn_error error = { 0 };
  error_set(&error, -ETIMEDOUT, "timed-out", "not completed within %llu ms",
            (unsigned long long)((now_ns - at->begin_ns) / 1000000));
  at->pinned = document_ref(it->document); /* the plugin may look at it until it completes */
  tell_cancelled(self, at);
  verdict decided = VERDICT_ENDED;
  if (self->stage->planned->timeout_ms == 0 && outcome_comes_again(rt, it)) {
    it->state = LEAF_UNFINISHED; /* it was the stop that limited it */
  } else {
    decided = outcome_of(rt, it, self->stage, self->cell, QN_STATUS_REJECT, &error);
  }
  outcome_carry_out(&self->flow, seg, it, self->stage, decided);
  if ((atomic_fetch_or(&at->phase, PINNED) & COMPLETED) != 0) {
    hand_to_workers(at);
  }
  activity_end(&rt->activity);
}

/* A plugin that only needs a moment to see that it was told is no broken one, however few slots there are. */
static bool is_owed(const slot *at, uint64_t now_ns) {
  uint32_t phase = atomic_load(&at->phase);
  return (phase & (PINNED | COMPLETED)) == PINNED &&
         now_ns >= atomic_load(&at->due_ns) + milliseconds(GRACE_CANCELLED_MS);
}

static void look(async_own *self, segment *seg) {
  uint64_t now_ns = metrics_now_ns();
  uint32_t n_owed = 0;
  for (uint32_t i = 0; i < self->n_slots; i++) {
    slot *at = &self->slots[i];
    n_owed += is_owed(at, now_ns);
    if (atomic_load(&at->phase) != RETURNED || now_ns < atomic_load(&at->due_ns)) {
      continue;
    }
    uint32_t phase = RETURNED;
    if (atomic_compare_exchange_strong(&at->phase, &phase, RETURNED | EXPIRED)) {
      expire(self, seg, at, now_ns);
    }
  }
  flow_flush(&self->flow);
  if (n_owed > self->n_slots / 2 && runtime_standing(self->runtime) != RUN_FAILED) {
    fail_stage(self, n_owed);
  }
}

static void on_look(uv_timer_t *timer) {
  segment *seg = timer->data;
  look(seg->own, seg);
}

static void look_often(async_own *self, uint64_t every_ms) {
  if (!uv_is_active((uv_handle_t *)&self->look)) {
    uv_timer_start(&self->look, on_look, every_ms, every_ms);
  }
}

/* What is pending when the run ends early gets a last while. */
static void cancel(runtime *rt, segment *seg) {
  async_own *self = seg->own;
  bool failed = runtime_standing(rt) == RUN_FAILED;
  uint64_t now_ns = metrics_now_ns();
  uint64_t last_ns = now_ns + milliseconds(failed ? GRACE_FAILED_MS : GRACE_STOPPED_MS);
  for (uint32_t i = 0; i < self->n_slots; i++) {
    slot *at = &self->slots[i];
    if (atomic_load(&at->phase) != RETURNED) {
      continue;
    }
    uint64_t due_ns = atomic_load(&at->due_ns);
    if (due_ns > last_ns && (failed || due_ns == UINT64_MAX)) {
      atomic_store(&at->due_ns, last_ns);
    }
    if (failed) {
      tell_cancelled(self, at);
    }
  }
  look_often(self, LOOK_MAX_MS);
  if (failed) {
    runtime_wake_workers(rt); /* what waits for a slot need not any more */
  }
}

/* --- its life --- */

static int build_slots(runtime *rt, segment *seg, async_own *self) {
  if (ring_init(&self->idle, self->n_slots) != 0 || ring_init(&self->ended, self->n_slots) != 0) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < self->n_slots; i++) {
    slot *at = &self->slots[i];
    if (builder_new(&at->builder) != 0) {
      return -ENOMEM;
    }
    at->segment = seg;
    host_call_init(&at->call, self->stage->env, at->builder, NULL);
    completion_init_direct(&rt->completions, &at->completion, on_completed, at);
    ring_push(&self->idle, at);
  }
  return 0;
}

static uint64_t look_every_ms(uint32_t timeout_ms) {
  uint32_t every_ms = timeout_ms / 8;
  return every_ms < LOOK_MIN_MS ? LOOK_MIN_MS : every_ms > LOOK_MAX_MS ? LOOK_MAX_MS : every_ms;
}

static int build(runtime *rt, segment *seg, qn_error *error) {
  async_own *self = calloc(1, sizeof *self);
  seg->own = self;
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a stage");
  }
  self->runtime = rt;
  self->stage = &rt->instances[seg->planned->stages[0]];
  self->cell = metrics_cell_of(rt->metrics, work_actor(rt, seg), self->stage->index);
  self->n_slots = work_async_slots(rt);
  self->slots = calloc(self->n_slots, sizeof *self->slots);
  if (self->slots == NULL || flow_init(&self->flow, rt) != 0 || build_slots(rt, seg, self) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for what stage \"%s\" may have pending",
                     self->stage->planned->id);
  }
  uv_timer_init(&rt->loop.uv, &self->look);
  self->look.data = seg;
  self->has_look = true;
  uint32_t timeout_ms = self->stage->planned->timeout_ms;
  if (timeout_ms > 0) {
    look_often(self, look_every_ms(timeout_ms));
  }
  return 0;
}

static int open_contexts(worker *by, segment *seg, qn_error *error) {
  return work_lane_open(by->crew->runtime, seg, by->builder, by->encoder, by->index, NULL, &by->lanes[seg->index],
                        error);
}

static void close_look(runtime *rt, segment *seg) {
  (void)rt;
  async_own *self = seg->own;
  if (self != NULL && self->has_look) {
    uv_close((uv_handle_t *)&self->look, NULL);
  }
}

static void release(runtime *rt, segment *seg) {
  (void)rt;
  async_own *self = seg->own;
  for (uint32_t i = 0; self != NULL && self->slots != NULL && i < self->n_slots; i++) {
    slot *at = &self->slots[i];
    builder_free(at->builder);
    document_unref(at->pinned); /* the plugin is gone, and so is its word */
  }
  if (self != NULL) {
    flow_done(&self->flow);
    ring_done(&self->idle);
    ring_done(&self->ended);
    free(self->slots);
    self->slots = NULL;
    self->n_slots = 0;
  }
}

uint32_t work_async_slots(const runtime *rt) {
  uint32_t budget = rt->admission.limit_documents;
  return budget < SLOTS_MAX ? budget : SLOTS_MAX;
}

const work async_work = { .build = build,
                          .close = close_look,
                          .release = release,
                          .open = open_contexts,
                          .turn = turn,
                          .ready = ready,
                          .cancel = cancel };
