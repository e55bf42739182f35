/* SPDX-License-Identifier: Apache-2.0 */

/* Runs a plan: brings its stages to life, moves documents through them, and gives account of every one. Floor 4.
 *
 * The thread that calls runtime_run becomes the loop thread. Several runtimes may live in one process. */
#ifndef CORE_RUNTIME_RUNTIME_H
#define CORE_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/hands.h"
#include "delivery/letter.h"
#include "observe/metrics.h"
#include "pipeline/plan.h"
#include "plugin/host.h"

typedef struct runtime runtime;

/* Where the documents are. At the end of a run in_flight is 0 and
 * admitted = delivered + dropped + dead_lettered + unfinished. */
typedef struct runtime_counts {
  uint64_t admitted;
  uint64_t delivered;
  uint64_t dropped;
  uint64_t dead_lettered;
  uint64_t unfinished; /* in flight when the pipeline stopped on a fatal error: neither done nor failed */
  uint32_t in_flight;
  uint64_t parts;          /* documents that stages split off others; each counts as a leaf of the one it came from */
  uint64_t bytes_admitted; /* of payload */
  uint64_t bytes_settled;
  uint64_t input_done, input_total; /* of the inputs, by what the sources say, in their own unit; total 0: unknown */
} runtime_counts;

/* How a document came out, as the worker's own sources are told. Lent for the length of the call. */
typedef struct runtime_end {
  uint64_t cookie;
  uint32_t outcome;  /* QN_OUTCOME_* */
  uint32_t attempts; /* dead-lettered, as are the next three: of the stage that failed on it; else 0 */
  const char *stage; /* NULL: none, or nobody asked */
  const char *slug, *message;
  const char *record; /* JSON, if it was asked for and the document came to a sink; else NULL */
  size_t record_bytes;
} runtime_end;

/* What sinks keep with the documents they have made durable (qanat/keep.h), for whoever journals those documents. */
typedef struct runtime_keeper {
  /* What the sink stored last; owned by the caller. 0, -ENOENT, -errno. [create] */
  int (*load)(void *arg, uint32_t stage, void **ret_bytes, size_t *ret_size);
  /* The sink has made these durable, by their cookies, and keeps state (NULL: nothing new) from now on: all of it at once, or nothing. Before
   * they settle, in the order of the flushes. 0, or a negative errno: then they must not settle. [the sink's thread] */
  int (*flushed)(void *arg, uint32_t stage, const uint64_t *cookies, uint32_t n, const void *state, size_t size);
  void *arg;
} runtime_keeper;

typedef struct runtime_options {
  uint32_t n_workers;       /* 0: one for each core */
  uint64_t limit_documents; /* admit no more than so many; 0: no limit */
  bool frozen;              /* stages see now_ms instead of the time */
  int64_t now_ms;
  bool signals;     /* SIGINT and SIGTERM drain; a second one ends the process at once */
  uint32_t tick_ms; /* how often tick is called; 0: never */
  void (*tick)(void *arg, const runtime_counts *counts);                                   /* [loop] */
  void (*log)(void *arg, const char *stage, uint32_t level, const char *text, size_t len); /* [any] one at a time */
  void (*interrupted)(void *arg, int signal);                                              /* [loop] */
  void *arg;               /* of the three above, each of which may be NULL */
  letter_store *letters;   /* borrowed; NULL: failed documents are only counted */
  struct run_cache *cache; /* borrowed; of this plan; NULL: everything is run (run_cache.h) */
  const char *stage_host;  /* the program that runs isolated stages, see isolation/child.h; NULL: they cannot be run */
  struct listeners *listeners;  /* borrowed: they belong to the process; NULL: the run has its own */
  struct instance_pool *pool;   /* borrowed: instances that outlive the run (pool.h); NULL: none do */
  const runtime_keeper *keeper; /* borrowed; only if all sources are the worker's own. NULL: sinks keep nothing */
  bool serves; /* the run is a worker's: sinks append, and failed documents wait until their letters are kept */
  const struct tracer *tracer; /* borrowed: what takes traces (trace.h); NULL: none are made */
  bool unisolated;             /* isolated stages run in this process like any other: for tests with stubs */
} runtime_options;

