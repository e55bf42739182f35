/* SPDX-License-Identifier: Apache-2.0 */

/* Layered layout. A segment is a run of stages one behind the other, so it is one block over several ranks, with one x;
 * an edge that passes ranks is a thin block over those. Blocks that share a rank stand in the order of one list, which is
 * sorted by the middle of each block's neighbours a few times and the arrangement with the fewest crossings kept. Then
 * blocks are drawn to the middle of their neighbours, and pushed apart to both sides alike. */
#include "pipeline/graph_layout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  SORTS = 24,
  PULLS = 80,
  MARGIN = 36,
  SIDE_GAP = 44, /* between two columns */
  THIN_WIDTH = 12,
  STEP_GAP = 16,  /* between stages of one segment */
  BORDER_GAP = 56 /* between segments: their frames, a title, a condition */
};

typedef struct block {
  uint32_t first_rank, last_rank;
  double width, x;
  double key; /* by which it is sorted */
  uint32_t place;
} block;

typedef struct link {
  uint32_t from, to; /* blocks */
} link;

typedef struct layout_work {
  const plan *plan;
  plan_memory *memory;
  uint32_t *ranks;    /* of stages */
  uint32_t *block_of; /* of stages */
  uint32_t n_ranks, n_blocks, n_links, n_edges;
  block *blocks;
  link *links;
  uint32_t *thin; /* the thin block of each edge, or UINT32_MAX */
  uint32_t *order, *best;
} layout_work;

/* --- blocks --- */

static void rank_stages(layout_work *w) {
  for (uint32_t i = 0; i < w->plan->n_stages; i++) {
    const plan_stage *stage = &w->plan->stages[i];
    for (uint32_t k = 0; k < stage->n_from; k++) {
      uint32_t behind = w->ranks[stage->from[k]] + 1;
      w->ranks[i] = behind > w->ranks[i] ? behind : w->ranks[i];
    }
    w->n_ranks = w->ranks[i] >= w->n_ranks ? w->ranks[i] + 1 : w->n_ranks;
    w->n_edges += stage->n_from;
  }
}

static uint32_t block_add(layout_work *w, uint32_t first, uint32_t last, double width) {
  w->blocks[w->n_blocks] = (block){ .first_rank = first, .last_rank = last, .width = width };
  return w->n_blocks++;
}

/* A segment's stages come one behind the other in the plan, each a rank below the one before it. */
static void block_stages(layout_work *w) {
  for (uint32_t i = 0; i < w->plan->n_stages; i++) {
    const plan_stage *stage = &w->plan->stages[i];
    bool goes_on = stage->n_from == 1 && w->plan->stages[stage->from[0]].segment == stage->segment;
    if (goes_on) {
      w->block_of[i] = w->block_of[stage->from[0]];
      w->blocks[w->block_of[i]].last_rank = w->ranks[i];
    } else {
      w->block_of[i] = block_add(w, w->ranks[i], w->ranks[i], LAYOUT_STAGE_WIDTH);
    }
  }
}

static void link_add(layout_work *w, uint32_t from, uint32_t to) {
  if (from != to) {
    w->links[w->n_links++] = (link){ from, to };
  }
}

static int block_edges(layout_work *w) {
  uint32_t edge = 0;
  for (uint32_t i = 0; i < w->plan->n_stages; i++) {
    for (uint32_t k = 0; k < w->plan->stages[i].n_from; k++, edge++) {
      uint32_t from = w->plan->stages[i].from[k];
      w->thin[edge] = UINT32_MAX;
      if (w->ranks[i] == w->ranks[from] + 1) {
        link_add(w, w->block_of[from], w->block_of[i]);
        continue;
      }
      if (w->n_blocks == LAYOUT_BLOCKS_MAX) {
        return -E2BIG;
      }
      w->thin[edge] = block_add(w, w->ranks[from] + 1, w->ranks[i] - 1, THIN_WIDTH);
      link_add(w, w->block_of[from], w->thin[edge]);
      link_add(w, w->thin[edge], w->block_of[i]);
    }
  }
  return 0;
}

static int make_blocks(layout_work *w) {
  w->ranks = plan_memory_take(w->memory, w->plan->n_stages, sizeof *w->ranks);
  w->block_of = plan_memory_take(w->memory, w->plan->n_stages, sizeof *w->block_of);
  if (w->ranks == NULL || w->block_of == NULL) {
    return -ENOMEM;
  }
  rank_stages(w);
  if (w->n_edges > LAYOUT_LINKS_MAX / 2) {
    return -E2BIG;
  }
  w->blocks = plan_memory_take(w->memory, LAYOUT_BLOCKS_MAX, sizeof *w->blocks);
  w->links = plan_memory_take(w->memory, 2 * (size_t)w->n_edges, sizeof *w->links);
  w->thin = plan_memory_take(w->memory, w->n_edges, sizeof *w->thin);
  w->order = plan_memory_take(w->memory, LAYOUT_BLOCKS_MAX, sizeof *w->order);
  w->best = plan_memory_take(w->memory, LAYOUT_BLOCKS_MAX, sizeof *w->best);
  if (w->blocks == NULL || w->links == NULL || w->thin == NULL || w->order == NULL || w->best == NULL) {
    return -ENOMEM;
  }
  block_stages(w);
  return block_edges(w);
}

