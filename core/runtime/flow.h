/* SPDX-License-Identifier: Apache-2.0 */

/* How leaves move along the edges of the graph: on to one reader, forked to several, together again at a join, or ended.
 * Floor 4.
 *
 * What makes joins and ordered borders sure of an end: for every document, each edge is told of once, either by a leaf
 * or by word that none will come. A leaf that ends, and a route that is not taken, send that word down all edges
 * below, as far as joins that still wait for something else. */
#ifndef CORE_RUNTIME_FLOW_H
#define CORE_RUNTIME_FLOW_H

#include "runtime/settle.h"
#include "runtime/state.h"

/* What one thread moves leaves with. */
typedef struct flow {
  runtime *runtime;
  settler settler;
  border *woken;    /* put into, and its reader not woken yet */
  segment **marked; /* scratch: ordered borders to be told of an absence */
  uint32_t n_marked;
} flow;

int flow_init(flow *flow, runtime *runtime); /* 0, -ENOMEM */
void flow_done(flow *flow);

/* The leaf has passed the segment. Takes it. */
void flow_onward(flow *flow, const segment *from, leaf *leaf);
/* The leaf has ended in the segment, with the state it has. Takes it. */
void flow_end(flow *flow, const segment *from, leaf *leaf);
/* A leaf that only kept a place, or had ended before, was read at an ordered border: it settles. */
void flow_pass(flow *flow, leaf *leaf);
/* A new document comes from a source: tells the borders that no document of that source ever reaches. */
void flow_strange(flow *flow, const segment *source, leaf *leaf);
/* Wakes who is to be woken and gives back what has settled. Nothing may be held back while a thread sleeps. */
void flow_flush(flow *flow);

#endif
