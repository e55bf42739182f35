/* SPDX-License-Identifier: Apache-2.0 */

/* Receipts are recycled: a run of any length needs as many as were ever in flight at once. */
#include "runtime/receipt.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "document/prefetch.h"

static receipt *make(receipt_pool *pool) {
  const receipt_form *form = &pool->form;
  size_t leaves_end = sizeof(receipt) + form->n_spare * sizeof(leaf);
  receipt *made = malloc(leaves_end + form->n_joins * sizeof(rendezvous));
  if (made != NULL) {
    made->spare_room = form->n_spare;
    made->joins = (rendezvous *)(void *)((char *)made + leaves_end);
    atomic_init(&made->since_ms, 0);
    made->made_before = atomic_load(&pool->made);
    while (!atomic_compare_exchange_weak(&pool->made, &made->made_before, made)) {
    }
  }
  return made;
}

receipt *receipt_take(receipt_pool *pool, receipt **local, document *doc, const uint32_t *n_awaited) {
  if (*local == NULL) {
    *local = atomic_exchange(&pool->free, NULL);
  }
  receipt *taken = *local;
  if (taken != NULL) {
    prefetch_bytes(taken->next, sizeof *taken);
    *local = taken->next;
  } else {
    taken = make(pool);
    if (taken == NULL) {
      return NULL;
    }
  }
  taken->next = NULL;
  taken->parent = NULL;
  taken->begin_ns = 0;
  taken->trace = NULL;
  taken->from = NULL;
  atomic_init(&taken->partings, NULL);
  atomic_init(&taken->n_leaves, 1);
  atomic_init(&taken->worst, LEAF_ABSENT);
  atomic_init(&taken->n_spare, 0);
  atomic_init(&taken->confirmed, 0);
  atomic_init(&taken->held_bytes, 0);
  atomic_init(&taken->failed, NULL);
  taken->hand = NULL;
  atomic_init(&taken->wants_record, 0);
  taken->record = NULL;
  taken->record_bytes = 0;
  taken->why = NULL;
  for (uint32_t i = 0; i < pool->form.n_joins; i++) {
    atomic_init(&taken->joins[i].n_awaited, n_awaited[i]);
    atomic_init(&taken->joins[i].spoiled, 0);
    atomic_init(&taken->joins[i].waiting, NULL);
  }
  taken->first = (leaf){ .receipt = taken, .document = doc, .attempt = 1, .state = LEAF_LIVE };
  return taken;
}

void receipt_give(receipt_pool *pool, receipt *first, receipt *last) {
  last->next = atomic_load(&pool->free);
  while (!atomic_compare_exchange_weak(&pool->free, &last->next, first)) {
  }
}

void receipt_free_chain(receipt *first) {
  while (first != NULL) {
    receipt *next = first->next;
    free(first);
    first = next;
  }
}

void receipt_pool_done(receipt_pool *pool) {
  receipt_free_chain(atomic_exchange(&pool->free, NULL));
}

int64_t receipt_pool_oldest_ms(receipt_pool *pool) {
  int64_t oldest_ms = 0;
  for (const receipt *at = atomic_load(&pool->made); at != NULL; at = at->made_before) {
    int64_t since_ms = atomic_load_explicit(&at->since_ms, memory_order_relaxed);
    oldest_ms = since_ms != 0 && (oldest_ms == 0 || since_ms < oldest_ms) ? since_ms : oldest_ms;
  }
  return oldest_ms;
}

leaf *receipt_leaf(receipt *self, uint32_t state) {
  uint32_t index = atomic_fetch_add_explicit(&self->n_spare, 1, memory_order_relaxed);
  assert(index < self->spare_room);
  leaf *made = &self->spare[index];
  atomic_fetch_add(&self->n_leaves, 1);
  *made = (leaf){ .receipt = self, .attempt = 1, .state = state };
  return made;
}

void leaf_look_ahead(leaf *const *leaves, uint32_t n_leaves, uint32_t i) {
  enum { NEAR = 2, FARTHER = 4, FAR = 8 }; /* each needs what was asked for before it */
  if (i + FAR < n_leaves) {
    leaf_prefetch(leaves[i + FAR]);
  }
  if (i + FARTHER < n_leaves && leaves[i + FARTHER]->document != NULL) {
    document_prefetch(leaves[i + FARTHER]->document);
  }
  if (i + NEAR < n_leaves && leaves[i + NEAR]->document != NULL) {
    document_prefetch_fields(leaves[i + NEAR]->document);
  }
}

void leaf_fail(leaf *self, uint32_t stage, const qn_error *error) {
  self->state = LEAF_FAILED;
  self->failure = malloc(sizeof *self->failure);
  if (self->failure != NULL) {
    self->failure->stage = stage;
    self->failure->attempts = self->attempt;
    self->failure->error = *error;
  }
}
