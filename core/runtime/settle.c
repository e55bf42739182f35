/* SPDX-License-Identifier: Apache-2.0 */

/* Settlement. A receipt with failed leaves goes by the letter desk, so that it settles after its letters are safe. A source
 * that wants receipts gets them on the loop; all others are recycled where they ended. */
#include "runtime/settle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/desk.h"
#include "runtime/source.h"
#include "runtime/trace.h"

void settler_init(settler *self, runtime *rt) {
  memset(self, 0, sizeof *self);
  self->runtime = rt;
}

static void recycle(settler *self, receipt *held) {
  free(held->record);
  free(held->why);
  held->record = NULL;
  held->why = NULL;
  held->next = self->first;
  self->first = held;
  if (self->last == NULL) {
    self->last = held;
  }
}

static void raise_worst(receipt *self, uint32_t state) {
  uint32_t worst = atomic_load_explicit(&self->worst, memory_order_relaxed);
  while (worst < state && !atomic_compare_exchange_weak(&self->worst, &worst, state)) {
  }
}

/* A leaf of the receipt is no more. Returns the receipt if it was the last. */
static receipt *drop_leaf(receipt *held) {
  return atomic_fetch_sub(&held->n_leaves, 1) == 1 ? held : NULL;
}

/* A part settles: its parent has one leaf less, and the stage may go on splitting if it waited for this one. */
static receipt *end_part(settler *self, receipt *part, uint32_t worst) {
  receipt *parent = part->parent;
  self->n_parts[worst]++;
  recycle(self, part);
  raise_worst(parent, worst);
  if (atomic_fetch_sub(part->from->n_live, 1) == 1) {
    atomic_store(part->from->is_alone, true);
    runtime_wake_workers(self->runtime);
  }
  return drop_leaf(parent);
}

/* It is no longer in flight, and how long it was is known now. */
static void note_time(runtime *rt, receipt *held, uint32_t worst) {
  atomic_store_explicit(&held->since_ms, 0, memory_order_relaxed);
  if (held->begin_ns != 0 && worst != LEAF_UNFINISHED) {
    histogram_add_shared(&rt->took, metrics_now_ns() - held->begin_ns, held->begin_weight);
  }
}

static void end_admitted(settler *self, receipt *held, uint32_t worst) {
  self->payload_bytes += held->payload_bytes;
  self->n_settled[worst]++;
  note_time(self->runtime, held, worst);
  if (held->trace != NULL) {
    trace_end(self->runtime->options.tracer, held, worst);
  }
  if (worst != LEAF_UNFINISHED && source_wants_receipts(self->runtime, held->source)) {
    source_settled(self->runtime, held);
  } else {
    recycle(self, held);
  }
}

static void end_receipt(settler *settler, receipt *held);

static void free_partings(receipt *held) {
  parting *at = atomic_exchange(&held->partings, NULL);
  while (at != NULL) {
    parting *next = at->next;
    free(at);
    at = next;
  }
}

void settle_receipt(settler *self, receipt *held) {
  uint32_t worst = atomic_load_explicit(&held->worst, memory_order_relaxed);
  self->n_documents++;
  self->bytes += atomic_load_explicit(&held->held_bytes, memory_order_relaxed);
  free_partings(held);
  if (held->parent == NULL) {
    end_admitted(self, held, worst);
    return;
  }
  receipt *parent = end_part(self, held, worst);
  if (parent != NULL) {
    end_receipt(self, parent); /* as deep as splits follow each other in a pipeline */
  }
}

static void end_receipt(settler *self, receipt *held) {
  if (atomic_load(&held->failed) != NULL) {
    desk_take(self->runtime->desk, held);
  } else {
    settle_receipt(self, held);
  }
}

void settle_document(settler *self, leaf *it) {
  self->bytes += it->charged_bytes;
  document_unref(it->document);
  it->document = NULL;
  it->charged_bytes = 0;
}

/* A failed leaf keeps its document until its letter is written. */
static void keep_failed(leaf *it) {
  receipt *held = it->receipt;
  it->next = atomic_load(&held->failed);
  while (!atomic_compare_exchange_weak(&held->failed, &it->next, it)) {
  }
}

void settle_leaf(settler *self, leaf *it) {
  assert(it->state != LEAF_LIVE);
  receipt *held = it->receipt;
  raise_worst(held, it->state);
  if (it->state == LEAF_FAILED && self->runtime->desk != NULL) {
    keep_failed(it);
  } else {
    free(it->failure);
    it->failure = NULL;
    if (it->document != NULL) {
      settle_document(self, it);
    }
  }
  if (drop_leaf(held) != NULL) {
    end_receipt(self, held);
  }
}

static void add_counts(_Atomic uint64_t *counters, const uint64_t *counts) {
  for (uint32_t state = 0; state <= LEAF_UNFINISHED; state++) {
    if (counts[state] > 0) {
      atomic_fetch_add_explicit(&counters[state], counts[state], memory_order_relaxed);
    }
  }
}

void settle_flush(settler *self) {
  runtime *rt = self->runtime;
  if (self->n_documents == 0 && self->bytes == 0) {
    return;
  }
  add_counts(rt->settled, self->n_settled);
  add_counts(rt->settled_parts, self->n_parts);
  atomic_fetch_add_explicit(&rt->bytes_settled, self->payload_bytes, memory_order_relaxed);
  if (self->first != NULL) {
    receipt_give(&rt->receipts, self->first, self->last);
  }
  admission_release(&rt->admission, self->n_documents, self->bytes);
  settler_init(self, rt);
  /* The end of a run waits for the last release; the sources' end and this look cannot miss each other. */
  if (atomic_load(&rt->n_running) == 0) {
    loop_ring(&rt->loop, &rt->settled_bell);
  }
}
