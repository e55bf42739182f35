/* SPDX-License-Identifier: Apache-2.0 */

/* An ordered stage's line while some of its leaves wait for another try: nothing may pass them. Floor 4. */
#ifndef CORE_RUNTIME_LINE_H
#define CORE_RUNTIME_LINE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/receipt.h"

typedef struct line {
  _Atomic uint32_t n_away; /* leaves that wait; written by who runs the segment */
  _Atomic uint32_t n_back; /* of those, how many are due */
  leaf *_Atomic back;
} line;

static inline void line_send(line *self) {
  atomic_fetch_add(&self->n_away, 1);
}

/* [loop] */
static inline void line_return(line *self, leaf *it) {
  it->next = atomic_load(&self->back);
  atomic_store(&self->back, it);
  atomic_fetch_add(&self->n_back, 1);
}

static inline bool line_is_held(const line *self) {
  return atomic_load(&self->n_away) > 0;
}

/* All that were away may be tried. */
static inline bool line_is_due(const line *self) {
  uint32_t n_away = atomic_load(&self->n_away);
  return n_away > 0 && atomic_load(&self->n_back) == n_away;
}

/* Takes them, once they are due, as a list in no order. */
static inline leaf *line_take(line *self) {
  leaf *list = atomic_exchange(&self->back, NULL);
  atomic_store(&self->n_back, 0);
  atomic_store(&self->n_away, 0);
  return list;
}

#endif
