/* SPDX-License-Identifier: Apache-2.0 */

/* The async form of sinks: everything on the loop, in turns that never block.
 *
 * One turn takes what is ready while there are free items, then flushes if nothing more waits and no write is pending, or if
 * what was written is a second old. Nothing is written while a flush is under way. */
#include <errno.h>
#include <string.h>

#include "runtime/outcome.h"
#include "runtime/retry.h"
#include "runtime/sink.h"
#include "runtime/trace.h"

static void pump(sink *sink);

static void give_item(sink *self, sink_item *item) {
  item->next = self->free_items;
  self->free_items = item;
}

static void on_timer(uv_timer_t *timer) {
  pump(timer->data);
}

/* --- items --- */

/* The item waits on the sink's own list; the timer looks at it. */
static void delay_item(sink *self, sink_item *item) {
  const plan_retry *retry = &self->stage->planned->retry;
  leaf *it = item->leaf;
  it->due_ms = uv_now(&self->runtime->loop.uv) + retry_delay_ms(retry, it->attempt, it->receipt->sequence);
  it->attempt++;
  metrics_add(&self->cell->retried, 1);
  item->next = self->delayed;
  self->delayed = item;
  self->n_delayed++;
}

/* The item's write has ended with this status. */
static void end_item(sink *self, sink_item *item, qn_status status, qn_error *error) {
  switch (sink_checked(self, status, error, false)) {
  case QN_STATUS_OK:
    if (self->broken) {
      sink_pass(self, item->leaf);
    } else {
      sink_item_written(self, item);
    }
    give_item(self, item);
    break;
  case QN_STATUS_RETRY:
    if (!self->broken && item->leaf->attempt < self->stage->planned->retry.attempts &&
        runtime_standing(self->runtime) < RUN_INTERRUPTED) {
      delay_item(self, item);
      break;
    }
    if (self->broken) {
      sink_pass(self, item->leaf);
      give_item(self, item);
      break;
    }
    if (outcome_is_left(self->runtime, item->leaf, self->stage)) {
      sink_item_left(self, item);
      give_item(self, item);
      break;
    }
    /* fall through */
  case QN_STATUS_REJECT:
    sink_item_failed(self, item, error);
    give_item(self, item);
    break;
  default:
    if (!self->broken) {
      sink_break(self, error);
    }
    sink_pass(self, item->leaf);
    give_item(self, item);
    break;
  }
}

/* A document is in the sink until its write has been completed. */
static void note_written(sink *self, const sink_item *item, qn_status status, uint64_t begin_ns, uint64_t end_ns) {
  histogram_add(self->cell->took, end_ns - begin_ns, 1);
  trace_note(item->leaf->receipt, self->stage->index, TRACE_WRITE, item->leaf->attempt, status, begin_ns, end_ns);
}

static void on_written(completion *self) {
  sink_item *item = self->arg;
  sink *out = item->sink;
  out->n_pending--;
  note_written(out, item, self->status, item->pending_ns, metrics_now_ns());
  item->pending_ns = 0;
  end_item(out, item, self->status, &self->error);
  pump(out);
}

static void write_items(sink *out, sink_item **items, uint32_t n_items) {
  qn_item *lent[SINK_BATCH_MAX];
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->call.call.ticket = completion_open(&out->runtime->completions, &items[i]->completion);
    lent[i] = &items[i]->item;
  }
  uint64_t begin_ns = metrics_now_ns();
  out->stage->table->sink->write(out->stage->self, lent, n_items);
  uint64_t end_ns = metrics_now_ns();
  metrics_add(&out->cell->time_ns, end_ns - begin_ns);
  for (uint32_t i = 0; i < n_items; i++) {
    /* A ticket that was used already counts, whatever the status says. */
    if (lent[i]->status == QN_STATUS_PENDING ||
        completion_revoke(&out->runtime->completions, items[i]->call.call.ticket) != 0) {
      out->n_pending++;
      items[i]->pending_ns = begin_ns;
    } else {
      note_written(out, items[i], lent[i]->status, begin_ns, end_ns);
      end_item(out, items[i], lent[i]->status, &items[i]->call.error);
    }
  }
}

