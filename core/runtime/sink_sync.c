/* SPDX-License-Identifier: Apache-2.0 */

/* The sync form of sinks: a lent thread that may block in write and flush. */
#include <errno.h>
#include <string.h>

#include "runtime/outcome.h"
#include "runtime/retry.h"
#include "runtime/sink.h"
#include "runtime/trace.h"

enum { CONFIRMED_PARTS = 8 }; /* of the credit: what is confirmed settles by so much at once */

/* Sleeps before another try, a little at a time so that a stop is seen. False: the run stops, do not try again. */
static bool pause_before_retry(sink *self, uint32_t delay_ms) {
  uint64_t until_ns = metrics_now_ns() + (uint64_t)delay_ms * 1000000;
  uint64_t now_ns = metrics_now_ns();
  while (now_ns < until_ns && runtime_standing(self->runtime) < RUN_INTERRUPTED) {
    uint64_t left_ns = until_ns - now_ns;
    struct timespec nap = { .tv_nsec = (long)(left_ns < 10000000 ? left_ns : 10000000) };
    nanosleep(&nap, NULL);
    now_ns = metrics_now_ns();
  }
  return runtime_standing(self->runtime) < RUN_INTERRUPTED;
}

static sink_item *item_of(qn_item *item) {
  return (sink_item *)item; /* item is its first member */
}

/* Who dies while it writes had these in hand. */
static void hold(qn_item **items, uint32_t n_items) {
  for (uint32_t i = 0; i < n_items; i++) {
    hand_begin(receipt_hand(item_of(items[i])->leaf->receipt));
  }
}

static void let_go(qn_item **items, uint32_t n_items) {
  for (uint32_t i = 0; i < n_items; i++) {
    hand_end(receipt_hand(item_of(items[i])->leaf->receipt));
  }
}

/* What is late is not taken for failed, since it may well have been written: its flag is raised, and it may give up. */
static void limit_begin(sink *self, host_call *calls, uint32_t n_calls, uint64_t begin_ns) {
  uint64_t limit_ns = (uint64_t)self->stage->planned->timeout_ms * 1000000;
  if (limit_ns > 0) {
    size_t stride = calls == &self->flush_call ? sizeof *calls : sizeof(sink_item);
    watch_begin_apart(&self->watch, NULL, calls, n_calls, stride, self->stage->index, begin_ns, limit_ns);
  }
}

static void limit_end(sink *self) {
  if (self->stage->planned->timeout_ms > 0) {
    watch_end(&self->watch); /* given up or not: what it has in hand is still its own */
  }
}

bool sink_is_stuck(sink *self, uint64_t now_ns) {
  return self->async ? sink_async_is_stuck(self, now_ns) : watch_look(&self->watch, now_ns);
}

static void write_timed(sink *out, qn_item **items, uint32_t n_items) {
  uint64_t begin_ns = metrics_now_ns();
  hold(items, n_items);
  limit_begin(out, &out->items[0].call, out->n_items, begin_ns);
  out->stage->table->sink->write(out->stage->self, items, n_items);
  limit_end(out);
  let_go(items, n_items);
  uint64_t end_ns = metrics_now_ns();
  metrics_took(out->cell, end_ns - begin_ns, n_items, 1);
  for (uint32_t i = 0; i < n_items; i++) {
    const leaf *it = item_of(items[i])->leaf;
    trace_note(it->receipt, out->stage->index, TRACE_WRITE, it->attempt, items[i]->status, begin_ns, end_ns);
  }
}

/* It will not do any more. What it has confirmed is delivered all the same, but for items that have not been sorted out. Whatever it
 * has taken otherwise goes back, also if it was taken after it broke: a flush is not asked twice. */
static void break_off(sink *self, const qn_error *error) {
  qn_error why = *error; /* finish() may use its place */
  self->n_confirmed = self->n_confirmed < self->n_written ? self->n_confirmed : self->n_written;
  sink_confirmed(self);
  sink_break(self, &why);
}

/* Ends the items that were written, by their statuses. Returns how many want another try, moved to the front. */
static uint32_t sort_out(sink *self, qn_item **items, uint32_t n_items) {
  uint32_t n_again = 0;
  for (uint32_t i = 0; i < n_items; i++) {
    sink_item *item = item_of(items[i]);
    qn_error *error = &item->call.error;
    switch (sink_checked(self, items[i]->status, error, false)) {
    case QN_STATUS_OK:
      if (self->finished) {
        sink_pass(self, item->leaf); /* it was let go of */
      } else {
        sink_item_written(self, item);
      }
      break;
    case QN_STATUS_RETRY:
      items[n_again++] = items[i];
      break;
    case QN_STATUS_REJECT:
      sink_item_failed(self, item, error);
      break;
    default:
      if (!self->broken) {
        break_off(self, error);
      }
      sink_pass(self, item->leaf);
      break;
    }
  }
  return n_again;
}

