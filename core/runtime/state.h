/* SPDX-License-Identifier: Apache-2.0 */

/* The runtime's own parts, as its files see them: stages alive, segments, and what they all share. Floor 4, private.
 *
 * Set up by one thread before any other starts, and then read-only but for what is atomic or tagged. */
#ifndef CORE_RUNTIME_STATE_H
#define CORE_RUNTIME_STATE_H

#include <pthread.h>

#include "plugin/host.h"
#include "runtime/activity.h"
#include "runtime/admission.h"
#include "runtime/border.h"
#include "runtime/completion.h"
#include "runtime/io.h"
#include "runtime/loop.h"
#include "runtime/park.h"
#include "runtime/receipt.h"
#include "runtime/runtime.h"

typedef struct source source;
typedef struct emitter emitter;
typedef struct sink sink;
typedef struct desk desk;
typedef struct async_stage async_stage;
typedef struct crew crew;
typedef struct retries retries;
typedef struct signals signals;

/* A stage of the plan, alive. */
typedef struct instance {
  runtime *runtime;
  const plan_stage *planned;
  uint32_t index; /* in the plan */
  const qn_stage *table;
  qn_env *env; /* its owner is this instance, unless it is shared; NULL: not begun */
  qn_env own_env;
  struct shared_instance *shared; /* it belongs to a pool (pool.h) */
  bool created;
  void *self;                               /* what create() made */
  emitter *emitter;                         /* if it is a source, or splits documents */
  sink *sink;                               /* if it is one */
  bool confirms;                            /* a sink that asked for qanat/confirm.h */
  bool unprepared;                          /* a sink that said so (qanat/direct.h) */
  io_home io;                               /* [loop] */
  void *kept;                               /* a sink: what it loaded (qanat/keep.h), while create runs; owned */
  _Atomic uint64_t input_done, input_total; /* what a source said of its input */
  _Atomic uint32_t n_given_up;              /* threads in which it did not return */
} instance;

typedef struct segment segment;

/* A way from one segment to another. */
typedef struct edge {
  segment *to;
  segment *
      direct; /* a sink's, if all that `to` would do is to prepare for it, and there is nothing to prepare; else NULL */
  const plan_stage *reader; /* the stage that reads there: its condition decides who takes this way */
  uint32_t input;           /* which of the join's inputs it is, if the reader is a join */
} edge;

#define SEGMENT_NO_JOIN UINT32_MAX

/* A segment of the plan, with the border that feeds it and the ways that lead on. */
struct segment {
  const plan_segment *planned;
  uint32_t index;
  bool has_border; /* all but sources */
  border border;
  uint32_t n_edges;
  edge *edges;
  bool chooses;  /* some edge has a condition */
  uint32_t join; /* which entry of a receipt's joins stands before it, or SEGMENT_NO_JOIN */

  /* Where documents begin: sources, and stages that split. */
  uint32_t *n_awaited; /* for each join, how many of its inputs a document that begins here can reach */
  uint32_t n_strange;
  segment **strange; /* sources: ordered borders that no document from here reaches */
  uint32_t n_below;
  segment **below; /* stages that split: those that their parts reach */

  const struct work *work; /* how workers run it; NULL: they don't */
  void *own;               /* what its work keeps for all workers */
};

/* How the run stands; only ever grows. */
typedef enum run_stop {
  RUN_GOES_ON = 0,
  RUN_LIMIT = 1,       /* as many documents as asked for */
  RUN_INTERRUPTED = 2, /* somebody asked it to stop */
  RUN_FAILED = 3       /* a fatal error: nothing more is processed */
} run_stop;

struct runtime {
  const plan *plan;
  runtime_options options;
  host_hooks hooks;

  loop loop;
  bool has_loop;
  admission admission;
  activity activity;
  receipt_pool receipts;
  completions completions;
  document_pool *pool;
  metrics *metrics;

