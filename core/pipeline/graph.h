/* SPDX-License-Identifier: Apache-2.0 */

/* Draws a plan: its stages, the segments they run in, what leads where and on which condition; with the times of a run
 * if there are any. Three languages, one picture. The same plan draws the same bytes. Floor 3. */
#ifndef CORE_PIPELINE_GRAPH_H
#define CORE_PIPELINE_GRAPH_H

#include "pipeline/plan.h"

/* What a run did at one stage. */
typedef struct graph_time {
  bool known;
  double documents, dropped, failed, seconds;
  double share; /* of the time of all stages, 0 to 1 */
} graph_time;

typedef struct graph_run {
  double admitted, seconds, workers; /* negative: not told */
  graph_time stages[PLAN_STAGES_MAX];
} graph_run;

/* Reads the summary that `qanat run --summary-json` wrote. Stages are known by their ids; those that either side lacks
 * are left out. 0; -EINVAL, -EFBIG or the errno of reading, with an error that says what to do. */
int graph_run_read(const char *path, const plan *plan, graph_run *ret_run, qn_error *error);

/* Each writes one picture; run may be NULL. 0, -ENOMEM, -E2BIG (too many edges to lay out: dot can). What stream thinks
 * of it is the caller's to ask. */
int graph_dot(const plan *plan, const graph_run *run, FILE *stream);
int graph_mermaid(const plan *plan, const graph_run *run, FILE *stream);
int graph_svg(const plan *plan, const graph_run *run, FILE *stream);

#endif
