/* SPDX-License-Identifier: Apache-2.0 */

/* What sinks of both forms do with items: write, flush, settle, fail. */
#include "runtime/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const qn_sink *table_of(const sink *self) {
  return self->stage->table->sink;
}

bool sink_has_flush(const sink *self) {
  return table_of(self)->flush != NULL;
}

void sink_item_begin(sink *self, sink_item *item, leaf *it) {
  host_call *call = &item->call;
  item->leaf = it;
  call->call.now_ms = it->receipt->now_ms;
  call->call.attempt = it->attempt;
  host_call_begin(call, it->document, &self->stage->planned->layout);
  item->item.call = &call->call;
  item->item.prepared = document_prepared_get(it->document, self->stage->planned->sink_slot);
  item->item.status = QN_STATUS_OK;
  if (it->attempt == 1) {
    metrics_add(&self->cell->documents, !instance_prepares(self->stage));
    metrics_add(&self->cell->bytes, item->item.prepared.len);
  }
}

static void settle(sink *self, leaf *it, leaf_state state) {
  it->state = state;
  if (state == LEAF_DELIVERED) {
    atomic_fetch_or_explicit(&it->receipt->confirmed, UINT32_C(1) << self->stage->planned->sink_slot,
                             memory_order_relaxed);
  }
  settle_leaf(&self->settler, it);
}

void sink_item_written(sink *self, sink_item *item) {
  leaf *it = item->leaf;
  item->leaf = NULL;
  if (!sink_has_flush(self)) {
    settle(self, it, LEAF_DELIVERED);
    return;
  }
  if (self->n_written++ == 0) {
    self->oldest_ns = metrics_now_ns();
  }
  it->next = NULL;
  *(self->written == NULL ? &self->written : &self->last_written->next) = it;
  self->last_written = it;
}

void sink_item_failed(sink *self, sink_item *item, const qn_error *error) {
  leaf *it = item->leaf;
  item->leaf = NULL;
  metrics_failed(self->cell, error->slug);
  plan_on_error on_error = self->stage->planned->on_error;
  if (on_error == ON_ERROR_DROP) {
    settle(self, it, LEAF_DROPPED);
    return;
  }
  if (on_error == ON_ERROR_STOP) {
    runtime_fail(self->runtime, self->stage, error);
  }
  leaf_fail(it, self->stage->index, error);
  settle_leaf(&self->settler, it);
}

void sink_item_left(sink *self, sink_item *item) {
  leaf *it = item->leaf;
  item->leaf = NULL;
  settle(self, it, LEAF_UNFINISHED);
}

static bool has_it(const sink *self, const leaf *it) {
  uint32_t confirmed = atomic_load_explicit(&it->receipt->confirmed, memory_order_relaxed);
  return (confirmed >> self->stage->planned->sink_slot & 1) != 0;
}

bool sink_only_passes(const sink *self, const leaf *it) {
  return it->state != LEAF_LIVE || self->broken || has_it(self, it);
}

void sink_pass(sink *self, leaf *it) {
  bool is_live = it->state == LEAF_LIVE;
  settle(self, it, !is_live ? (leaf_state)it->state : has_it(self, it) ? LEAF_DELIVERED : LEAF_UNFINISHED);
}

/* Settles the first n of what was written. */
static void settle_written(sink *self, uint32_t n, leaf_state state) {
  self->n_written -= n;
  for (; n > 0; n--) {
    leaf *it = self->written;
    leaf *next = self->written = it->next;
    if (next != NULL && n > 2) { /* they were written long ago */
      leaf_prefetch(next->next);
      document_prefetch(next->document);
    }
    settle(self, it, state);
  }
  settle_flush(&self->settler);
}

void sink_flush_begin(sink *self) {
  free(self->kept);
  self->kept = NULL;
  self->kept_bytes = 0;
}

/* Whoever journals the documents, the first n, hears of it before they settle. Documents that came out of others have no place of
 * their own there. */
static int tell_keeper(sink *self, uint32_t n_leaves) {
  const runtime_keeper *keeper = self->runtime->options.keeper;
  if (keeper == NULL) {
    return 0;
  }
  uint64_t *cookies = malloc((n_leaves + 1) * sizeof *cookies);
  if (cookies == NULL) {
    return -ENOMEM;
  }
  uint32_t n = 0;
  for (const leaf *it = self->written; n_leaves > 0; it = it->next, n_leaves--) {
    if (it->receipt->parent == NULL) {
      cookies[n++] = it->receipt->cookie;
    }
  }
  int rc = keeper->flushed(keeper->arg, self->stage->index, cookies, n, self->kept, self->kept_bytes);
  free(cookies);
  return rc;
}