  uint32_t n_instances;
  instance *instances; /* by index in the plan */
  uint32_t n_segments;
  segment *segments; /* by index in the plan */
  uint32_t n_orders; /* borders that are ordered */
  uint32_t n_sources;
  source *sources;
  uint32_t n_sinks;
  sink *sinks;
  park work_park; /* where workers sleep: outlives them, since plugins may complete late */
  crew *crew;
  desk *desk; /* NULL: failed documents are only counted */
  retries *retries;
  signals *signals;
  listeners *listeners;     /* its own, or the process's */
  listeners *own_listeners; /* NULL: it uses the process's */

  _Atomic uint64_t next_sequence;
  _Atomic uint64_t n_parts; /* documents that stages have split off */
  _Atomic int64_t quota;    /* documents that may still be started, if there is a limit */
  _Atomic uint64_t bytes_admitted, bytes_settled;
  histogram took;                                /* from admission to settlement, of the documents that are timed */
  _Atomic uint64_t settled[LEAF_UNFINISHED + 1]; /* documents admitted, by their worst leaf */
  _Atomic uint64_t settled_parts[LEAF_UNFINISHED + 1]; /* those that came out of others */

  _Atomic uint32_t stop;         /* run_stop */
  _Atomic uint32_t n_running;    /* sources that have not ended */
  _Atomic uint32_t n_sinks_open; /* sinks that have not finished */
  bell stop_bell, credit_bell, settled_bell;
  bool sinks_closing, finished; /* [loop] */
  bool stuck;                   /* a stage does not return and cannot be done without [loop] */
  uint64_t stuck_ns;            /* when the run was told to stop [loop] */
  uint64_t failed_ns;           /* when the loop saw that it has failed, 0: it has not [loop] */
  uv_timer_t tick, look_timer;  /* [loop] */
  bool has_timers;

  pthread_mutex_t mutex; /* the failure, the letters and the log */
  bool has_mutex;
  bool letters_broken; /* said so already */
  qn_error failure;    /* the first fatal error */
};

/* --- state.c: what all parts need --- */

/* Time as stages see it. */
int64_t runtime_now_ms(const runtime *runtime);
/* Stops the run for a fatal error of a stage; the first one counts. [any] */
void runtime_fail(runtime *runtime, const instance *stage, const qn_error *error);
/* Raises how the run stands; sources end. [any] */
void runtime_halt(runtime *runtime, run_stop stop);
static inline run_stop runtime_standing(const runtime *self) {
  return (run_stop)atomic_load_explicit(&self->stop, memory_order_acquire);
}
/* One line to whoever listens. [any] */
void runtime_log(runtime *runtime, const char *stage, uint32_t level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void runtime_log_text(runtime *runtime, const char *stage, uint32_t level, const char *text, size_t len);
/* There may be something to do for a worker that no border tells of. [any] */
void runtime_wake_workers(runtime *runtime);
/* The plan's index of a source. */
uint32_t runtime_source_stage(const runtime *runtime, uint32_t source); /* source.c */
/* Starts a thread that gets no signals. 0, or a negative errno. */
int runtime_thread(pthread_t *ret_thread, void *(*run)(void *arg), void *arg, const char *name);

/* --- graph.c: segments, edges, joins and borders of the plan --- */

int graph_build(runtime *runtime); /* 0, -ENOMEM */
/* Once all stages are created: leads straight to sinks that have nothing to prepare. */
void graph_shorten(runtime *runtime);
void graph_free(runtime *runtime);

/* --- instance.c --- */

int instance_create(instance *instance, qn_error *error);
void instance_destroy(instance *instance); /* also if it was never created */

/* Whether workers have something to do for a sink's documents. */
static inline bool instance_prepares(const instance *self) {
  return self->table->sink->prepare != NULL && !self->unprepared;
}

/* --- tell.c, keep.c, confirm.c, direct.c: extensions by name --- */

const void *progress_extension(void);
const void *keep_extension(void);
const void *confirm_extension(instance *stage);      /* NULL: not for this stage */
const void *direct_extension(const instance *stage); /* the same */

/* carry.c */
const void *block_extension(void);
const void *credit_extension(void);

#endif
