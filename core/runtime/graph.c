/* SPDX-License-Identifier: Apache-2.0 */

/* The plan's graph as leaves travel it: which edges leave a segment, where joins stand, which borders are ordered, and
 * what a document can reach from where it begins. Worked out once, so that routing only follows pointers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/state.h"
#include "runtime/work.h"

/* --- segments and edges --- */

/* Where a document that goes to the stage arrives. A sink's is the segment that prepares for it. */
static segment *segment_of(runtime *self, uint32_t stage) {
  for (uint32_t i = 0; i < self->n_segments; i++) {
    const plan_segment *planned = self->segments[i].planned;
    for (uint32_t k = 0; k < planned->n_stages && planned->kind != SEGMENT_SINK; k++) {
      if (planned->stages[k] == stage) {
        return &self->segments[i];
      }
    }
  }
  return NULL;
}

static bool begins_with(const segment *self, uint32_t stage) {
  return self->planned->stages[0] == stage;
}

static int add_edge(segment *from, segment *to, const plan_stage *reader, uint32_t input) {
  edge *edges = realloc(from->edges, (from->n_edges + 1) * sizeof *edges);
  if (edges == NULL) {
    return -ENOMEM;
  }
  from->edges = edges;
  edges[from->n_edges++] = (edge){ .to = to, .reader = reader, .input = input };
  from->chooses |= reader->when != NULL;
  return 0;
}

static const plan_stage no_reader; /* between a prepare and its sink nobody chooses */

/* A sink follows the segment that prepares for it, always. */
static int connect_sinks(runtime *self) {
  for (uint32_t i = 0; i < self->n_segments; i++) {
    segment *out = &self->segments[i];
    if (out->planned->kind != SEGMENT_SINK) {
      continue;
    }
    segment *before = segment_of(self, out->planned->stages[0]);
    int rc = add_edge(before, out, &no_reader, 0);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

/* Every edge of the plan that does not lie inside a segment. */
static int connect_stages(runtime *self) {
  for (uint32_t r = 0; r < self->plan->n_stages; r++) {
    const plan_stage *reader = &self->plan->stages[r];
    segment *to = reader->n_from > 0 ? segment_of(self, r) : NULL;
    for (uint32_t k = 0; to != NULL && begins_with(to, r) && k < reader->n_from; k++) {
      int rc = add_edge(segment_of(self, reader->from[k]), to, reader, k);
      if (rc != 0) {
        return rc;
      }
    }
    if (to != NULL && begins_with(to, r) && reader->n_from > 1) {
      to->join = self->receipts.form.n_joins++;
    }
  }
  return connect_sinks(self);
}

/* --- reach --- */

static void reach(const segment *from, bool *reached, uint32_t *n_inputs) {
  for (uint32_t i = 0; i < from->n_edges; i++) {
    const segment *to = from->edges[i].to;
    if (to->join != SEGMENT_NO_JOIN) {
      n_inputs[to->join]++;
    }
    if (!reached[to->index]) {
      reached[to->index] = true;
      reach(to, reached, n_inputs);
    }
  }
}

static bool begins_documents(const segment *self) {
  return self->planned->kind == SEGMENT_SOURCE || self->planned->kind == SEGMENT_SPLIT;
}

static int measure_reach(runtime *self, segment *from, bool *reached) {
  from->n_awaited = calloc(self->receipts.form.n_joins + 1, sizeof *from->n_awaited);
  from->strange = calloc(self->n_segments, sizeof(segment *));
  from->below = calloc(self->n_segments, sizeof(segment *));
  if (from->n_awaited == NULL || from->strange == NULL || from->below == NULL) {
    return -ENOMEM;
  }
  bool is_source = from->planned->kind == SEGMENT_SOURCE;
  memset(reached, 0, self->n_segments * sizeof *reached);
  reach(from, reached, from->n_awaited);
  for (uint32_t i = 0; i < self->n_segments; i++) {
    segment *other = &self->segments[i];
    if (!other->has_border || !other->border.ordered) {
      continue;
    }
    if (is_source && !reached[i]) {
      from->strange[from->n_strange++] = other;
    }
    if (!is_source && reached[i]) {
      from->below[from->n_below++] = other;
    }
  }
  return 0;
}

/* --- borders --- */

static bool has_ordered_stage(const runtime *self) {
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    const stage_info *info = self->plan->stages[i].info;
    if (info->role == ROLE_TRANSFORM && info->concurrency == CONCURRENCY_ORDERED) {
      return true;
    }
  }
  return false;
}

/* A split takes its documents in order wherever order counts: else the parts of a later one could hold all credit while
 * they wait, in order, for those of an earlier one that has not been taken. */
static bool is_ordered(const runtime *self, const plan_segment *planned) {
  const stage_info *info = self->plan->stages[planned->stages[0]].info;
  switch (planned->kind) {
  case SEGMENT_SINK:
    return !self->plan->any_order;
  case SEGMENT_SPLIT:
    return !self->plan->any_order || has_ordered_stage(self);
  case SEGMENT_BATCH:
  case SEGMENT_ISOLATED:
  case SEGMENT_ORDERED:
    return info->concurrency == CONCURRENCY_ORDERED;
  default:
    return false;
  }
}

static uint32_t count_splits(const runtime *self) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->n_segments; i++) {
    n += self->segments[i].planned->kind == SEGMENT_SPLIT;
  }
  return n;
}