/* Takes delayed items that are due; all of them when the run stops. */
static uint32_t take_due(sink *self, sink_item **items) {
  bool all = self->broken || runtime_standing(self->runtime) >= RUN_INTERRUPTED;
  uint64_t now_ms = uv_now(&self->runtime->loop.uv);
  uint32_t n = 0;
  sink_item **link = &self->delayed;
  while (*link != NULL && n < SINK_BATCH_MAX) {
    sink_item *item = *link;
    if (all || item->leaf->due_ms <= now_ms) {
      *link = item->next;
      self->n_delayed--;
      items[n++] = item;
    } else {
      link = &item->next;
    }
  }
  return n;
}

/* Takes what is ready as far as there are free items; passes what has ended. False: nothing was ready. */
static bool take_new(sink *self, sink_item **items, uint32_t *ret_n) {
  leaf *leaves[SINK_BATCH_MAX];
  uint32_t n_free = 0;
  for (sink_item *item = self->free_items; item != NULL; item = item->next) {
    n_free++;
  }
  uint32_t n_leaves = border_take(&self->segment->border, leaves, n_free);
  for (uint32_t i = 0; i < n_leaves; i++) {
    if (sink_only_passes(self, leaves[i])) {
      sink_pass(self, leaves[i]);
    } else {
      sink_item *item = self->free_items;
      self->free_items = item->next;
      item->leaf = leaves[i];
      items[(*ret_n)++] = item;
    }
  }
  return n_leaves > 0;
}

/* Writes one batch. False: there was nothing to take. */
static bool write_some(sink *self) {
  sink_item *items[SINK_BATCH_MAX];
  uint32_t n = take_due(self, items);
  if (n == 0 && !take_new(self, items, &n)) {
    return false;
  }
  for (uint32_t i = 0; i < n; i++) {
    leaf *it = items[i]->leaf;
    sink_item_begin(self, items[i], it);
  }
  if (n > 0) {
    write_items(self, items, n);
  }
  return true;
}

/* --- flush and the turn --- */

static void end_flush(sink *self, qn_status status, qn_error *error) {
  self->flushing = false;
  status = sink_checked(self, status, error, false);
  if (status == QN_STATUS_OK) {
    self->flush_attempts = 0;
    sink_flushed(self);
  } else if (status == QN_STATUS_RETRY && ++self->flush_attempts < self->stage->planned->retry.attempts &&
             runtime_standing(self->runtime) < RUN_INTERRUPTED) {
    self->oldest_ns = metrics_now_ns(); /* the next try is a timer away */
  } else {
    sink_break(self, error);
  }
}

static void on_flushed(completion *ended) {
  sink *self = ended->arg;
  end_flush(self, ended->status, &ended->error);
  pump(self);
}

static void flush(sink *out) {
  host_call *call = &out->flush_call;
  call->error = (qn_error){ 0 };
  call->call.attempt = out->flush_attempts + 1;
  call->call.now_ms = runtime_now_ms(out->runtime);
  call->call.ticket = completion_open(&out->runtime->completions, &out->flush_completion);
  out->flushing = true;
  out->flushing_ns = metrics_now_ns();
  qn_status status = out->stage->table->sink->flush(out->stage->self, &call->call);
  if (status != QN_STATUS_PENDING && completion_revoke(&out->runtime->completions, call->call.ticket) == 0) {
    end_flush(out, status, &call->error);
  }
}

static bool flush_due(const sink *self) {
  if (self->flushing || self->n_written == 0) {
    return false;
  }
  bool idle = self->n_pending == 0 && self->n_delayed == 0 && !border_ready(&self->segment->border) &&
              self->flush_attempts == 0;
  return idle || metrics_now_ns() - self->oldest_ns >= SINK_FLUSH_NS;
}

