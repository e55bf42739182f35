/* SPDX-License-Identifier: Apache-2.0 */

/* What somebody has in hand: a table in a mapped file that outlives the process, so that after a crash it is known which documents
 * stages were working on. Floor 3.
 *
 * A slot holds an entry's number below and, above, how many threads are working on the document right now. It costs an atomic addition,
 * no write to the disk: the file's pages stay with the system when the process dies. (When the power fails they may be lost; then no
 * crash is counted.) */
#ifndef CORE_DELIVERY_HANDS_H
#define CORE_DELIVERY_HANDS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "document/error.h"

typedef struct hands hands;
typedef _Atomic uint64_t hand;

enum { HAND_COUNT_SHIFT = 48 };

/* Is told the numbers that were in hand, in order and each once. What it returns, if not 0, hands_open does. */
typedef int hands_told(void *arg, const uint64_t *numbers, uint32_t n);

/* Maps the file, which is made if it is not there; a damaged one is begun anew. The numbers that were in hand when it was last used, if
 * any, are told first, and forgotten only then. 0, -EINVAL (n_slots), -errno. */
int hands_open(const char *path, uint32_t n_slots, hands_told *was_in_hand, void *arg, hands **ret_hands,
               qn_error *error);
void hands_close(hands *hands); /* NULL is fine; all slots should have been given back */

/* A slot for the entry. NULL: none is free, and its crash will not be counted. Lock-free. */
hand *hands_take(hands *hands, uint64_t number);
void hands_give(hands *hands, hand *slot); /* NULL is fine */

/* Around whatever works on the document. NULL is fine. */
static inline void hand_begin(hand *slot) {
  if (slot != NULL) {
    atomic_fetch_add_explicit(slot, UINT64_C(1) << HAND_COUNT_SHIFT, memory_order_relaxed);
  }
}
static inline void hand_end(hand *slot) {
  if (slot != NULL) {
    atomic_fetch_sub_explicit(slot, UINT64_C(1) << HAND_COUNT_SHIFT, memory_order_relaxed);
  }
}

#endif