/* A stage that splits may take one document more than the budget, lest it wait for its own parent's credit. */
static int build_borders(runtime *self) {
  uint32_t n_splits = count_splits(self);
  border_form form = { .has_groups = n_splits > 0, .n_leaves = self->admission.limit_documents + n_splits + 1 };
  for (uint32_t i = 0; i < self->n_segments; i++) {
    segment *made = &self->segments[i];
    if (made->planned->kind == SEGMENT_SOURCE) {
      continue;
    }
    form.ordered = is_ordered(self, made->planned);
    int rc = border_init(&made->border, &form);
    if (rc != 0) {
      return rc;
    }
    made->has_border = true;
    form.index += form.ordered;
  }
  self->n_orders = form.index;
  return 0;
}

/* --- the whole --- */

static const work *work_for(const runtime *self, const plan_segment *planned) {
  const stage_info *info = self->plan->stages[planned->stages[0]].info;
  bool batches = info->call == CALL_BATCH, parallel = info->concurrency == CONCURRENCY_PARALLEL;
  switch (planned->kind) {
  case SEGMENT_ISOLATED:
    return !self->options.unisolated  ? &isolated_work
           : info->call == CALL_ASYNC ? &async_work
           : batches                  ? &batch_work
           : parallel                 ? &parallel_work
                                      : &solo_work;
  case SEGMENT_PARALLEL:
    return &parallel_work;
  case SEGMENT_ORDERED:
  case SEGMENT_SERIAL:
    return &solo_work;
  case SEGMENT_BATCH:
    return &batch_work;
  case SEGMENT_ASYNC:
    return &async_work;
  case SEGMENT_SPLIT:
    return &split_work;
  default:
    return NULL;
  }
}

/* One document makes a leaf for each further edge of a fork, and one for each place it keeps without being there. In a
 * line it keeps at most one, where it ended: its only leaf does. */
static uint32_t count_spare(const runtime *self) {
  uint32_t n_forks = 0;
  uint32_t n_beginnings = 0;
  for (uint32_t i = 0; i < self->n_segments; i++) {
    uint32_t n_edges = self->segments[i].n_edges;
    n_forks += n_edges > 1 ? n_edges - 1 : 0;
    n_beginnings += begins_documents(&self->segments[i]);
  }
  bool is_line = n_forks == 0 && n_beginnings == 1 && self->n_orders <= 1;
  return is_line ? 0 : n_forks + self->n_orders;
}

static int make_segments(runtime *self) {
  const plan *planned = self->plan;
  size_t bytes = planned->n_segments * sizeof *self->segments;
  self->segments = aligned_alloc(_Alignof(segment), bytes);
  if (self->segments == NULL) {
    return -ENOMEM;
  }
  memset((void *)self->segments, 0, bytes);
  self->n_segments = planned->n_segments;
  for (uint32_t i = 0; i < planned->n_segments; i++) {
    segment *made = &self->segments[i];
    made->planned = &planned->segments[i];
    made->index = i;
    made->join = SEGMENT_NO_JOIN;
    made->work = work_for(self, made->planned);
  }
  return 0;
}

/* The segment's only work would be a prepare that there is none of. With a run cache documents go the long way: that hook is a worker's. */
static bool is_idle(const runtime *self, const segment *at) {
  const plan_segment *planned = at->planned;
  const instance *stage = &self->instances[planned->stages[0]];
  return planned->kind == SEGMENT_PARALLEL && planned->n_stages == 1 && stage->planned->info->role == ROLE_SINK &&
         !instance_prepares(stage) && at->join == SEGMENT_NO_JOIN && self->options.cache == NULL;
}

void graph_shorten(runtime *self) {
  for (uint32_t i = 0; i < self->n_segments; i++) {
    for (uint32_t k = 0; k < self->segments[i].n_edges; k++) {
      edge *way = &self->segments[i].edges[k];
      way->direct = is_idle(self, way->to) ? way->to->edges[0].to : NULL;
    }
  }
}

int graph_build(runtime *self) {
  int rc = make_segments(self);
  rc = rc == 0 ? connect_stages(self) : rc;
  rc = rc == 0 ? build_borders(self) : rc;
  bool *reached = calloc(self->n_segments + 1, sizeof *reached);
  rc = rc == 0 && reached == NULL ? -ENOMEM : rc;
  for (uint32_t i = 0; rc == 0 && i < self->n_segments; i++) {
    rc = begins_documents(&self->segments[i]) ? measure_reach(self, &self->segments[i], reached) : 0;
  }
  free(reached);
  self->receipts.form.n_spare = rc == 0 ? count_spare(self) : 0;
  return rc;
}

void graph_free(runtime *self) {
  for (uint32_t i = 0; i < self->n_segments; i++) {
    segment *old = &self->segments[i];
    if (old->has_border) {
      border_done(&old->border);
    }
    free(old->edges);
    free(old->n_awaited);
    free((void *)old->strange);
    free((void *)old->below);
    free(old->own);
  }
  free(self->segments);
  self->segments = NULL;
  self->n_segments = 0;
}
