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
  uint64_t n_parts[LEAF_UNFINISHED + 1];
  receipt *first, *last; /* receipts to recycle */
} settler;

void settler_init(settler *settler, runtime *runtime);
/* Ends a leaf with the state it has, which is not LEAF_LIVE. Takes it. */
void settle_leaf(settler *settler, leaf *leaf);
/* Lets go of the leaf's document, which nobody needs any more though the leaf still keeps its place. */
void settle_document(settler *settler, leaf *leaf);
/* Ends a receipt whose leaves have all settled and whose letters are written. Takes it. */
void settle_receipt(settler *settler, receipt *receipt);
/* Gives back what the batch has freed. Nothing may be held back while a thread sleeps. */
void settle_flush(settler *settler);

#endif
