/* SPDX-License-Identifier: Apache-2.0 */

/* The end of leaves and receipts: counts, dead letters, credit given back, sources told. Floor 4.
 *
 * Each thread in which leaves end has a settler and settles in batches: one atomic step a batch, not a document. */
#ifndef CORE_RUNTIME_SETTLE_H
#define CORE_RUNTIME_SETTLE_H

#include "runtime/state.h"

typedef struct settler {
  runtime *runtime;
  uint32_t n_documents; /* receipts settled and not yet given back */
  uint64_t bytes;       /* credit to give back */
  uint64_t payload_bytes;
  uint64_t n_settled[LEAF_UNFINISHED + 1];
  receipt *first, *last; /* receipts to recycle */
} settler;

void settler_init(settler *settler, runtime *runtime);
/* Ends a leaf with the state it has, which is not LEAF_LIVE. Takes it. */
void settle_leaf(settler *settler, leaf *leaf);
/* Gives back what the batch has freed. Nothing may be held back while a thread sleeps. */
void settle_flush(settler *settler);

#endif
