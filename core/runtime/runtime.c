/* SPDX-License-Identifier: Apache-2.0 */

/* A run from beginning to end: builds the parts from the plan, starts them in an order in which everything a document meets
 * is there before it, and takes them down in the reverse. */
#include "runtime/runtime.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/block.h"
#include "qanat/confirm.h"
#include "qanat/credit.h"
#include "qanat/direct.h"
#include "qanat/io.h"
#include "qanat/keep.h"
#include "qanat/progress.h"
#include "runtime/crew.h"
#include "runtime/desk.h"
#include "runtime/emitter.h"
#include "runtime/listen.h"
#include "runtime/retry.h"
#include "runtime/signals.h"
#include "runtime/sink.h"
#include "runtime/source.h"
#include "runtime/state.h"
#include "runtime/work.h"

enum { LOOK_MS = 20, WORKERS_MAX = 1024 };

/* How long others may take to end when one never will. */
#define STUCK_NS UINT64_C(2000000000)

/* How long sinks may go on with what they have in hand when a worker's run has failed, or is abandoned. */
#define SINKS_GRACE_NS UINT64_C(1000000000)

/* --- what the host table asks of the runtime --- */

static void hook_log(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  runtime_log_text(arg, env->id, level, text, len);
}

static void hook_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text,
                          size_t len) {
  const instance *stage = env->owner;
  completions_arrive(&stage->runtime->completions, ticket, status, slug, text, len);
}

static const void *hook_extension(qn_env *env, const char *name) {
  instance *stage = env->owner;
  const runtime_options *options = &stage->runtime->options;
  if (strcmp(name, QN_IO_1) == 0) {
    return io_extension();
  }
  if (strcmp(name, QN_KEEP_1) == 0) {
    return options->keeper != NULL && stage->planned->info->role == ROLE_SINK ? keep_extension() : NULL;
  }
  if (strcmp(name, QN_CONFIRM_1) == 0) {
    return confirm_extension(stage);
  }
  if (strcmp(name, QN_DIRECT_1) == 0) {
    return direct_extension(stage);
  }
  if (strcmp(name, QN_WORKER_1) == 0) {
    static const qn_worker table = { .size = sizeof table };
    return options->serves ? &table : NULL;
  }
  if (strcmp(name, QN_BLOCK_1) == 0) {
    return block_extension();
  }
  if (strcmp(name, QN_CREDIT_1) == 0) {
    return credit_extension();
  }
  bool is_watched = stage->runtime->options.tick_ms > 0;
  return is_watched && strcmp(name, QN_PROGRESS_1) == 0 ? progress_extension() : NULL;
}

/* --- turns of the loop --- */

static bool all_came_out(const runtime *self) {
  return runtime_standing(self) <= RUN_LIMIT && atomic_load(&self->settled[LEAF_FAILED]) == 0 &&
         atomic_load(&self->settled[LEAF_UNFINISHED]) == 0;
}

static void give_credit(runtime *self) {
  for (uint32_t i = 0; i < self->n_sources; i++) {
    source_async_credit(&self->sources[i]);
  }
}

/* What sinks have in hand may be delivered yet, which spares delivering it again; what hangs would hold up the worker's end. */
static void cancel_sinks(runtime *self) {
  uint64_t now_ns = metrics_now_ns();
  self->failed_ns = self->failed_ns == 0 ? now_ns : self->failed_ns;
  for (uint32_t i = 0; now_ns - self->failed_ns >= SINKS_GRACE_NS && i < self->n_sinks; i++) {
    sink_cancel(&self->sinks[i]);
  }
}

/* What is told at the right moment otherwise, told now and then: credit, since the budget's greater part may be held by
 * retries that take long; and that nobody waits any more, since a call that was just beginning clears the flag. */
static void on_look(uv_timer_t *timer) {
  runtime *self = timer->data;
  give_credit(self);
  if (runtime_standing(self) >= RUN_INTERRUPTED) {
    crew_cancel(self->crew);
  }
  if (self->options.serves && runtime_standing(self) == RUN_FAILED) {
    cancel_sinks(self);
  }
  if (self->stuck && metrics_now_ns() - self->stuck_ns >= STUCK_NS) {
    self->finished = true; /* what is still in flight will never come out */
  }
}

