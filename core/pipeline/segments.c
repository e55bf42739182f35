/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts a graph of stages into segments: as long runs of synchronous parallel stages as the edges allow.
 *
 * A stage joins the segment of the one it reads from if both are parallel, it reads from nothing else and nothing else
 * reads from that one. A sink's prepare joins on the same terms; if it can't, it gets a segment of its own. */
#include "pipeline/segments.h"

#include <errno.h>

#define NO_SEGMENT UINT32_MAX

typedef struct cutter {
  plan *plan;
  plan_memory *memory;
  uint32_t capacity; /* of every segment's list of stages and of next */
  plan_segment *all;
  uint32_t n;
} cutter;

static segment_kind kind_of(const plan_stage *stage) {
  const stage_info *info = stage->info;
  if (info->role != ROLE_TRANSFORM) {
    return info->role == ROLE_SOURCE ? SEGMENT_SOURCE : SEGMENT_SINK;
  }
  if (stage->isolate) {
    return SEGMENT_ISOLATED;
  }
  if (info->splits) {
    return SEGMENT_SPLIT;
  }
  if (info->call != CALL_ONE) {
    return info->call == CALL_BATCH ? SEGMENT_BATCH : SEGMENT_ASYNC;
  }
  return info->concurrency == CONCURRENCY_PARALLEL  ? SEGMENT_PARALLEL
         : info->concurrency == CONCURRENCY_ORDERED ? SEGMENT_ORDERED
                                                    : SEGMENT_SERIAL;
}

static int segment_add(cutter *c, segment_kind kind, uint32_t *ret_segment) {
  uint32_t *stages = plan_memory_take(c->memory, c->capacity, sizeof *stages);
  uint32_t *next = plan_memory_take(c->memory, c->capacity, sizeof *next);
  if (stages == NULL || next == NULL) {
    return -ENOMEM;
  }
  c->all[c->n] = (plan_segment){ .kind = kind, .stages = stages, .next = next };
  *ret_segment = c->n++;
  return 0;
}

static void stage_append(cutter *c, uint32_t segment, uint32_t stage) {
  plan_segment *s = &c->all[segment];
  ((uint32_t *)(uintptr_t)s->stages)[s->n_stages++] = stage;
}

static void segment_link(cutter *c, uint32_t from, uint32_t to) {
  plan_segment *s = &c->all[from];
  for (uint32_t i = 0; i < s->n_next; i++) {
    if (s->next[i] == to) {
      return;
    }
  }
  ((uint32_t *)(uintptr_t)s->next)[s->n_next++] = to;
}

static uint32_t count_readers(const plan *self, uint32_t stage) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->n_stages; i++) {
    for (uint32_t k = 0; k < self->stages[i].n_from; k++) {
      n += self->stages[i].from[k] == stage;
    }
  }
  return n;
}

/* The parallel segment that the stage can prolong, or none. */
static uint32_t segment_before(const cutter *c, const plan_stage *stage) {
  if (stage->n_from != 1 || stage->when != NULL || count_readers(c->plan, stage->from[0]) != 1) {
    return NO_SEGMENT;
  }
  uint32_t segment = c->plan->stages[stage->from[0]].segment;
  return c->all[segment].kind == SEGMENT_PARALLEL ? segment : NO_SEGMENT;
}

static void link_from(cutter *c, const plan_stage *stage, uint32_t segment) {
  for (uint32_t i = 0; i < stage->n_from; i++) {
    segment_link(c, c->plan->stages[stage->from[i]].segment, segment);
  }
}

/* Puts a parallel stage, or a sink's prepare, into the segment before it or a new one. */
static int place_parallel(cutter *c, uint32_t index, uint32_t *ret_segment) {
  const plan_stage *stage = &c->plan->stages[index];
  uint32_t segment = segment_before(c, stage);
  if (segment == NO_SEGMENT) {
    int result = segment_add(c, SEGMENT_PARALLEL, &segment);
    if (result != 0) {
      return result;
    }
    link_from(c, stage, segment);
  }
  stage_append(c, segment, index);
  *ret_segment = segment;
  return 0;
}

static int place_sink(cutter *c, uint32_t index) {
  uint32_t prepare = NO_SEGMENT;
  uint32_t segment = NO_SEGMENT;
  int result = place_parallel(c, index, &prepare);
  if (result == 0) {
    result = segment_add(c, SEGMENT_SINK, &segment);
  }
  if (result != 0) {
    return result;
  }
  stage_append(c, segment, index);
  segment_link(c, prepare, segment);
  c->plan->stages[index].segment = segment;
  return 0;
}

static int place_alone(cutter *c, uint32_t index, segment_kind kind) {
  plan_stage *stage = &c->plan->stages[index];
  int result = segment_add(c, kind, &stage->segment);
  if (result == 0) {
    stage_append(c, stage->segment, index);
    link_from(c, stage, stage->segment);
  }
  return result;
}

int segments_cut(plan *self, plan_memory *memory) {
  cutter c = { .plan = self, .memory = memory, .capacity = self->n_stages + 1 };
  c.all = plan_memory_take(memory, 2 * (size_t)self->n_stages, sizeof *c.all); /* a sink makes two at most */
  if (c.all == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    segment_kind kind = kind_of(&self->stages[i]);
    int result = kind == SEGMENT_SINK       ? place_sink(&c, i)
                 : kind == SEGMENT_PARALLEL ? place_parallel(&c, i, &self->stages[i].segment)
                                            : place_alone(&c, i, kind);
    if (result != 0) {
      return result;
    }
  }
  self->segments = c.all;
  self->n_segments = c.n;
  return 0;
}