/* --- order --- */

static void number_places(layout_work *w, const uint32_t *order) {
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    w->blocks[order[i]].place = i;
  }
}

/* Two links cross if they leave and arrive on the same ranks in opposite order. Bounded: links are at most twice the
 * blocks and the stages' direct ones. */
static uint64_t count_crossings(const layout_work *w) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < w->n_links; i++) {
    const block *a = &w->blocks[w->links[i].from];
    const block *b = &w->blocks[w->links[i].to];
    for (uint32_t k = 0; k < i; k++) {
      const block *c = &w->blocks[w->links[k].from];
      const block *d = &w->blocks[w->links[k].to];
      bool same_rank = b->first_rank == d->first_rank;
      n += same_rank && a != c && b != d && (a->place < c->place) != (b->place < d->place);
    }
  }
  return n;
}

/* Insertion sort: stable, and the list is nearly sorted after the first time. */
static void sort_order(layout_work *w) {
  for (uint32_t i = 1; i < w->n_blocks; i++) {
    uint32_t moved = w->order[i];
    uint32_t at = i;
    for (; at > 0 && w->blocks[w->order[at - 1]].key > w->blocks[moved].key; at--) {
      w->order[at] = w->order[at - 1];
    }
    w->order[at] = moved;
  }
}

/* Sorts each block to the middle of those above it, or of those below. */
static void sort_once(layout_work *w, bool by_those_above) {
  double sums[LAYOUT_BLOCKS_MAX] = { 0 };
  uint32_t counts[LAYOUT_BLOCKS_MAX] = { 0 };
  for (uint32_t i = 0; i < w->n_links; i++) {
    uint32_t moved = by_those_above ? w->links[i].to : w->links[i].from;
    uint32_t fixed = by_those_above ? w->links[i].from : w->links[i].to;
    sums[moved] += w->blocks[fixed].place;
    counts[moved]++;
  }
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    w->blocks[i].key = counts[i] > 0 ? sums[i] / counts[i] : w->blocks[i].place;
  }
  sort_order(w);
  number_places(w, w->order);
}

static void make_order(layout_work *w) {
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    w->order[i] = w->best[i] = i;
  }
  number_places(w, w->order);
  uint64_t fewest = count_crossings(w);
  for (uint32_t i = 0; i < SORTS && fewest > 0; i++) {
    sort_once(w, i % 2 == 0);
    uint64_t n = count_crossings(w);
    if (n < fewest) {
      fewest = n;
      memcpy(w->best, w->order, w->n_blocks * sizeof *w->best);
    }
  }
  number_places(w, w->best);
}

/* --- across --- */

static bool share_rank(const block *a, const block *b) {
  return a->first_rank <= b->last_rank && b->first_rank <= a->last_rank;
}

static double distance(const block *a, const block *b) {
  return (a->width + b->width) / 2 + SIDE_GAP;
}

/* Where each block would be, halfway between being pushed right by those before it and left by those behind. Both keep
 * the distances, so halfway keeps them too. */
static void push_apart(layout_work *w, const double *wanted) {
  double right[LAYOUT_BLOCKS_MAX], left[LAYOUT_BLOCKS_MAX];
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    const block *b = &w->blocks[w->best[i]];
    right[i] = wanted[w->best[i]];
    for (uint32_t k = 0; k < i; k++) {
      const block *before = &w->blocks[w->best[k]];
      right[i] = share_rank(before, b) ? fmax(right[i], right[k] + distance(before, b)) : right[i];
    }
  }
  for (uint32_t i = w->n_blocks; i-- > 0;) {
    const block *b = &w->blocks[w->best[i]];
    left[i] = wanted[w->best[i]];
    for (uint32_t k = i + 1; k < w->n_blocks; k++) {
      const block *behind = &w->blocks[w->best[k]];
      left[i] = share_rank(behind, b) ? fmin(left[i], left[k] - distance(behind, b)) : left[i];
    }
  }
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    w->blocks[w->best[i]].x = (right[i] + left[i]) / 2;
  }
}