static void deliver(sink *self, uint32_t n) {
  int rc = tell_keeper(self, n);
  if (rc != 0) { /* the journal would not know: they come out again, and the sink undoes what it has of them */
    qn_error error = { 0 };
    error_set(&error, rc, "journal", "the journal cannot take down what was written: %s", strerror(-rc));
    sink_break(self, &error);
    return;
  }
  settle_written(self, n, LEAF_DELIVERED);
}

/* Takes what was confirmed. False: more than there is, and it is broken. */
static bool confirmed_take(sink *self, uint64_t *ret_n) {
  *ret_n = self->n_confirmed;
  self->n_confirmed = 0;
  if (*ret_n <= self->n_written) {
    return true;
  }
  qn_error error = { 0 };
  error_set(&error, -EPROTO, "bad-confirm", "confirmed more documents than it had taken; a fault of the plugin");
  sink_break(self, &error);
  return false;
}

void sink_flushed(sink *self) {
  uint64_t n;
  if (confirmed_take(self, &n)) {
    deliver(self, self->n_written);
  }
}

void sink_confirmed(sink *self) {
  uint64_t n;
  if (confirmed_take(self, &n) && n > 0) {
    deliver(self, (uint32_t)n);
  }
}

/* A sink that confirms may hold on to what is written until it has finished. Workers may prepare other documents meanwhile, and after. */
void sink_break(sink *self, const qn_error *error) {
  self->broken = true;
  runtime_fail(self->runtime, self->stage, error);
  if (self->stage->confirms) {
    sink_finish(self);
  }
  settle_written(self, self->n_written, LEAF_UNFINISHED);
}

qn_status sink_checked(sink *self, qn_status status, qn_error *error, bool may_pend) {
  (void)self;
  if (status == QN_STATUS_OK || (may_pend && status == QN_STATUS_PENDING)) {
    return status;
  }
  if (status != QN_STATUS_RETRY && status != QN_STATUS_REJECT && status != QN_STATUS_FATAL) {
    error_set(error, -EPROTO, "bad-status", "gave status %d, which a sink may not; a fault of the plugin", (int)status);
    return QN_STATUS_FATAL;
  }
  if (error->message[0] == '\0') {
    error_set(error, -EPROTO, "no-message", "failed without saying why: a fault of the plugin, which must call fail()");
  }
  return status;
}

void sink_finish(sink *out) {
  const qn_sink *table = table_of(out);
  bool is_due = table->finish != NULL && !out->finished;
  out->finished = true;
  if (!is_due) {
    return;
  }
  host_call *call = &out->flush_call;
  call->error = (qn_error){ 0 };
  qn_status status = table->finish(out->stage->self, &call->call, out->success && !out->broken);
  status = sink_checked(out, status, &call->error, false);
  if (status != QN_STATUS_OK) {
    runtime_fail(out->runtime, out->stage, &call->error);
  }
}

int sink_init(sink *self, runtime *rt, instance *stage, segment *seg, qn_error *error) {
  self->runtime = rt;
  self->stage = stage;
  stage->sink = self;
  self->segment = seg;
  self->async = stage->planned->info->call == CALL_ASYNC;
  settler_init(&self->settler, rt);
  park_init(&self->park);
  uint32_t budget = rt->admission.limit_documents;
  uint32_t most = stage->confirms ? SINK_CONFIRMING_BATCH_MAX : SINK_BATCH_MAX;
  self->n_items = budget < most ? budget : most;
  self->items = calloc(self->n_items, sizeof *self->items);
  if (self->items == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for sink '%s'", stage->planned->id);
  }
  for (uint32_t i = 0; i < self->n_items; i++) {
    self->items[i].sink = self;
    host_call_init(&self->items[i].call, stage->env, NULL, NULL);
  }
  host_call_init(&self->flush_call, stage->env, NULL, NULL);
  return 0;
}

void sink_ended(sink *self) {
  atomic_fetch_sub(&self->runtime->n_sinks_open, 1);
  loop_ring(&self->runtime->loop, &self->runtime->settled_bell);
}

void sink_done(sink *self) {
  sink_flush_begin(self);
  free(self->items);
  self->items = NULL;
}
