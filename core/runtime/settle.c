/* SPDX-License-Identifier: Apache-2.0 */

/* Settlement. A source that wants receipts gets them on the loop; all others are recycled where they ended. */
#include "runtime/settle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/source.h"

void settler_init(settler *self, runtime *rt) {
  memset(self, 0, sizeof *self);
  self->runtime = rt;
}

static qn_str field_of(const document *self, qn_str name) {
  qn_value value;
  qn_str none = { "", 0 };
  if (self == NULL || document_field_get(self, name, &value) != 0 || value.type != QN_VALUE_STR) {
    return none;
  }
  return value.as.str;
}

static void write_letter(runtime *self, const leaf *it) {
  const failure *why = it->failure;
  letter note = {
    .stage = why != NULL ? self->plan->stages[why->stage].id : "",
    .slug = why != NULL ? why->error.slug : "no-memory",
    .message = why != NULL ? why->error.message : "failed, and there was no memory to keep the reason",
    .attempts = why != NULL ? why->attempts : 1,
    .time_ms = it->receipt->now_ms,
    .source = field_of(it->document, QN_LIT("source")),
    .id = field_of(it->document, QN_LIT("id")),
    .document = it->document,
  };
  letter_store *store = self->options.letters;
  pthread_mutex_lock(&self->mutex);
  int rc = store != NULL ? store->put(store, &note) : 0;
  bool tell = rc != 0 && !self->letters_broken;
  self->letters_broken |= rc != 0;
  pthread_mutex_unlock(&self->mutex);
  if (tell) {
    runtime_log(self, note.stage, QN_LOG_ERROR, "cannot keep failed documents any more: %s", strerror(-rc));
  }
}

static void end_receipt(settler *self, receipt *held) {
  self->n_documents++;
  self->payload_bytes += held->payload_bytes;
  uint32_t worst = atomic_load_explicit(&held->worst, memory_order_relaxed);
  self->n_settled[worst]++;
  if (worst != LEAF_UNFINISHED && source_wants_receipts(self->runtime, held->source)) {
    source_settled(self->runtime, held);
    return;
  }
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

void settle_leaf(settler *self, leaf *it) {
  assert(it->state != LEAF_LIVE);
  receipt *held = it->receipt;
  if (it->state == LEAF_FAILED) {
    write_letter(self->runtime, it);
  }
  free(it->failure);
  document_unref(it->document);
  self->bytes += it->charged_bytes;
  raise_worst(held, it->state);
  if (it != &held->first) {
    free(it);
  }
  if (atomic_fetch_sub(&held->n_leaves, 1) == 1) {
    end_receipt(self, held);
  }
}

void settle_flush(settler *self) {
  runtime *rt = self->runtime;
  if (self->n_documents == 0 && self->bytes == 0) {
    return;
  }
  for (uint32_t state = 0; state <= LEAF_UNFINISHED; state++) {
    if (self->n_settled[state] > 0) {
      atomic_fetch_add_explicit(&rt->settled[state], self->n_settled[state], memory_order_relaxed);
    }
  }
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