/* Prepares those for another try that have one left; the rest fail. Returns how many are left. */
static uint32_t again(sink *self, qn_item **items, uint32_t n_items) {
  const plan_retry *retry = &self->stage->planned->retry;
  uint32_t attempt = item_of(items[0])->leaf->attempt;
  bool left = !self->broken && attempt < retry->attempts &&
              pause_before_retry(self, retry_delay_ms(retry, attempt, item_of(items[0])->leaf->receipt->sequence));
  for (uint32_t i = 0; i < n_items; i++) {
    sink_item *item = item_of(items[i]);
    if (left) {
      leaf *it = item->leaf;
      it->attempt++;
      metrics_add(&self->cell->retried, 1);
      sink_item_begin(self, item, it);
    } else if (self->broken) {
      sink_pass(self, item->leaf);
    } else if (outcome_is_left(self->runtime, item->leaf, self->stage)) {
      sink_item_left(self, item);
    } else {
      sink_item_failed(self, item, &item->call.error);
    }
  }
  return left ? n_items : 0;
}

/* To settle costs the more the fewer it is done for, and wakes sources that would wait for a part of the credit. */
static uint32_t confirmed_enough(const sink *self) {
  uint32_t limit = self->runtime->admission.limit_documents;
  return limit < CONFIRMED_PARTS ? 1 : limit / CONFIRMED_PARTS;
}

static void write_leaves(sink *self, leaf **leaves, uint32_t n_leaves) {
  qn_item *items[SINK_BATCH_MAX];
  uint32_t n_items = 0;
  for (uint32_t i = 0; i < n_leaves; i++) {
    leaf_look_ahead(leaves, n_leaves, i);
    if (sink_only_passes(self, leaves[i])) {
      sink_pass(self, leaves[i]);
    } else {
      sink_item *item = &self->items[n_items];
      sink_item_begin(self, item, leaves[i]);
      items[n_items++] = &item->item;
    }
  }
  self->waiting_ns = n_items > 0 ? 0 : self->waiting_ns;
  while (n_items > 0) {
    write_timed(self, items, n_items);
    n_items = sort_out(self, items, n_items);
    n_items = n_items > 0 ? again(self, items, n_items) : 0;
  }
  if (self->n_confirmed >= confirmed_enough(self) || self->n_confirmed > self->n_written) {
    sink_confirmed(self);
  }
  /* What has ended gives its credit back now; only what waits for the flush keeps it. */
  settle_flush(&self->settler);
}

/* Not all is durable yet. What is settles when it is worth it, or when nothing more comes of it at the moment. */
static void go_on(sink *self, uint64_t n_before) {
  if (self->n_confirmed == n_before || self->n_confirmed >= confirmed_enough(self)) {
    sink_confirmed(self);
  }
  self->oldest_ns = metrics_now_ns();
}

/* A flush that follows another in vain goes on with the same wait: many short ones have no more time than one that is long. */
static uint64_t wait_since(sink *self, uint64_t now_ns) {
  if (self->waiting_ns == 0) {
    self->waiting_ns = now_ns;
    atomic_store_explicit(&self->flush_call.cancelled, 0, memory_order_relaxed);
  }
  return self->waiting_ns;
}

static void flush(sink *out) {
  if (out->n_written == 0) {
    return;
  }
  const plan_retry *retry = &out->stage->planned->retry;
  host_call *call = &out->flush_call;
  for (uint32_t attempt = 1;; attempt++) {
    call->error = (qn_error){ 0 };
    call->call.attempt = attempt;
    call->call.now_ms = runtime_now_ms(out->runtime);
    sink_flush_begin(out);
    uint64_t n_before = out->n_confirmed;
    uint64_t begin_ns = metrics_now_ns();
    limit_begin(out, call, 1, wait_since(out, begin_ns));
    qn_status status = out->stage->table->sink->flush(out->stage->self, &call->call);
    limit_end(out);
    metrics_add(&out->cell->time_ns, metrics_now_ns() - begin_ns);
    status = sink_checked(out, status, &call->error, out->stage->confirms);
    if (status == QN_STATUS_OK) {
      out->waiting_ns = 0;
      sink_flushed(out);
      return;
    }
    if (status == QN_STATUS_PENDING) {
      out->waiting_ns = out->n_confirmed == n_before ? out->waiting_ns : 0;
      go_on(out, n_before);
      return;
    }
    out->waiting_ns = 0;
    if (status != QN_STATUS_RETRY || attempt >= retry->attempts ||
        !pause_before_retry(out, retry_delay_ms(retry, attempt, 0))) {
      break_off(out, &call->error);
      return;
    }
  }
}

