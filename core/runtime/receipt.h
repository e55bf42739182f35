/* SPDX-License-Identifier: Apache-2.0 */

/* What stands for an admitted document while it travels: its receipt, and one leaf for each copy on its way. Floor 4.
 *
 * A receipt settles once, when its last leaf has, with the worst of their outcomes. Leaves are handed from thread to
 * thread through borders; whoever holds a leaf owns it and its document alone. A document that came out of another one
 * (a part) has a receipt of its own, which counts as a leaf of its parent's. */
#ifndef CORE_RUNTIME_RECEIPT_H
#define CORE_RUNTIME_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/hands.h"
#include "document/document.h"
#include "document/prefetch.h"
#include "qanat/stage.h"

/* How a leaf stands. Ordered so that the worst of a receipt's leaves is the largest. */
typedef enum leaf_state {
  LEAF_LIVE = 0,   /* on its way */
  LEAF_ABSENT = 1, /* went another way: only keeps the place in an ordered line */
  LEAF_DROPPED = 2,
  LEAF_DELIVERED = 3,
  LEAF_FAILED = 4,     /* to the dead letters */
  LEAF_UNFINISHED = 5, /* the pipeline stopped first */
} leaf_state;

/* Why a leaf failed. */
typedef struct failure {
  uint32_t stage; /* index in the plan */
  uint32_t attempts;
  qn_error error;
} failure;

typedef struct receipt receipt;
typedef struct group group; /* order.h */

/* A document being split by one stage: what its parts have in common. Lives as long as the document's receipt. */
typedef struct parting {
  struct parting *next;     /* another stage may split the same document */
  _Atomic uint64_t *n_live; /* parts that have not settled, of all documents that the stage has split */
  _Atomic bool *is_alone;   /* to be set when there is none any more */
  group *groups[];          /* by ordered border; NULL: no part comes there */
} parting;

typedef struct leaf {
  struct leaf *next; /* in whatever list holds it */
  receipt *receipt;
  document *document;     /* owned; NULL: the leaf only keeps a place */
  failure *failure;       /* owned; only if failed */
  group *group;           /* it keeps the place of a document that was split: the parts, in their order */
  uint64_t charged_bytes; /* what admission was told of its document */
  uint64_t due_ms;        /* waiting for a retry: when */
  uint32_t segment;       /* where it goes on after a retry ... */
  uint32_t step;          /* ... and at which of the segment's steps */
  uint32_t attempt;       /* of that step, from 1 */
  uint32_t state;         /* leaf_state */
  uint32_t input;         /* waiting at a join: by which of its inputs it came; for a retry: its place in the batch */
} leaf;

/* One join of the plan, for one document. */
typedef struct rendezvous {
  _Atomic uint32_t n_awaited; /* inputs from which nothing has come yet, neither a leaf nor word that none will */
  _Atomic uint32_t spoiled;   /* a copy failed or was dropped on its way here: then the others end here too */
  leaf *_Atomic waiting;      /* copies that have come */
} rendezvous;

struct receipt {
  receipt *next;             /* in the pool, or in a source's list of settled ones */
  receipt *parent;           /* of a part; NULL: admitted by a source */
  parting *from;             /* of a part: what it has in common with the others */
  parting *_Atomic partings; /* the document's own, if it was split; owned */
  uint64_t sequence;         /* place in the order of admission; of a part: in the order of its parent's parts */
  uint64_t cookie;           /* the source's */
  int64_t now_ms;            /* the time that stages see */
  _Atomic int64_t since_ms;  /* the same from admission to settlement, else 0: anybody may ask what is oldest */
  uint64_t begin_ns;         /* when it was admitted, if it is one of those that are timed; else 0 */
  uint32_t begin_weight;     /* for how many others it is timed */
  struct trace *trace;       /* if it is one of those that are traced (trace.h); owned, but for parts; else NULL */
  receipt *made_before;      /* in the list of all of the pool */
  uint64_t payload_bytes;
  uint32_t source;     /* index in the runtime's sources */
  uint32_t spare_room; /* leaves in spare */
  _Atomic uint32_t n_leaves;
  _Atomic uint32_t worst;        /* leaf_state */
  _Atomic uint32_t n_spare;      /* spare leaves in use */
  _Atomic uint32_t confirmed;    /* sinks that have it, a bit each by sink_slot */
  _Atomic uint64_t held_bytes;   /* of what forks share */
  hand *hand;                    /* where it is said that somebody works on it; NULL: nobody asks */
  _Atomic uint32_t wants_record; /* it is to be kept when the first sink is prepared */
  char *record;                  /* owned */
  size_t record_bytes;
  failure *why;         /* owned; of a failed leaf, if ends are watched */
  leaf *_Atomic failed; /* leaves that failed: their letters are written when all has settled */
  rendezvous *joins;    /* in the same allocation */
  leaf first;           /* most documents never have another */
  leaf spare[];
};

/* What a pipeline's graph asks of its receipts. */
typedef struct receipt_form {
  uint32_t n_spare; /* leaves besides the first that one document can have at most */
  uint32_t n_joins;
} receipt_form;

/* Receipts that wait to be used again. Freed ones come back in chains from any thread; each source takes all there
 * are at once, so no lock and no ABA. */
typedef struct receipt_pool {
  receipt_form form;
  receipt *_Atomic free;
  receipt *_Atomic made; /* all there are; they live as long as the pool */
} receipt_pool;

/* A receipt with one leaf that owns document. *local is the taker's own list; n_awaited has an entry for each join.
 * NULL: no memory. */
receipt *receipt_take(receipt_pool *pool, receipt **local, document *document, const uint32_t *n_awaited);
/* Gives a chain back. [any] */
void receipt_give(receipt_pool *pool, receipt *first, receipt *last);
void receipt_free_chain(receipt *first);
void receipt_pool_done(receipt_pool *pool);
/* The earliest since_ms of what is in flight; 0: nothing is. Not while receipts are freed. [any] */
int64_t receipt_pool_oldest_ms(receipt_pool *pool);

/* A further leaf of the receipt, counted, in the given state and without a document. The caller holds a leaf of it. [any] */
leaf *receipt_leaf(receipt *receipt, uint32_t state);

/* The leaf, and its receipt if it is the first one, will be looked at soon. */
static inline void leaf_prefetch(const leaf *self) {
  prefetch_bytes((const char *)self - offsetof(receipt, first), sizeof(receipt));
}

/* The same for those behind the one at i of a batch from other processors. */
void leaf_look_ahead(leaf *const *leaves, uint32_t n_leaves, uint32_t i);

/* Where to say who works on the document, also if it came out of another. */
static inline hand *receipt_hand(const receipt *self) {
  while (self->parent != NULL) {
    self = self->parent;
  }
  return self->hand;
}

/* Records a failure; keeps the state if there is no memory to say why. */
void leaf_fail(leaf *leaf, uint32_t stage, const qn_error *error);

#endif