/* The timer serves the late flush and the items that wait for another try. */
static void set_timer(sink *self) {
  uint64_t wait_ms = self->n_written > 0 ? SINK_FLUSH_NS / 1000000 : 0;
  uint64_t now_ms = uv_now(&self->runtime->loop.uv);
  for (const sink_item *item = self->delayed; item != NULL; item = item->next) {
    uint64_t due_ms = item->leaf->due_ms;
    uint64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 1;
    wait_ms = wait_ms == 0 || left_ms < wait_ms ? left_ms : wait_ms;
  }
  if (wait_ms == 0) {
    uv_timer_stop(&self->timer);
  } else if (!uv_is_active((uv_handle_t *)&self->timer) || self->n_delayed > 0) {
    uv_timer_start(&self->timer, on_timer, wait_ms, 0);
  }
}

static bool drained(const sink *self) {
  return atomic_load(&self->closing) && !self->flushing && self->n_written == 0 && self->n_pending == 0 &&
         self->n_delayed == 0 && !border_ready(&self->segment->border);
}

static void end(sink *self) {
  uv_close((uv_handle_t *)&self->timer, NULL);
  self->has_timer = false;
  sink_finish(self);
  sink_ended(self);
}

/* Whether documents may still come out of it without anybody's doing. */
static void count_activity(sink *self) {
  bool is_active = self->n_pending > 0 || self->n_delayed > 0 || self->n_written > 0 || self->flushing;
  if (is_active && !self->counted) {
    activity_begin(&self->runtime->activity);
  } else if (!is_active && self->counted) {
    activity_end(&self->runtime->activity);
  }
  self->counted = is_active;
}

/* A completion given inside write() or flush() comes back by the bell, so turns do not nest. */
static void pump(sink *self) {
  if (!self->has_timer) {
    return;
  }
  bool wrote = true;
  while (wrote && !self->flushing) {
    wrote = write_some(self);
    if (flush_due(self)) {
      flush(self);
    }
  }
  settle_flush(&self->settler);
  count_activity(self);
  if (drained(self)) {
    end(self);
  } else {
    set_timer(self);
  }
}

static void on_bell(void *arg) {
  pump(arg);
}

static void ring_pump(void *arg) {
  sink *self = arg;
  loop_ring(&self->runtime->loop, &self->pump_bell);
}

/* The flag says that nobody waits; what has not ended a good while after that will not. */
static bool is_overdue(host_call *call, uint64_t since_ns, uint64_t now_ns, uint64_t limit_ns) {
  if (now_ns - since_ns < limit_ns) {
    return false;
  }
  atomic_store_explicit(&call->cancelled, 1, memory_order_relaxed);
  return now_ns - since_ns >= limit_ns + watch_grace_ns(limit_ns);
}

bool sink_async_is_stuck(sink *self, uint64_t now_ns) {
  uint64_t limit_ns = (uint64_t)self->stage->planned->timeout_ms * 1000000;
  if (limit_ns == 0) {
    return false;
  }
  bool stuck = self->flushing && is_overdue(&self->flush_call, self->flushing_ns, now_ns, limit_ns);
  for (uint32_t i = 0; self->n_pending > 0 && i < self->n_items; i++) {
    sink_item *item = &self->items[i];
    stuck = (item->pending_ns != 0 && is_overdue(&item->call, item->pending_ns, now_ns, limit_ns)) || stuck;
  }
  return stuck;
}

void sink_cancel(sink *self) {
  for (uint32_t i = 0; self->async && self->n_pending > 0 && i < self->n_items; i++) {
    if (self->items[i].pending_ns != 0) {
      atomic_store_explicit(&self->items[i].call.cancelled, 1, memory_order_relaxed);
    }
  }
}

void sink_async_start(sink *self) {
  runtime *rt = self->runtime;
  for (uint32_t i = self->n_items; i-- > 0;) {
    completion_init(&rt->completions, &self->items[i].completion, on_written, &self->items[i]);
    give_item(self, &self->items[i]);
  }
  completion_init(&rt->completions, &self->flush_completion, on_flushed, self);
  bell_init(&self->pump_bell, on_bell, self);
  uv_timer_init(&rt->loop.uv, &self->timer);
  self->timer.data = self;
  self->has_timer = true;
  self->segment->border.tell = ring_pump;
  self->segment->border.arg = self;
}

void sink_async_close(sink *self) {
  atomic_store(&self->closing, true);
  ring_pump(self);
}
