/* SPDX-License-Identifier: Apache-2.0 */

/* Leaves in the order of their documents, for one reader at a time. Floor 4.
 *
 * Documents come in the order of admission. Where one was split, its parts stand in its place, in the order in which they
 * came out of it: its own leaf holds a group, which is read to its end before the next document. */
#ifndef CORE_RUNTIME_ORDER_H
#define CORE_RUNTIME_ORDER_H

#include <pthread.h>

#include "runtime/receipt.h"
#include "runtime/window.h"

/* The parts of one document at one border. Recycled, never freed while the order lives: a late look at one that was
 * given back sees valid memory. */
struct group {
  window window;
  _Atomic uint64_t n_parts; /* UINT64_MAX until all have come out */
  leaf *place;              /* the document's own leaf, which opened the group [reader] */
  group *_Atomic above;     /* the group that this one stands in; NULL: none [reader] */
  group *next_idle;         /* under the order's mutex */
};

typedef struct order {
  window window;
  bool has_groups; /* documents may have been split before they come here */
  uint32_t n_leaves;
  uint32_t index;         /* among the ordered borders: which of a receipt's groups is ours */
  group *_Atomic current; /* where the reader is; NULL: between documents */
  pthread_mutex_t mutex;  /* over what follows: groups begin and end once a document that is split */
  group *idle;
  group **made; /* all there are */
  uint32_t n_made, made_room;
} order;

int order_init(order *order, uint32_t n_leaves, bool has_groups, uint32_t index); /* 0, -ENOMEM */
void order_done(order *order);

void order_put(order *order, leaf *leaf);                         /* [any] */
bool order_ready(const order *order);                             /* [any] true if the reader would find something */
uint32_t order_take(order *order, leaf **leaves, uint32_t n_max); /* the one reader */

/* A group for a document that begins to be split; NULL: no memory. [any] */
group *order_group(order *order);
/* So many parts came out of it. Wake the border's reader after it. [any] */
void order_group_close(group *group, uint64_t n_parts);
/* Takes back a group that was never put. */
void order_group_drop(order *order, group *group);

#endif
