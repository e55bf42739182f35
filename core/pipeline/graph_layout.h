/* SPDX-License-Identifier: Apache-2.0 */

/* Where everything stands in a drawn plan: from top to bottom, a rank for each step, segments as straight columns.
 * Knows sizes, not languages. Private to the graph_ files. Floor 3. */
#ifndef CORE_PIPELINE_GRAPH_LAYOUT_H
#define CORE_PIPELINE_GRAPH_LAYOUT_H

#include "pipeline/memory.h"
#include "pipeline/plan.h"

enum {
  LAYOUT_STAGE_WIDTH = 236,
  LAYOUT_STAGE_HEIGHT = 42,
  LAYOUT_BLOCKS_MAX = 1500, /* segments and long edges: time is quadratic in them */
  LAYOUT_LINKS_MAX = 4000   /* between those: the same */
};

typedef struct layout_point {
  double x, y;
} layout_point;

/* An edge as a line through points: below its stage, through the ranks it passes, above the stage it leads to. */
typedef struct layout_edge {
  uint32_t from, to;
  uint32_t n_points;
  layout_point *points;
} layout_edge;

typedef struct graph_layout {
  double width, height;
  layout_point *stages; /* the middle of each */
  uint32_t n_edges;
  layout_edge *edges;
} graph_layout;

/* 0, -ENOMEM, -E2BIG. All of it lives in memory, which the caller frees. */
int graph_layout_make(const plan *plan, plan_memory *memory, graph_layout *ret_layout);

#endif
