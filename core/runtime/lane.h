/* SPDX-License-Identifier: Apache-2.0 */

/* A parallel segment as one worker runs it: its own contexts and calls, and the hop from stage to stage. Floor 4. */
#ifndef CORE_RUNTIME_LANE_H
#define CORE_RUNTIME_LANE_H

#include "observe/metrics.h"
#include "plugin/host.h"
#include "runtime/receipt.h"
#include "runtime/watch.h"

/* One stage to run. What a hop touches lies together; the call with its room for errors lies elsewhere. */
typedef struct step {
  qn_status (*process)(void *instance, void *context, qn_call *call);
  void *instance;
  void *context;
  const stage_layout *layout;
  host_call *call;
  metrics_cell *cell;
  void (*context_close)(void *context);
  uint32_t stage;    /* index in the plan */
  uint64_t limit_ns; /* for one document; 0: none */
  bool prepares;     /* for a sink, in which documents are only when they are written */
} step;

typedef struct lane {
  uint32_t n_steps;
  step *steps;
  host_call *calls;
  uint32_t n_until_sample; /* documents until the clocks are read again */
  uint64_t n_documents;
  uint64_t document_ns; /* what a document lately cost, from samples */
  watch *watch;         /* if a stage has a time limit: where its thread says what it runs; borrowed */
} lane;

/* What a lane needs to know of one of its stages. */
typedef struct lane_stage {
  qn_env *env;
  const qn_stage *table;
  void *instance;
  const stage_layout *layout;
  metrics_cell *cell;
  uint32_t stage;
  uint32_t sink_slot;  /* a sink: its prepare is what runs here ... */
  bool unprepared;     /* ... but for one that has nothing to prepare */
  uint32_t timeout_ms; /* 0: none */
} lane_stage;

/* What lane_run gives instead of a status when its thread was given up for taking too long: the leaf is gone, and the
 * thread is to end. */
enum { LANE_LOST = -1000 };

/* Opens the stages' contexts in the calling thread. watching is used if a stage has a time limit. A sink with nothing to prepare
 * takes no step. builder and encoder are the worker's, borrowed. On failure error names the stage. */
int lane_open(lane *lane, const lane_stage *stages, uint32_t n_stages, builder *builder, record_encoder *encoder,
              watch *watching, qn_error *error);
void lane_close(lane *lane); /* also half-opened ones */

/* Runs the leaf from leaf->step to the lane's end: OK, or the first other status with leaf->step where it was said,
 * leaf->attempt that step's, and the reason in the step's call. */
qn_status lane_run(lane *lane, leaf *leaf);
/* The same up to the step `end`, where leaf->step then stands. */
qn_status lane_run_to(lane *lane, leaf *leaf, uint32_t end);

/* Writes into the call that it came too late. Returns QN_STATUS_REJECT. */
qn_status lane_timed_out(host_call *call, uint64_t limit_ns, uint64_t took_ns);

/* Tells whatever runs that nobody waits for it any more. [any] */
void lane_cancel(lane *lane);

#endif
