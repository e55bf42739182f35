/* SPDX-License-Identifier: Apache-2.0 */

/* A source's life, and the sync form's lent thread; the async form's turns are in source_async.c. */
#include "runtime/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/retry.h"

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

static int take_waiting(source *self, uint64_t bytes) {
  runtime *rt = self->runtime;
  int rc = admission_try(&rt->admission, bytes);
  if (rc != -EAGAIN) {
    return rc;
  }
  flow_flush(&self->flow);
  uint64_t begin_ns = metrics_now_ns();
  activity_end(&rt->activity);
  rc = admission_wait(&rt->admission, bytes);
  activity_begin(&rt->activity);
  self->waited_ns += metrics_now_ns() - begin_ns;
  return rc;
}

static int take_credit(emitter *out, uint64_t bytes) {
  source *self = (source *)out;
  int rc = take_quota(self->runtime);
  if (rc != 0) {
    return rc;
  }
  rc = self->async ? take_now(self, bytes) : take_waiting(self, bytes);
  if (rc != 0) {
    give_quota(self->runtime);
  }
  return rc;
}

static void give_credit(emitter *out, uint64_t bytes) {
  admission_release(&out->runtime->admission, 1, bytes);
  give_quota(out->runtime);
}

static void describe(const emitter *out, qn_emit *emit, qn_str *ret_origin) {
  (void)out;
  *ret_origin = emit->source;
}

static void admitted(emitter *out, receipt *held) {
  source *self = (source *)out;
  runtime *rt = self->runtime;
  held->source = self->index;
  held->now_ms = runtime_now_ms(rt);
  held->sequence = atomic_fetch_add(&rt->next_sequence, 1);
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

static const emitter_kind source_kind = {
  .take_credit = take_credit, .give_credit = give_credit, .describe = describe, .admitted = admitted, .sent = sent
};

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

/* Hands receipts to the source and recycles them. */
static void tell_settled(void *arg) {
  source *self = arg;
  const qn_source *table = self->stage->table->source;
  receipt *first = atomic_exchange(&self->settled, NULL);
  while (first != NULL) {
    qn_receipt told[RECEIPTS_MAX];
    uint32_t n = 0;
    receipt *last = NULL;
    for (receipt *at = first; at != NULL && n < RECEIPTS_MAX; at = at->next) {
      uint32_t worst = atomic_load_explicit(&at->worst, memory_order_relaxed);
      told[n++] = (qn_receipt){ .cookie = at->cookie,
                                .outcome = worst == LEAF_DELIVERED ? QN_OUTCOME_DELIVERED
                                           : worst == LEAF_FAILED  ? QN_OUTCOME_DEAD_LETTERED
                                                                   : QN_OUTCOME_DROPPED };
      last = at;
    }
    table->settled(self->stage->self, told, n);
    receipt *rest = last->next;
    receipt_give(&self->runtime->receipts, first, last);
    first = rest;
  }
}

bool source_wants_receipts(const runtime *self, uint32_t index) {
  const qn_source *table = self->sources[index].stage->table->source;
  return QN_HAS(table, settled) && table->settled != NULL;
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
  stage->emitter = &self->emitter;
  host_call_init(&self->call, &stage->env, NULL, NULL);
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