static void look_often(runtime *self) {
  uv_timer_start(&self->look_timer, on_look, LOOK_MS, LOOK_MS);
}

static void on_stop(void *arg) {
  runtime *self = arg;
  self->stuck_ns = metrics_now_ns();
  if (runtime_standing(self) >= RUN_INTERRUPTED) {
    crew_cancel(self->crew);
    look_often(self);
  }
  for (uint32_t i = 0; i < self->n_sources; i++) {
    source_stop(&self->sources[i]);
  }
  if (runtime_standing(self) >= RUN_INTERRUPTED) {
    retries_hurry(self->retries);
  }
}

/* Sources end, then documents, then sinks. Rung whenever one of these may have come true. */
static void on_settled(void *arg) {
  runtime *self = arg;
  /* The last document's bytes may be given back after the document itself, by another thread. */
  if (atomic_load(&self->n_running) > 0 || admission_documents(&self->admission) > 0 ||
      admission_bytes(&self->admission) > 0) {
    return;
  }
  if (!self->sinks_closing) {
    self->sinks_closing = true;
    bool success = all_came_out(self);
    for (uint32_t i = 0; i < self->n_sinks; i++) {
      sink_close(&self->sinks[i], success);
    }
  }
  self->finished = atomic_load(&self->n_sinks_open) == 0;
}

static void on_credit(void *arg) {
  give_credit(arg);
}

static void ring_credit(void *arg) {
  runtime *self = arg;
  if (atomic_load(&self->admission.n_inner) > 0) {
    runtime_wake_workers(self);
  }
  loop_ring(&self->loop, &self->credit_bell);
}

static void on_tick(uv_timer_t *timer) {
  runtime *self = timer->data;
  runtime_counts counts;
  runtime_counts_get(self, &counts);
  self->options.tick(self->options.arg, &counts);
}

/* --- building --- */

static uint32_t count_role(const plan *self, stage_role role) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->n_stages; i++) {
    n += self->stages[i].info->role == role;
  }
  return n;
}

static int build_instances(runtime *self, const qn_stage *const *tables) {
  const plan *planned = self->plan;
  self->instances = calloc(planned->n_stages, sizeof *self->instances);
  if (self->instances == NULL) {
    return -ENOMEM;
  }
  self->n_instances = planned->n_stages;
  for (uint32_t i = 0; i < planned->n_stages; i++) {
    self->instances[i] = (instance){ .runtime = self, .planned = &planned->stages[i], .index = i, .table = tables[i] };
  }
  return 0;
}

static segment *segment_of(runtime *self, uint32_t stage) {
  return &self->segments[self->plan->stages[stage].segment];
}

static int build_ends(runtime *self, qn_error *error) {
  uint32_t n_sources = count_role(self->plan, ROLE_SOURCE);
  uint32_t n_sinks = count_role(self->plan, ROLE_SINK);
  self->sources = calloc(n_sources + 1, sizeof *self->sources);
  self->sinks = calloc(n_sinks + 1, sizeof *self->sinks);
  if (self->sources == NULL || self->sinks == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the pipeline's ends");
  }
  uint32_t actor = work_worker_rows(self); /* the first rows of the metrics are the workers' */
  for (uint32_t i = 0; i < self->n_instances; i++) {
    instance *stage = &self->instances[i];
    stage_role role = stage->planned->info->role;
    if (role == ROLE_SOURCE) {
      source *made = &self->sources[self->n_sources];
      int rc = source_init(made, self, stage, segment_of(self, i), self->n_sources++);
      made->emitter.cell = metrics_cell_of(self->metrics, actor++, i);
      if (rc != 0) {
        return error_set(error, rc, "no-memory", "no memory for source '%s'", stage->planned->id);
      }
    } else if (role == ROLE_SINK) {
      sink *made = &self->sinks[self->n_sinks++];
      made->cell = metrics_cell_of(self->metrics, actor++, i);
      int rc = sink_init(made, self, stage, segment_of(self, i), error);
      if (rc != 0) {
        return rc;
      }
    }
  }
  return 0;
}

static uint32_t count_tickets(const runtime *self) {
  uint32_t n_ends = count_role(self->plan, ROLE_SOURCE) + count_role(self->plan, ROLE_SINK);
  uint32_t n = n_ends * (SINK_BATCH_MAX + 1);
  for (uint32_t i = 0; i < self->n_segments; i++) {
    n += self->segments[i].work == &async_work ? work_async_slots(self) : 0;
  }
  return n;
}

