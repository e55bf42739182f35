/* SPDX-License-Identifier: Apache-2.0 */

/* A source's life, and the sync form's lent thread; the async form's turns are in source_async.c. */
#include "runtime/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/retry.h"
#include "runtime/trace.h"

enum { RECEIPTS_MAX = 256, LOOK_AT_CLOCK_EVERY = 16 };

void source_call_begin(source *self) {
  self->call.error.code = 0;
  self->call.error.slug[0] = '\0';
  self->call.error.message[0] = '\0';
  self->call.call.now_ms = runtime_now_ms(self->runtime);
  self->call.call.attempt = self->attempts + 1;
}

/* --- credit, and what a source's documents are --- */

static int take_quota(runtime *self) {
  if (self->options.limit_documents == 0 || atomic_fetch_sub(&self->quota, 1) > 0) {
    return 0;
  }
  atomic_fetch_add(&self->quota, 1);
  return -ECANCELED;
}

static void give_quota(runtime *self) {
  if (self->options.limit_documents != 0) {
    atomic_fetch_add(&self->quota, 1);
  }
}

/* An async source that is refused is told later; it looks once more after asking for that. */
static int take_now(source *self, uint64_t bytes) {
  admission *credits = &self->runtime->admission;
  int rc = admission_try(credits, bytes);
  if (rc != -EAGAIN || self->starved) {
    return rc;
  }
  admission_starve(credits);
  rc = admission_try(credits, bytes);
  if (rc == -EAGAIN) {
    self->starved = true;
    activity_end(&self->runtime->activity);
  } else {
    admission_sated(credits);
  }
  return rc;
}

static int wait_for_room(source *self, uint64_t bytes, uint64_t wait_ns) {
  runtime *rt = self->runtime;
  int rc = admission_try(&rt->admission, bytes);
  if (rc != -EAGAIN) {
    return rc;
  }
  flow_flush(&self->flow);
  uint64_t begin_ns = metrics_now_ns();
  activity_end(&rt->activity);
  rc = admission_wait_for(&rt->admission, bytes, wait_ns);
  activity_begin(&rt->activity);
  self->waited_ns += metrics_now_ns() - begin_ns;
  return rc;
}

/* Credit that was waited for is there already; only its size may differ. */
static bool take_kept(source *self, uint64_t bytes) {
  uint64_t kept = self->kept_bytes;
  self->kept_bytes = 0;
  if (kept != 0 && kept != bytes) {
    admission_charge(&self->runtime->admission, (int64_t)bytes - (int64_t)kept);
  }
  return kept != 0;
}

static int take_credit(emitter *out, uint64_t bytes) {
  source *self = (source *)out;
  if (take_kept(self, bytes)) {
    return 0;
  }
  int rc = take_quota(self->runtime);
  if (rc != 0) {
    return rc;
  }
  rc = self->async ? take_now(self, bytes) : wait_for_room(self, bytes, UINT64_MAX);
  if (rc != 0) {
    give_quota(self->runtime);
  }
  return rc;
}

static void give_credit(emitter *out, uint64_t bytes) {
  admission_release(&out->runtime->admission, 1, bytes);
  give_quota(out->runtime);
}

static int wait_credit(emitter *out, uint64_t bytes, uint32_t wait_ms) {
  source *self = (source *)out;
  if (self->async) {
    return -EINVAL;
  }
  if (take_kept(self, bytes)) {
    self->kept_bytes = bytes;
    return 0;
  }
  int rc = take_quota(self->runtime);
  if (rc != 0) {
    return rc;
  }
  rc = wait_for_room(self, bytes, (uint64_t)wait_ms * 1000000);
  if (rc != 0) {
    give_quota(self->runtime);
    return rc;
  }
  self->kept_bytes = bytes;
  return 0;
}

static void describe(const emitter *out, qn_emit *emit, qn_str *ret_origin) {
  (void)out;
  *ret_origin = emit->source;
}

/* A clock for every document would cost more than its hops. */
static void time_some(source *self, receipt *held) {
  self->n_admitted++;
  if (--self->n_until_timed == 0) {
    self->n_until_timed = self->n_admitted < METRICS_ALL_FIRST ? 1 : METRICS_SAMPLE_EVERY;
    held->begin_weight = self->n_admitted <= METRICS_ALL_FIRST ? 1 : METRICS_SAMPLE_EVERY;
    held->begin_ns = metrics_now_ns();
  }
}

static void admitted(emitter *out, receipt *held) {
  source *self = (source *)out;
  runtime *rt = self->runtime;
  held->source = self->index;
  held->now_ms = runtime_now_ms(rt);
  time_some(self, held);
  atomic_store_explicit(&held->since_ms, held->now_ms, memory_order_relaxed);
  held->sequence = atomic_fetch_add(&rt->next_sequence, 1);
  if (rt->options.tracer != NULL) {
    trace_pick(rt->options.tracer, held, held->first.document, rt->plan);
  }
  atomic_fetch_add_explicit(&rt->bytes_admitted, held->payload_bytes, memory_order_relaxed);
  metrics_add(&out->cell->documents, 1);
  metrics_add(&out->cell->bytes, held->payload_bytes);
  flow_strange(out->flow, out->segment, &held->first);
}