/* Waking a sleeper costs whoever wakes it some 15 microseconds on a virtual machine, a twentieth of a short document. A
 * sink that is woken again and again looks by itself every so often instead, and nobody wakes it. */
enum { NAP_NS = 500000, NAP_AFTER = 64 };

/* How a sink rests. */
typedef struct rests {
  uint64_t begin_ns; /* of the last sleep */
  uint32_t n_short;  /* sleeps that followed each other closely */
} rests;

static void sleep_for_more(sink *self, rests *last) {
  uint64_t now_ns = metrics_now_ns();
  last->n_short = now_ns - last->begin_ns < 2 * NAP_NS ? last->n_short + 1 : 0;
  last->begin_ns = now_ns;
  uint32_t key = park_prepare(&self->park);
  if (border_ready(&self->segment->border) || atomic_load(&self->closing)) {
    park_cancel(&self->park);
  } else {
    activity_end(&self->runtime->activity);
    park_wait(&self->park, key, 0);
    activity_begin(&self->runtime->activity);
  }
}

/* If there is nothing to take it sleeps as before, also if the rest waits behind one that is still on its way; and if all that is in
 * flight came, since then everybody waited for this nap. */
static void nap_for_more(sink *self, rests *last) {
  const struct timespec moment = { .tv_nsec = NAP_NS };
  nanosleep(&moment, NULL);
  const border *from = &self->segment->border;
  if (!border_ready(from) || border_count(from) >= admission_documents(&self->runtime->admission)) {
    last->n_short = 0;
  }
}

static void wait_for_more(sink *self, rests *last) {
  uint32_t round = 0;
  while (!border_ready(&self->segment->border) && park_pause(round++)) {
  }
  if (border_ready(&self->segment->border)) {
    return;
  }
  if (last->n_short >= NAP_AFTER) {
    nap_for_more(self, last);
  } else {
    sleep_for_more(self, last);
  }
}

static void *sink_main(void *arg) {
  sink *self = arg;
  activity_begin(&self->runtime->activity);
  leaf *leaves[SINK_BATCH_MAX];
  rests last = { 0 };
  for (;;) {
    uint32_t n = border_take(&self->segment->border, leaves, self->n_items);
    if (n > 0) {
      write_leaves(self, leaves, n);
      if (self->n_written > 0 && metrics_now_ns() - self->oldest_ns >= SINK_FLUSH_NS) {
        flush(self);
      }
    } else if (self->n_written > 0) {
      flush(self);
    } else if (atomic_load(&self->closing)) {
      break;
    } else {
      wait_for_more(self, &last);
    }
  }
  sink_finish(self);
  activity_end(&self->runtime->activity);
  loop_ring(&self->runtime->loop, &self->ended_bell);
  return NULL;
}

static void on_thread_ended(void *arg) {
  sink *self = arg;
  pthread_join(self->thread, NULL);
  self->has_thread = false;
  sink_ended(self);
}

int sink_start(sink *self, qn_error *error) {
  atomic_fetch_add(&self->runtime->n_sinks_open, 1);
  if (self->async) {
    sink_async_start(self);
    return 0;
  }
  self->segment->border.park = &self->park;
  bell_init(&self->ended_bell, on_thread_ended, self);
  int rc = runtime_thread(&self->thread, sink_main, self, "sink");
  self->has_thread = rc == 0;
  if (rc != 0) {
    atomic_fetch_sub(&self->runtime->n_sinks_open, 1);
    error_set(error, rc, "no-threads", "cannot start a thread for sink '%s': %s", self->stage->planned->id,
              strerror(-rc));
  }
  return rc;
}

void sink_close(sink *self, bool success) {
  self->success = success;
  if (self->async) {
    sink_async_close(self);
  } else if (self->has_thread) {
    atomic_store(&self->closing, true);
    park_wake_all(&self->park);
  }
}