/* The parts that know no stage. */
static int build_base(runtime *self, qn_error *error) {
  const plan *planned = self->plan;
  int rc = loop_init(&self->loop);
  if (rc != 0) {
    return error_set(error, rc, "no-loop", "cannot open an event loop: %s", strerror(-rc));
  }
  self->has_loop = true;
  bell_init(&self->stop_bell, on_stop, self);
  bell_init(&self->credit_bell, on_credit, self);
  bell_init(&self->settled_bell, on_settled, self);
  uv_timer_init(&self->loop.uv, &self->tick);
  uv_timer_init(&self->loop.uv, &self->look_timer);
  self->tick.data = self;
  self->look_timer.data = self;
  self->has_timers = true;
  pthread_mutex_init(&self->mutex, NULL);
  self->has_mutex = true;
  admission_init(&self->admission, planned->limits.documents, planned->limits.bytes, ring_credit, self);
  atomic_init(&self->quota, (int64_t)self->options.limit_documents);
  park_init(&self->work_park);
  document_limits limits = { planned->limits.document_bytes, planned->limits.document_memory };
  if (graph_build(self) != 0 || completions_init(&self->completions, &self->loop, count_tickets(self)) != 0 ||
      document_pool_new(planned->schemas, &limits, &self->pool) != 0 ||
      metrics_new(work_worker_rows(self) + planned->n_stages + planned->n_segments, planned->n_stages,
                  &self->metrics) != 0 ||
      retries_new(self, &self->retries) != 0 ||
      (self->options.listeners == NULL && listeners_new(&self->own_listeners) != 0)) {
    return error_set(error, -ENOMEM, "no-memory", "no memory to run the pipeline");
  }
  self->listeners = self->options.listeners != NULL ? self->options.listeners : self->own_listeners;
  return 0;
}

static int build(runtime *self, const qn_stage *const *tables, qn_error *error) {
  int rc = build_base(self, error);
  if (rc != 0) {
    return rc;
  }
  if (build_instances(self, tables) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory to run the pipeline");
  }
  for (uint32_t i = 0; i < self->n_instances; i++) {
    bool is_here = !self->plan->stages[i].isolate || self->options.unisolated;
    rc = is_here ? instance_create(&self->instances[i], error) : 0;
    if (rc != 0) {
      return rc;
    }
  }
  graph_shorten(self);
  rc = build_ends(self, error);
  if (rc == 0 && self->options.letters != NULL) {
    rc = desk_new(self, &self->desk);
    if (rc != 0) {
      error_set(error, rc, "no-threads", "cannot start a thread for dead letters: %s", strerror(-rc));
    }
  }
  return rc == 0 ? crew_new(self, self->options.n_workers, &self->crew, error) : rc;
}

int runtime_new(const plan *self, const qn_stage *const *tables, const runtime_options *options, runtime **ret_runtime,
                qn_error *error) {
  runtime *made = aligned_alloc(_Alignof(runtime), sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory to run the pipeline");
  }
  memset((void *)made, 0, sizeof *made);
  made->plan = self;
  made->options = *options;
  if (made->options.n_workers == 0) {
    made->options.n_workers = uv_available_parallelism();
  }
  if (made->options.n_workers > WORKERS_MAX) {
    made->options.n_workers = WORKERS_MAX;
  }
  made->hooks = (host_hooks){ .log = hook_log,
                              .emit_reserve = emit_reserve,
                              .emit_field = emit_field,
                              .emit_commit = emit_commit,
                              .emit_reject = emit_reject,
                              .complete = hook_complete,
                              .extension = hook_extension,
                              .arg = made };
  int rc = build(made, tables, error);
  if (rc != 0) {
    runtime_free(made);
    return rc;
  }
  *ret_runtime = made;
  return 0;
}

int runtime_load(const plan *self, registry *from, const runtime_options *options, runtime **ret_runtime,
                 qn_error *error) {
  const qn_stage *tables[PLAN_STAGES_MAX];
  for (uint32_t i = 0; i < self->n_stages; i++) {
    tables[i] = NULL; /* no code of an isolated stage's plugin runs in this process */
    int rc = self->stages[i].isolate ? 0 : registry_load(from, self->stages[i].info, &tables[i], error);
    if (rc != 0) {
      return rc;
    }
  }
  return runtime_new(self, tables, options, ret_runtime, error);
}

