/* SPDX-License-Identifier: Apache-2.0 */

/* Where leaves go from one segment to the next: in order through a window, or as they come through a ring. Floor 4.
 *
 * A border holds the whole document budget, so a put never waits. Puts and wakes are apart: a worker puts a batch and
 * wakes once. */
#ifndef CORE_RUNTIME_BORDER_H
#define CORE_RUNTIME_BORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/park.h"
#include "runtime/receipt.h"
#include "runtime/ring.h"
#include "runtime/window.h"

typedef struct border {
  bool ordered;
  park *park;              /* where its readers sleep; NULL: they are on the loop ... */
  void (*tell)(void *arg); /* ... and are told so; from any thread, may come too often */
  void *arg;
  ring ring;     /* unordered */
  window window; /* ordered: one reader at a time */
} border;

int border_init(border *border, bool ordered, uint32_t n_leaves); /* 0, -ENOMEM */
void border_done(border *border);

void border_put(border *border, leaf *leaf);                         /* [any] */
void border_wake(border *border);                                    /* [any] after one or more puts */
uint32_t border_take(border *border, leaf **leaves, uint32_t n_max); /* readers */
bool border_ready(const border *border);                             /* true if a reader would find something */

#endif