/* Creates every stage and starts the workers. tables[i] is the table of plan->stages[i]; plan and tables are borrowed.
 * What a stage that fails to start says is in error. */
int runtime_new(const plan *plan, const qn_stage *const *tables, const runtime_options *options, runtime **ret_runtime,
                qn_error *error);
/* Loads the tables of a plan's stages from the registry, then runtime_new. */
int runtime_load(const plan *plan, registry *registry, const runtime_options *options, runtime **ret_runtime,
                 qn_error *error);

/* Runs until the sources have ended and everything has settled. 0: all input was taken, documents may have failed
 * (see the counts); -EINTR: stopped before the input's end; else what stopped the pipeline is in error. Once. */
int runtime_run(runtime *runtime, qn_error *error);

/* For sources of our own, between emit_reserve and emit_commit: who has the document in hand is said at slot (NULL is fine). */
void runtime_emit_hand(qn_call *call, hand *slot);
/* The same: its record is wanted when it has come out. */
void runtime_emit_record(qn_call *call);
/* Instead of emit_commit: admits the document as failed, with its payload. As emit_commit. */
int runtime_emit_failed(qn_call *call, size_t bytes, const qn_emit *emit, const char *slug, const char *text);
/* Tells ends instead of the table's settled(). Before runtime_run. [loop] */
void runtime_watch_ends(runtime *runtime, uint32_t stage, void (*ends)(void *arg, const runtime_end *ends, uint32_t n),
                        void *arg);

/* For sources of our own: the sink, an index in the plan, has the document that is being emitted from an earlier run, and
 * counts as having confirmed it. [inside next, before emit_commit] */
void runtime_confirm(qn_call *call, uint32_t stage);

/* Ends the run as a fatal error does: what is in flight is unfinished, and its sources are not told. [any] */
void runtime_abandon(runtime *runtime);

/* Ends the sources; what is in flight still comes out. [any] also before runtime_run, not after it returned */
void runtime_stop(runtime *runtime);

/* True once nothing more will be admitted: all sources have ended. [any] */
bool runtime_sources_ended(const runtime *runtime);

/* True if a stage has not returned though its time was up long ago: then runtime_free leaves everything as it is, and the
 * process should end without further ado. [after runtime_run] */
bool runtime_is_stuck(const runtime *runtime);

/* Closes contexts, destroys stages, asserts that nothing is left. */
void runtime_free(runtime *runtime);

void runtime_counts_get(const runtime *runtime, runtime_counts *ret_counts);          /* [any] */
void runtime_stage_get(const runtime *runtime, uint32_t stage, metrics_sum *ret_sum); /* [any] */

/* How documents fare from end to end. */
typedef struct runtime_passage {
  histogram_sum took; /* from admission to settlement, of sampled documents, which weigh for the others */
  uint64_t oldest_ms; /* how long the oldest document in flight has been so, coarsely; 0: none, or not for long */
  uint64_t bytes_in_flight;
} runtime_passage;

/* These look at all that is in flight: for every second, not for every document. [any, while it lives] */
void runtime_passage_get(runtime *runtime, runtime_passage *ret_passage);
/* How many documents wait before a stage, about: 0 within a segment, where none ever does. */
uint32_t runtime_queue_get(const runtime *runtime, uint32_t stage);
/* What a stage has of memory; an isolated one, in all its processes together. [any] */
void runtime_memory_get(const runtime *runtime, uint32_t stage, host_memory *ret_memory);
/* How often an isolated stage's processes were started anew, or threads given up in which a stage did not return. */
uint32_t runtime_restarts_get(const runtime *runtime, uint32_t stage);
uint32_t runtime_n_workers(const runtime *runtime);

#endif