/* --- running --- */

static bool has_async_source(const runtime *self) {
  for (uint32_t i = 0; i < self->n_sources; i++) {
    if (self->sources[i].async) {
      return true;
    }
  }
  return false;
}

/* Sinks before sources. What fails to start stops what has started, by the ordinary way. */
static void start(runtime *self) {
  qn_error error = { 0 };
  const instance *culprit = NULL;
  for (uint32_t i = 0; i < self->n_sinks && culprit == NULL; i++) {
    culprit = sink_start(&self->sinks[i], &error) != 0 ? self->sinks[i].stage : NULL;
  }
  for (uint32_t i = 0; i < self->n_sources && culprit == NULL; i++) {
    culprit = source_start(&self->sources[i], &error) != 0 ? self->sources[i].stage : NULL;
  }
  if (culprit != NULL) {
    runtime_fail(self, culprit, &error);
  }
  if (self->options.tick_ms > 0 && self->options.tick != NULL) {
    uv_timer_start(&self->tick, on_tick, self->options.tick_ms, self->options.tick_ms);
  }
  if (has_async_source(self)) {
    look_often(self);
  }
  loop_ring(&self->loop, &self->settled_bell);
}

static void assert_conserved(const runtime *self) {
  runtime_counts counts;
  runtime_counts_get(self, &counts);
  assert(counts.in_flight == 0 && admission_bytes(&self->admission) == 0);
  assert(counts.admitted == counts.delivered + counts.dropped + counts.dead_lettered + counts.unfinished);
  (void)counts;
}

int runtime_run(runtime *self, qn_error *error) {
  int rc = self->options.signals ? signals_open(self, &self->signals) : 0;
  if (rc != 0) {
    return error_set(error, rc, "no-signals", "cannot watch for signals: %s", strerror(-rc));
  }
  start(self);
  while (!self->finished) {
    uv_run(&self->loop.uv, UV_RUN_ONCE);
  }
  signals_close(self->signals);
  self->signals = NULL;
  uv_timer_stop(&self->tick);
  uv_timer_stop(&self->look_timer);
  if (!self->stuck) {
    assert_conserved(self);
  }
  if (self->failure.code != 0) {
    *error = self->failure;
    return self->failure.code;
  }
  if (runtime_standing(self) == RUN_INTERRUPTED) {
    return error_set(error, -EINTR, "interrupted", "stopped before the end of the input");
  }
  return 0;
}

bool runtime_sources_ended(const runtime *self) {
  return runtime_standing(self) != RUN_GOES_ON && atomic_load(&self->n_running) == 0;
}

bool runtime_is_stuck(const runtime *self) {
  return self != NULL && self->crew != NULL && crew_is_stuck(self->crew);
}

void runtime_abandon(runtime *self) {
  pthread_mutex_lock(&self->mutex);
  if (self->failure.code == 0) {
    error_set(&self->failure, -ECANCELED, "abandoned", "was ended before its documents had come out");
  }
  pthread_mutex_unlock(&self->mutex);
  runtime_halt(self, RUN_FAILED);
}

void runtime_stop(runtime *self) {
  runtime_halt(self, RUN_INTERRUPTED);
}

/* --- taking down --- */

void runtime_free(runtime *self) {
  if (self == NULL) {
    return;
  }
  if (!crew_free(self->crew)) {
    return; /* a stage still runs, with all this in its hands: it is left to it */
  }
  self->crew = NULL;
  for (uint32_t i = self->n_instances; i-- > 0;) {
    instance_destroy(&self->instances[i]);
  }
  for (uint32_t i = 0; i < self->n_segments; i++) {
    segment *at = &self->segments[i];
    if (at->work != NULL && at->work->release != NULL) {
      at->work->release(self, at);
    }
  }
  desk_free(self->desk);
  for (uint32_t i = 0; i < self->n_sources; i++) {
    source_done(&self->sources[i]);
  }
  for (uint32_t i = 0; i < self->n_sinks; i++) {
    sink_done(&self->sinks[i]);
  }
  receipt_pool_done(&self->receipts);
  document_pool_free(self->pool);
  completions_done(&self->completions);
  listeners_free(self->own_listeners);
  signals_close(self->signals);
  retries_close(self->retries);
  if (self->has_timers) {
    uv_close((uv_handle_t *)&self->tick, NULL);
    uv_close((uv_handle_t *)&self->look_timer, NULL);
  }
  if (self->has_loop) {
    loop_done(&self->loop);
  }
  if (self->has_mutex) {
    pthread_mutex_destroy(&self->mutex);
  }
  retries_free(self->retries);
  metrics_free(self->metrics);
  free(self->instances);
  graph_free(self);
  free(self->sources);
  free(self->sinks);
  free(self);
}