static void sent(emitter *out) {
  runtime *rt = out->runtime;
  flow_flush(out->flow);
  if (rt->options.limit_documents != 0 && atomic_load(&rt->next_sequence) >= rt->options.limit_documents) {
    runtime_halt(rt, RUN_LIMIT);
  }
}

static const emitter_kind source_kind = { .take_credit = take_credit,
                                          .wait_credit = wait_credit,
                                          .give_credit = give_credit,
                                          .describe = describe,
                                          .admitted = admitted,
                                          .sent = sent };

/* --- the lent thread --- */

/* Sleeps before another try of next(), a little at a time so that a stop is seen. */
static void pause_before_retry(source *self, uint32_t delay_ms) {
  uint64_t until_ns = metrics_now_ns() + (uint64_t)delay_ms * 1000000;
  while (runtime_standing(self->runtime) == RUN_GOES_ON && metrics_now_ns() < until_ns) {
    struct timespec nap = { .tv_nsec = 10 * 1000000 };
    nanosleep(&nap, NULL);
  }
}

static void fail(source *self, qn_status status) {
  qn_error *error = &self->call.error;
  if (status != QN_STATUS_RETRY && status != QN_STATUS_REJECT && status != QN_STATUS_FATAL) {
    error_set(error, -EPROTO, "bad-status", "returned status %d, which a source may not; a fault of the plugin",
              (int)status);
  } else if (error->message[0] == '\0') {
    error_set(error, -EPROTO, "no-message", "failed without saying why: a fault of the plugin, which must call fail()");
  }
  if (runtime_standing(self->runtime) == RUN_GOES_ON) {
    runtime_fail(self->runtime, self->stage, error);
  } else {
    runtime_log(self->runtime, self->stage->planned->id, QN_LOG_WARNING, "while stopping: %s", error->message);
  }
}

/* True if next() is to be called again. */
static bool turn(source *in) {
  const qn_source *table = in->stage->table->source;
  source_call_begin(in);
  qn_status status = table->next(in->stage->self, &in->call.call);
  emitter_abandon(&in->emitter);
  if (in->kept_bytes != 0) {
    give_credit(&in->emitter, in->kept_bytes);
    in->kept_bytes = 0;
  }
  if (status == QN_STATUS_MORE) {
    in->attempts = 0;
    return true;
  }
  const plan_retry *retry = &in->stage->planned->retry;
  if (status == QN_STATUS_RETRY && in->attempts + 1 < retry->attempts) {
    in->attempts++;
    metrics_add(&in->emitter.cell->retried, 1);
    pause_before_retry(in, retry_delay_ms(retry, in->attempts, in->index));
    return true;
  }
  if (status != QN_STATUS_OK) {
    fail(in, status);
  }
  return false;
}

static void *source_main(void *arg) {
  source *self = arg;
  uint64_t begin_ns = metrics_now_ns();
  bool more = true;
  for (uint32_t n_turns = 1; more; n_turns++) {
    more = runtime_standing(self->runtime) == RUN_GOES_ON && turn(self);
    if (!more || n_turns % LOOK_AT_CLOCK_EVERY == 0) {
      uint64_t busy_ns = metrics_now_ns() - begin_ns - self->waited_ns;
      atomic_store_explicit(&self->emitter.cell->time_ns, busy_ns, memory_order_relaxed);
    }
  }
  loop_ring(&self->runtime->loop, &self->ended_bell);
  return NULL;
}

/* --- on the loop --- */

static void on_thread_ended(void *arg) {
  source *self = arg;
  pthread_join(self->thread, NULL);
  self->has_thread = false;
  source_ended(self);
}

void source_ended(source *self) {
  emitter_abandon(&self->emitter);
  if (self->starved) {
    self->starved = false;
    admission_sated(&self->runtime->admission);
  } else {
    activity_end(&self->runtime->activity);
  }
  self->running = false;
  atomic_fetch_sub(&self->runtime->n_running, 1);
  loop_ring(&self->runtime->loop, &self->runtime->settled_bell);
}

static uint32_t outcome_of_receipt(const receipt *self) {
  uint32_t worst = atomic_load_explicit(&self->worst, memory_order_relaxed);
  return worst == LEAF_DELIVERED ? QN_OUTCOME_DELIVERED
         : worst == LEAF_FAILED  ? QN_OUTCOME_DEAD_LETTERED
                                 : QN_OUTCOME_DROPPED;
}

