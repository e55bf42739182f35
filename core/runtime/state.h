/* SPDX-License-Identifier: Apache-2.0 */

/* The runtime's own parts, as its files see them: stages alive, segments, and what they all share. Floor 4, private.
 *
 * Set up by one thread before any other starts, and then read-only but for what is atomic or tagged. */
#ifndef CORE_RUNTIME_STATE_H
#define CORE_RUNTIME_STATE_H

#include <pthread.h>

#include "plugin/host.h"
#include "runtime/admission.h"
#include "runtime/border.h"
#include "runtime/completion.h"
#include "runtime/loop.h"
#include "runtime/receipt.h"
#include "runtime/runtime.h"

typedef struct source source;
typedef struct sink sink;
typedef struct crew crew;
typedef struct retries retries;
typedef struct signals signals;
typedef struct listeners listeners;

/* A stage of the plan, alive. */
typedef struct instance {
  runtime *runtime;
  const plan_stage *planned;
  uint32_t index; /* in the plan */
  const qn_stage *table;
  qn_env env; /* env.owner is this instance */
  bool has_env;
  bool created;
  void *self;                               /* what create() made */
  source *source;                           /* its driver, if it is a source */
  struct io_handle *handles;                /* what it holds of qanat.io/1 [loop] */
  uint32_t n_offloads;                      /* [loop] */
  _Atomic uint64_t input_done, input_total; /* what a source said of its input */
} instance;

/* A segment of the plan, with the border that feeds it. */
typedef struct segment {
  const plan_segment *planned;
  uint32_t index;
  bool has_border; /* all but sources */
  border border;
  struct segment *next; /* the segment it feeds; NULL for a sink */
  struct segment *end;  /* the sink at the end of the line: where what has ended keeps its place */
} segment;

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
  receipt_pool receipts;
  completions completions;
  document_pool *pool;
  metrics *metrics;

  uint32_t n_instances;
  instance *instances; /* by index in the plan */
  uint32_t n_segments;
  segment *segments; /* by index in the plan */
  uint32_t n_sources;
  source *sources;
  uint32_t n_sinks;
  sink *sinks;
  crew *crew;
  retries *retries;
  signals *signals;
  listeners *listeners;

  _Atomic uint64_t next_sequence;
  _Atomic int64_t quota; /* documents that may still be started, if there is a limit */
  _Atomic uint64_t bytes_admitted, bytes_settled;
  _Atomic uint64_t settled[LEAF_UNFINISHED + 1]; /* receipts by their worst leaf */

  _Atomic uint32_t stop;         /* run_stop */
  _Atomic uint32_t n_running;    /* sources that have not ended */
  _Atomic uint32_t n_sinks_open; /* sinks that have not finished */
  bell stop_bell, credit_bell, settled_bell;
  bool sinks_closing, finished; /* [loop] */
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
/* Starts a thread that gets no signals. 0, or a negative errno. */
int runtime_thread(pthread_t *ret_thread, void *(*run)(void *arg), void *arg, const char *name);

/* --- instance.c --- */

int instance_create(instance *instance, qn_error *error);
void instance_destroy(instance *instance); /* also if it was never created */

/* --- io.c, tell.c: extensions by name --- */

const void *io_extension(void);
/* Closes what a destroyed stage still holds. [loop] */
void io_close_all(instance *instance);
const void *progress_extension(void);

#endif
