/* SPDX-License-Identifier: Apache-2.0 */

/* Where leaves go from one segment to the next: in the order of their documents, or as they come through a ring. Floor 4.
 *
 * A border holds the whole document budget, so a put never waits. Puts and wakes are apart: a worker puts a batch and
 * wakes once. */
#ifndef CORE_RUNTIME_BORDER_H
#define CORE_RUNTIME_BORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/order.h"
#include "runtime/park.h"
#include "runtime/receipt.h"
#include "runtime/ring.h"

typedef struct border {
  bool ordered;
  park *park;              /* where its readers sleep; NULL: they are on the loop ... */
  void (*tell)(void *arg); /* ... and are told so; from any thread, may come too often */
  void *arg;
  ring ring;   /* unordered */
  order order; /* ordered: one reader at a time */
} border;

/* What a border is made for. */
typedef struct border_form {
  bool ordered;
  bool has_groups;   /* ordered: documents may have been split before they come here */
  uint32_t index;    /* ordered: among the ordered borders */
  uint32_t n_leaves; /* at once */
} border_form;

int border_init(border *border, const border_form *form); /* 0, -ENOMEM */
void border_done(border *border);

void border_put(border *border, leaf *leaf);                         /* [any] */
void border_wake(border *border);                                    /* [any] after one or more puts */
uint32_t border_take(border *border, leaf **leaves, uint32_t n_max); /* readers */
bool border_ready(const border *border);                             /* true if a reader would find something */

/* How many leaves stand there, about; of an ordered one it looks at every place. [any] */
uint32_t border_count(const border *border);

#endif
