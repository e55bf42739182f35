/* SPDX-License-Identifier: Apache-2.0 */

/* Routing. A leaf that has been put at a border belongs to whoever reads there, so the leaf in hand goes last: while it
 * is ours, its receipt cannot end. */
#include "runtime/flow.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "runtime/join.h"

int flow_init(flow *self, runtime *rt) {
  *self = (flow){ .runtime = rt };
  settler_init(&self->settler, rt);
  self->marked = calloc(rt->n_segments + 1, sizeof(segment *));
  return self->marked != NULL ? 0 : -ENOMEM;
}

void flow_done(flow *self) {
  free((void *)self->marked);
  self->marked = NULL;
}

/* --- borders --- */

/* One wake for a run of leaves that go the same way. */
static void wake_later(flow *self, border *at) {
  if (self->woken != at && self->woken != NULL) {
    border_wake(self->woken);
  }
  self->woken = at;
}

static void put(flow *self, segment *to, leaf *it) {
  it->segment = to->index;
  it->step = 0;
  it->attempt = 1;
  border_put(&to->border, it);
  wake_later(self, &to->border);
}

void flow_flush(flow *self) {
  if (self->woken != NULL) {
    border_wake(self->woken);
    self->woken = NULL;
  }
  settle_flush(&self->settler);
}

/* --- absence --- */

static void tell_below(flow *self, const segment *from, receipt *of, bool spoiled);

static void mark(flow *self, segment *at) {
  if (at->border.ordered) {
    self->marked[self->n_marked++] = at;
  }
}

/* A join has heard of all its inputs, the last time by word that nothing comes: what came goes on as one; if one of the
 * copies ended on its way, so do the others, here. Somebody else holds a leaf of the receipt meanwhile. */
static void go_on_joined(flow *self, segment *to, leaf *joined) {
  if (joined->state == LEAF_LIVE) {
    put(self, to, joined);
    return;
  }
  mark(self, to);
  tell_below(self, to, joined->receipt, true);
  settle_leaf(&self->settler, joined);
}

/* Nothing comes by this edge. */
static void tell_absent(flow *self, const edge *by, receipt *of, bool spoiled) {
  segment *to = by->to;
  if (to->join != SEGMENT_NO_JOIN) {
    leaf *joined = NULL;
    switch (join_absent(&of->joins[to->join], to->planned->stages[0], spoiled, &joined)) {
    case JOIN_WAITS:
      return;
    case JOIN_COMPLETE:
      go_on_joined(self, to, joined);
      return;
    case JOIN_EMPTY:
    default:
      spoiled = atomic_load(&of->joins[to->join].spoiled) != 0; /* whoever had the last word */
      break;
    }
  }
  mark(self, to);
  tell_below(self, to, of, spoiled);
}

static void tell_below(flow *self, const segment *from, receipt *of, bool spoiled) {
  for (uint32_t i = 0; i < from->n_edges; i++) {
    tell_absent(self, &from->edges[i], of, spoiled);
  }
}

/* Puts leaves without a document at the borders that were marked. carrier, if not NULL, is one of them, and goes last.
 * Returns true if it went. */
static bool put_marks(flow *self, receipt *of, leaf *carrier) {
  uint32_t n = self->n_marked;
  self->n_marked = 0;
  for (uint32_t i = carrier != NULL ? 1 : 0; i < n; i++) {
    put(self, self->marked[i], receipt_leaf(of, LEAF_ABSENT));
  }
  if (carrier == NULL || n == 0) {
    return false;
  }
  put(self, self->marked[0], carrier);
  return true;
}

/* What a dropped document held is of no use any more, though its place in the line is. */
static void let_go(flow *self, leaf *it) {
  if (it->state != LEAF_FAILED && it->document != NULL) {
    settle_document(&self->settler, it);
  }
}

void flow_end(flow *self, const segment *from, leaf *it) {
  assert(it->state != LEAF_LIVE);
  receipt *of = it->receipt;
  tell_below(self, from, of, true);
  let_go(self, it);
  if (!put_marks(self, of, it)) {
    settle_leaf(&self->settler, it);
  }
}

void flow_pass(flow *self, leaf *it) {
  it->state = it->state == LEAF_LIVE ? LEAF_UNFINISHED : it->state;
  settle_leaf(&self->settler, it);
}

void flow_strange(flow *self, const segment *source, leaf *it) {
  for (uint32_t i = 0; i < source->n_strange; i++) {
    put(self, source->strange[i], receipt_leaf(it->receipt, LEAF_ABSENT));
  }
}

/* --- onward --- */

/* The copies that met here end: the one in hand keeps their place. */
static void end_joined(flow *self, segment *to, leaf *joined) {
  receipt *of = joined->receipt;
  mark(self, to);
  tell_below(self, to, of, true);
  let_go(self, joined);
  if (!put_marks(self, of, joined)) {
    settle_leaf(&self->settler, joined);
  }
}