/* Each block halfway to the middle of its neighbours: all the way, two neighbours would swap places for ever. */
static void pull_together(layout_work *w) {
  double sums[LAYOUT_BLOCKS_MAX] = { 0 };
  double wanted[LAYOUT_BLOCKS_MAX];
  uint32_t counts[LAYOUT_BLOCKS_MAX] = { 0 };
  for (uint32_t i = 0; i < w->n_links; i++) {
    uint32_t from = w->links[i].from, to = w->links[i].to;
    sums[from] += w->blocks[to].x;
    sums[to] += w->blocks[from].x;
    counts[from]++;
    counts[to]++;
  }
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    wanted[i] = counts[i] > 0 ? (w->blocks[i].x + sums[i] / counts[i]) / 2 : w->blocks[i].x;
  }
  push_apart(w, wanted);
}

static void place_across(layout_work *w, graph_layout *layout) {
  uint32_t pulls = w->n_blocks > 200 ? 10 : PULLS; /* a drawing so large is not looked at so closely */
  for (uint32_t i = 0; i < pulls; i++) {
    pull_together(w);
  }
  double least = 0, most = 0;
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    const block *b = &w->blocks[i];
    least = i == 0 ? b->x - b->width / 2 : fmin(least, b->x - b->width / 2);
    most = i == 0 ? b->x + b->width / 2 : fmax(most, b->x + b->width / 2);
  }
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    w->blocks[i].x = round(w->blocks[i].x - least + MARGIN);
  }
  layout->width = most - least + 2 * MARGIN;
}

/* --- down --- */

/* The middle of each rank. A gap is narrow only if all that lies across it is within segments. */
static double *place_ranks(layout_work *w, graph_layout *layout) {
  double *middles = plan_memory_take(w->memory, w->n_ranks, sizeof *middles);
  bool *border = plan_memory_take(w->memory, w->n_ranks, sizeof *border);
  if (middles == NULL || border == NULL) {
    return NULL;
  }
  for (uint32_t i = 0; i < w->n_blocks; i++) {
    const block *b = &w->blocks[i];
    if (b->width > THIN_WIDTH) {
      border[b->first_rank] = true;
      if (b->last_rank + 1 < w->n_ranks) {
        border[b->last_rank + 1] = true;
      }
    }
  }
  double y = MARGIN + LAYOUT_STAGE_HEIGHT / 2.0;
  for (uint32_t i = 0; i < w->n_ranks; i++) {
    y += i == 0 ? 0 : LAYOUT_STAGE_HEIGHT + (border[i] ? BORDER_GAP : STEP_GAP);
    middles[i] = y;
  }
  layout->height = y + LAYOUT_STAGE_HEIGHT / 2.0 + MARGIN;
  return middles;
}

static int place_edge(layout_work *w, const double *middles, uint32_t index, layout_edge *edge) {
  const block *thin = w->thin[index] != UINT32_MAX ? &w->blocks[w->thin[index]] : NULL;
  double half = LAYOUT_STAGE_HEIGHT / 2.0;
  layout_point *points = plan_memory_take(w->memory, 4, sizeof *points);
  if (points == NULL) {
    return -ENOMEM;
  }
  edge->points = points;
  points[edge->n_points++] =
      (layout_point){ w->blocks[w->block_of[edge->from]].x, middles[w->ranks[edge->from]] + half };
  if (thin != NULL) {
    points[edge->n_points++] = (layout_point){ thin->x, middles[thin->first_rank] - half };
    points[edge->n_points++] = (layout_point){ thin->x, middles[thin->last_rank] + half };
  }
  points[edge->n_points++] = (layout_point){ w->blocks[w->block_of[edge->to]].x, middles[w->ranks[edge->to]] - half };
  return 0;
}

static int place_all(layout_work *w, graph_layout *layout) {
  double *middles = place_ranks(w, layout);
  layout->stages = plan_memory_take(w->memory, w->plan->n_stages, sizeof *layout->stages);
  layout->edges = plan_memory_take(w->memory, w->n_edges, sizeof *layout->edges);
  if (middles == NULL || layout->stages == NULL || layout->edges == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < w->plan->n_stages; i++) {
    layout->stages[i] = (layout_point){ w->blocks[w->block_of[i]].x, middles[w->ranks[i]] };
    for (uint32_t k = 0; k < w->plan->stages[i].n_from; k++) {
      layout_edge *edge = &layout->edges[layout->n_edges];
      *edge = (layout_edge){ .from = w->plan->stages[i].from[k], .to = i };
      if (place_edge(w, middles, layout->n_edges++, edge) != 0) {
        return -ENOMEM;
      }
    }
  }
  return 0;
}

int graph_layout_make(const plan *planned, plan_memory *memory, graph_layout *ret_layout) {
  layout_work w = { .plan = planned, .memory = memory };
  graph_layout layout = { 0 };
  int result = make_blocks(&w);
  if (result != 0) {
    return result;
  }
  make_order(&w);
  place_across(&w, &layout);
  result = place_all(&w, &layout);
  if (result == 0) {
    *ret_layout = layout;
  }
  return result;
}