/* --- account --- */

void runtime_counts_get(const runtime *self, runtime_counts *ret_counts) {
  runtime_counts counts = {
    .delivered = atomic_load(&self->settled[LEAF_DELIVERED]),
    .dropped = atomic_load(&self->settled[LEAF_DROPPED]) + atomic_load(&self->settled[LEAF_ABSENT]),
    .dead_lettered = atomic_load(&self->settled[LEAF_FAILED]),
    .unfinished = atomic_load(&self->settled[LEAF_UNFINISHED]),
    .bytes_settled = atomic_load(&self->bytes_settled),
  };
  counts.admitted = atomic_load(&self->next_sequence);
  counts.parts = atomic_load(&self->n_parts);
  counts.bytes_admitted = atomic_load(&self->bytes_admitted);
  counts.in_flight = admission_documents(&self->admission);
  bool all_known = true;
  for (uint32_t i = 0; i < self->n_sources; i++) {
    const instance *stage = self->sources[i].stage;
    uint64_t total = atomic_load_explicit(&stage->input_total, memory_order_relaxed);
    counts.input_done += atomic_load_explicit(&stage->input_done, memory_order_relaxed);
    counts.input_total += total;
    all_known &= total > 0;
  }
  if (!all_known) {
    counts.input_total = 0;
  }
  /* What is taken but still in flight is not done. */
  if (counts.admitted > 0) {
    uint64_t n_settled = counts.delivered + counts.dropped + counts.dead_lettered + counts.unfinished;
    counts.input_done = (uint64_t)((double)counts.input_done * (double)n_settled / (double)counts.admitted);
  }
  *ret_counts = counts;
}

void runtime_stage_get(const runtime *self, uint32_t stage, metrics_sum *ret_sum) {
  metrics_sum_of(self->metrics, stage, ret_sum);
}

void runtime_passage_get(runtime *self, runtime_passage *ret_passage) {
  *ret_passage = (runtime_passage){ .bytes_in_flight = admission_bytes(&self->admission) };
  histogram_sum_add(&ret_passage->took, &self->took);
  int64_t oldest_ms = receipt_pool_oldest_ms(&self->receipts);
  int64_t now_ms = runtime_now_ms(self);
  ret_passage->oldest_ms = oldest_ms != 0 && oldest_ms < now_ms ? (uint64_t)(now_ms - oldest_ms) : 0;
}

uint32_t runtime_queue_get(const runtime *self, uint32_t stage) {
  const segment *at = &self->segments[self->plan->stages[stage].segment];
  return at->has_border && at->planned->stages[0] == stage ? border_count(&at->border) : 0;
}

void runtime_memory_get(const runtime *self, uint32_t stage, host_memory *ret_memory) {
  const segment *at = &self->segments[self->plan->stages[stage].segment];
  const qn_env *env = self->instances[stage].env;
  *ret_memory = (host_memory){ 0 };
  if (at->work != NULL && at->work->memory != NULL) {
    at->work->memory(at, ret_memory);
  } else if (env != NULL) {
    host_memory_get(env, ret_memory);
  }
}

uint32_t runtime_restarts_get(const runtime *self, uint32_t stage) {
  const segment *at = &self->segments[self->plan->stages[stage].segment];
  uint32_t n = atomic_load_explicit(&self->instances[stage].n_given_up, memory_order_relaxed);
  return n + (at->work != NULL && at->work->restarts != NULL ? at->work->restarts(at) : 0);
}

uint32_t runtime_n_workers(const runtime *self) {
  return self->options.n_workers;
}
