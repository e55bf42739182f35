/* SPDX-License-Identifier: Apache-2.0 */

/* The ways in which workers run segments, one for each kind. Floor 4.
 *
 * A worker asks each segment in turn, from the end of the graph to its beginning, whether there is something to run. */
#ifndef CORE_RUNTIME_WORK_H
#define CORE_RUNTIME_WORK_H

#include "runtime/crew.h"

typedef struct work {
  /* What all workers share of the segment, made before they start. May be NULL. [loop] */
  int (*build)(runtime *runtime, segment *segment, qn_error *error);
  /* The workers have ended, the stages still live: closes contexts and handles. Half-built ones too. May be NULL. [loop] */
  void (*close)(runtime *runtime, segment *segment);
  /* The stages have been destroyed: lets go of what they might still have held. segment->own itself goes with the graph.
   * May be NULL. [loop] */
  void (*release)(runtime *runtime, segment *segment);
  /* The worker's own contexts, in worker->lanes. May be NULL. [worker] */
  int (*open)(worker *worker, segment *segment, qn_error *error);
  /* Runs something. False: there was nothing to run. [worker] */
  bool (*turn)(worker *worker, segment *segment);
  /* Whether a turn would find something. [any] */
  bool (*ready)(const segment *segment);
  /* Nothing else is to be done anywhere: runs what has waited for more to come. May be NULL. [worker] */
  bool (*flush)(worker *worker, segment *segment);
  /* When, on the metrics' clock, a turn may find something though nothing comes; UINT64_MAX: never. May be NULL. [worker] */
  uint64_t (*due_ns)(const segment *segment);
  /* Takes a leaf that waited for another try and is due; NULL: it goes to the segment's border. [loop] */
  void (*take_back)(segment *segment, leaf *leaf);
  /* The run ends before its input does: raises the cancel flag of what runs if it has failed, and bounds how long what
   * is pending may take. May be called again. May be NULL. [loop] */
  void (*cancel)(runtime *runtime, segment *segment);
  /* Where the segment itself says what it runs, if only one worker at a time does. May be NULL. [loop] */
  watch *(*watch)(segment *segment);
  /* Processes started anew. May be NULL. [any] */
  uint32_t (*restarts)(const segment *segment);
  /* What the stage has of memory, if not in this process; NULL: it has it here. [any] */
  void (*memory)(const segment *segment, host_memory *ret_memory);
} work;

extern const work parallel_work; /* parallel.c: run to completion, many at a time */
extern const work solo_work;     /* solo.c: serial and ordered stages, one document at a time */
extern const work batch_work;    /* batch.c */
extern const work isolated_work; /* isolated.c: stages in processes of their own */
extern const work async_work;    /* async.c */
extern const work split_work;    /* split.c: stages that emit documents of their own */

/* Opens a lane for the segment with contexts of its own; cells are the given actor's. */
int work_lane_open(runtime *runtime, const segment *segment, builder *builder, record_encoder *encoder, uint32_t actor,
                   watch *watch, lane *lane, qn_error *error);

/* How many tickets an asynchronous transform may have open. */
uint32_t work_async_slots(const runtime *runtime);

/* Rows of the metrics for workers, those that take the place of given-up ones among them. */
static inline uint32_t work_worker_rows(const runtime *self) {
  return self->options.n_workers + CREW_LOST_MAX;
}

/* How many actors the metrics have: workers, then the ends, then a row for each segment that all workers share. */
uint32_t work_actor(const runtime *runtime, const segment *segment);

#endif