/* Past a prepare that would do nothing, unless a worker is to make the record that somebody waits for. */
static segment *end_of(const edge *by, const leaf *it) {
  bool wants_record = atomic_load_explicit(&it->receipt->wants_record, memory_order_relaxed) != 0;
  return by->direct != NULL && !wants_record ? by->direct : by->to;
}

/* The leaf arrives by the edge. Takes it. */
static void arrive(flow *self, const edge *by, leaf *it) {
  segment *to = end_of(by, it);
  leaf *ready = it;
  if (to->join != SEGMENT_NO_JOIN) {
    ready = join_arrive(&it->receipt->joins[to->join], to->planned->stages[0], by->input, it);
  }
  if (ready == NULL) {
    return;
  }
  if (ready->state == LEAF_LIVE) {
    put(self, to, ready);
  } else {
    end_joined(self, to, ready);
  }
}

/* A condition that could not be asked: the document fails at the stage it would have led to. */
static void fail_choice(flow *self, const segment *from, leaf *it, const plan_stage *reader, int code) {
  uint32_t stage = (uint32_t)(reader - self->runtime->plan->stages);
  qn_error error = { 0 };
  error_set(&error, code, "condition-failed", "its \"when\" cannot be decided for this document: %s",
            code == -ELOOP ? "the regular expression takes too many steps" : "no memory");
  if (reader->on_error == ON_ERROR_DROP) {
    it->state = LEAF_DROPPED;
  } else {
    leaf_fail(it, stage, &error);
  }
  if (reader->on_error == ON_ERROR_STOP) {
    runtime_fail(self->runtime, &self->runtime->instances[stage], &error);
  }
  flow_end(self, from, it);
}

enum { EDGES_MAX = PLAN_STAGES_MAX };

/* Which edges the document takes; their number, or -1 if it failed and is gone. */
static int choose(flow *self, const segment *from, leaf *it, bool *takes) {
  int n_taken = 0;
  bool any_condition = false;
  for (uint32_t i = 0; i < from->n_edges; i++) {
    const plan_stage *reader = from->edges[i].reader;
    int holds = reader->otherwise           ? 0
                : reader->predicate == NULL ? 1
                                            : predicate_holds(reader->predicate, it->document);
    if (holds < 0) {
      fail_choice(self, from, it, reader, holds);
      return -1;
    }
    takes[i] = holds == 1;
    any_condition = any_condition || (holds == 1 && reader->predicate != NULL);
    n_taken += holds == 1;
  }
  for (uint32_t i = 0; i < from->n_edges && !any_condition; i++) {
    if (from->edges[i].reader->otherwise) {
      takes[i] = true;
      n_taken++;
    }
  }
  return n_taken;
}

/* A fork of the document for each of n ways, the leaf itself among them; what they share stays charged until all is over.
 * False: no memory, and nothing was made. */
static bool fork_leaves(leaf *it, uint32_t n, leaf **ret_leaves) {
  document *forks[EDGES_MAX];
  for (uint32_t i = 0; i < n; i++) {
    forks[i] = document_fork(it->document);
    if (forks[i] == NULL) {
      while (i-- > 0) {
        document_unref(forks[i]);
      }
      return false;
    }
  }
  document_unref(it->document);
  atomic_fetch_add(&it->receipt->held_bytes, it->charged_bytes);
  it->charged_bytes = 0;
  for (uint32_t i = 0; i < n; i++) {
    ret_leaves[i] = i == 0 ? it : receipt_leaf(it->receipt, LEAF_LIVE);
    ret_leaves[i]->document = forks[i];
  }
  return true;
}

static void go_nowhere(flow *self, const segment *from, leaf *it) {
  it->state = LEAF_DROPPED;
  flow_end(self, from, it);
}

static void go_several_ways(flow *self, const segment *from, leaf *it) {
  bool takes[EDGES_MAX] = { false };
  leaf *leaves[EDGES_MAX] = { it };
  int n_taken = choose(self, from, it, takes);
  if (n_taken <= 0) {
    if (n_taken == 0) {
      go_nowhere(self, from, it);
    }
    return;
  }
  if (n_taken > 1 && !fork_leaves(it, (uint32_t)n_taken, leaves)) {
    qn_error error = { 0 };
    error_set(&error, -ENOMEM, "no-memory", "no memory to fork the document for %d stages", n_taken);
    leaf_fail(it, from->planned->stages[from->planned->n_stages - 1], &error);
    flow_end(self, from, it);
    return;
  }
  receipt *of = it->receipt;
  for (uint32_t i = 0; i < from->n_edges; i++) {
    if (!takes[i]) {
      tell_absent(self, &from->edges[i], of, false);
    }
  }
  put_marks(self, of, NULL);
  for (uint32_t i = from->n_edges; i-- > 0;) { /* the leaf in hand, the first, goes last */
    if (takes[i]) {
      arrive(self, &from->edges[i], leaves[--n_taken]);
    }
  }
}

void flow_onward(flow *self, const segment *from, leaf *it) {
  if (from->n_edges == 1 && !from->chooses) {
    arrive(self, &from->edges[0], it);
  } else {
    go_several_ways(self, from, it);
  }
}
