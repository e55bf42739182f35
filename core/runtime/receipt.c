/* SPDX-License-Identifier: Apache-2.0 */

/* Receipts are recycled: a run of any length needs as many as were ever in flight at once. */
#include "runtime/receipt.h"

#include <stdatomic.h>
#include <stdlib.h>

receipt *receipt_take(receipt_pool *pool, receipt **local, document *doc) {
  if (*local == NULL) {
    *local = atomic_exchange(&pool->free, NULL);
  }
  receipt *taken = *local;
  if (taken != NULL) {
    *local = taken->next;
  } else {
    taken = malloc(sizeof *taken);
    if (taken == NULL) {
      return NULL;
    }
  }
  taken->next = NULL;
  atomic_init(&taken->n_leaves, 1);
  atomic_init(&taken->worst, LEAF_ABSENT);
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

void leaf_fail(leaf *self, uint32_t stage, const qn_error *error) {
  self->state = LEAF_FAILED;
  self->failure = malloc(sizeof *self->failure);
  if (self->failure != NULL) {
    self->failure->stage = stage;
    self->failure->attempts = self->attempt;
    self->failure->error = *error;
  }
}