/* Tells the source of the first of them. Returns the last it told of. */
static receipt *tell_receipts(source *self, receipt *first) {
  qn_receipt told[RECEIPTS_MAX];
  uint32_t n = 0;
  receipt *last = first;
  told[n++] = (qn_receipt){ .cookie = first->cookie, .outcome = outcome_of_receipt(first) };
  for (receipt *at = first->next; at != NULL && n < RECEIPTS_MAX; at = at->next) {
    told[n++] = (qn_receipt){ .cookie = at->cookie, .outcome = outcome_of_receipt(at) };
    last = at;
  }
  self->stage->table->source->settled(self->stage->self, told, n);
  return last;
}

static runtime_end end_of(const runtime *rt, const receipt *held) {
  runtime_end end = { .cookie = held->cookie,
                      .outcome = outcome_of_receipt(held),
                      .record = held->record,
                      .record_bytes = held->record_bytes };
  const failure *why = held->why;
  if (why != NULL) {
    end.stage = rt->plan->stages[why->stage].id;
    end.slug = why->error.slug;
    end.message = why->error.message;
    end.attempts = why->attempts;
  }
  return end;
}

static receipt *tell_ends(source *self, receipt *first) {
  runtime_end told[RECEIPTS_MAX];
  uint32_t n = 0;
  receipt *last = first;
  told[n++] = end_of(self->runtime, first);
  for (receipt *at = first->next; at != NULL && n < RECEIPTS_MAX; at = at->next) {
    told[n++] = end_of(self->runtime, at);
    last = at;
  }
  self->ends(self->ends_arg, told, n);
  for (receipt *at = first; at != last->next; at = at->next) {
    free(at->record);
    free(at->why);
    at->record = NULL;
    at->why = NULL;
  }
  return last;
}

/* Hands receipts to the source and recycles them. */
static void tell_settled(void *arg) {
  source *self = arg;
  receipt *first = atomic_exchange(&self->settled, NULL);
  while (first != NULL) {
    receipt *last = self->ends != NULL ? tell_ends(self, first) : tell_receipts(self, first);
    receipt *rest = last->next;
    receipt_give(&self->runtime->receipts, first, last);
    first = rest;
  }
}

void runtime_watch_ends(runtime *self, uint32_t stage, void (*ends)(void *arg, const runtime_end *ends, uint32_t n),
                        void *arg) {
  source *in = (source *)self->instances[stage].emitter; /* its first member */
  in->ends = ends;
  in->ends_arg = arg;
}

bool source_wants_receipts(const runtime *self, uint32_t index) {
  const source *in = &self->sources[index];
  const qn_source *table = in->stage->table->source;
  return in->ends != NULL || (QN_HAS(table, settled) && table->settled != NULL);
}

void source_settled(runtime *self, receipt *held) {
  source *in = &self->sources[held->source];
  held->next = atomic_load(&in->settled);
  while (!atomic_compare_exchange_weak(&in->settled, &held->next, held)) {
  }
  loop_ring(&self->loop, &in->settled_bell);
}

int source_init(source *self, runtime *rt, instance *stage, segment *seg, uint32_t index) {
  self->emitter = (emitter){ .runtime = rt, .stage = stage, .segment = seg, .kind = &source_kind, .flow = &self->flow };
  self->runtime = rt;
  self->stage = stage;
  self->index = index;
  self->async = stage->planned->info->call == CALL_ASYNC;
  self->n_until_timed = 1;
  stage->emitter = &self->emitter;
  host_call_init(&self->call, stage->env, NULL, NULL);
  bell_init(&self->ended_bell, on_thread_ended, self);
  bell_init(&self->settled_bell, tell_settled, self);
  atomic_init(&self->settled, NULL);
  if (self->async) {
    source_async_init(self);
  }
  return flow_init(&self->flow, rt);
}

int source_start(source *self, qn_error *error) {
  self->running = true;
  activity_begin(&self->runtime->activity);
  atomic_fetch_add(&self->runtime->n_running, 1);
  int rc = 0;
  if (self->async) {
    rc = source_async_start(self, error);
  } else {
    rc = runtime_thread(&self->thread, source_main, self, "source");
    self->has_thread = rc == 0;
    if (rc != 0) {
      error_set(error, rc, "no-threads", "cannot start a thread for source '%s': %s", self->stage->planned->id,
                strerror(-rc));
    }
  }
  if (rc != 0) {
    source_ended(self);
  }
  return rc;
}

void source_stop(source *in) {
  if (runtime_standing(in->runtime) == RUN_FAILED) {
    atomic_store_explicit(&in->call.cancelled, 1, memory_order_relaxed); /* what is in flight will not settle */
  }
  if (!in->running || in->stopped) {
    return;
  }
  in->stopped = true;
  const qn_source *table = in->stage->table->source;
  if (in->async) {
    source_async_stop(in);
  } else if (table->interrupt != NULL) {
    table->interrupt(in->stage->self);
  }
}

void source_done(source *self) {
  emitter_done(&self->emitter);
  flow_done(&self->flow);
  receipt_free_chain(atomic_exchange(&self->settled, NULL));
}

uint32_t runtime_source_stage(const runtime *self, uint32_t index) {
  return self->sources[index].stage->index;
}
