/* SPDX-License-Identifier: Apache-2.0 */

/* Sinks: the end of the line, on a lent thread or on the loop. Floor 4.
 *
 * A sink gets what is ready, in order and in batches; a document settles when the flush after its write succeeded, or when the sink
 * has confirmed it (qanat/confirm.h). Leaves that ended before only pass to be settled in their turn. */
#ifndef CORE_RUNTIME_SINK_H
#define CORE_RUNTIME_SINK_H

#include "runtime/settle.h"
#include "runtime/state.h"
#include "runtime/watch.h"

/* What is confirmed while a batch is written settles after it, so that these are small. */
enum { SINK_BATCH_MAX = 256, SINK_CONFIRMING_BATCH_MAX = 64 };
#define SINK_FLUSH_NS UINT64_C(1000000000)

/* One document at a sink. Its room is used again. */
typedef struct sink_item {
  qn_item item; /* must be first */
  host_call call;
  sink *sink;
  leaf *leaf;
  completion completion; /* async: PENDING writes */
  uint64_t pending_ns;   /* async: since when; 0: it is not */
  struct sink_item *next;
} sink_item;

struct sink {
  runtime *runtime;
  instance *stage;
  segment *segment;
  bool async;
  bool broken;   /* it said FATAL: nothing more is written */
  bool finished; /* finish() was called */
  metrics_cell *cell;

  /* Owned by the thread that runs the sink: the lent one, or the loop. */
  settler settler;
  sink_item *items;
  uint32_t n_items;
  host_call flush_call;
  leaf *written, *last_written; /* taken by the sink and neither flushed nor confirmed yet, in order */
  uint32_t n_written;
  uint64_t n_confirmed; /* of those, the first so many are, and have not settled yet */
  uint64_t oldest_ns;   /* when the first of those was written */
  uint64_t waiting_ns;  /* sync: since when nothing was taken or confirmed while it waits for word; 0: it does not */
  void *kept;           /* what the flush that runs stored (qanat/keep.h); owned */
  size_t kept_bytes;

  watch watch; /* sync: what of the stage runs, if it has a time limit */
  park park;
  pthread_t thread;
  bool has_thread;
  _Atomic bool closing; /* nothing more comes */
  bool success;         /* written before closing */
  bell ended_bell;

  /* Async form. [loop] */
  sink_item *free_items;
  uint32_t n_pending; /* writes to be completed */
  uint32_t n_delayed; /* items that wait before another try */
  bool flushing, has_timer;
  bool counted; /* as active */
  uint32_t flush_attempts;
  uint64_t flushing_ns; /* since when */
  completion flush_completion;
  bell pump_bell;
  uv_timer_t timer;
  sink_item *delayed;
};

int sink_init(sink *sink, runtime *runtime, instance *stage, segment *segment, qn_error *error);
int sink_start(sink *sink, qn_error *error); /* [loop] */
/* Nothing more comes: finish() with success, then end. [loop] */
void sink_close(sink *sink, bool success);
void sink_done(sink *sink); /* after its end; also half-built ones */
/* Whether a write or a flush has not ended, though its time is up and it has been told so. [loop] */
bool sink_is_stuck(sink *sink, uint64_t now_ns);
/* Nobody waits for what an asynchronous sink has not ended: it is told so, and may give it up. [loop] */
void sink_cancel(sink *sink);
/* Its end, told to the runtime. [loop] */
void sink_ended(sink *sink);

/* --- what both forms share [its thread] --- */

/* True if the sink has nothing to write of the leaf: it ended earlier, or the sink is broken, or has it from an earlier run. */
bool sink_only_passes(const sink *sink, const leaf *leaf);
/* Points an item at its leaf, ready to be written. */
void sink_item_begin(sink *sink, sink_item *item, leaf *leaf);
/* The item was taken: it waits for the flush, or is delivered if the sink has none. */
void sink_item_written(sink *sink, sink_item *item);
/* The item failed for good: by the stage's on_error. */
void sink_item_failed(sink *sink, sink_item *item, const qn_error *error);
/* The item would be tried again, but the run ends before that: it goes back to where it came from (a worker's). */
void sink_item_left(sink *sink, sink_item *item);
/* The sink is broken, by the error given: the run fails and so does everything not yet flushed. */
void sink_break(sink *sink, const qn_error *error);
/* Passes a leaf that ended earlier, or came to a broken sink. */
void sink_pass(sink *sink, leaf *leaf);
/* Before each try of a flush: what an earlier one stored does not count. */
void sink_flush_begin(sink *sink);
/* The flush succeeded: what was written is delivered. */
void sink_flushed(sink *sink);
/* What the sink has confirmed by now is delivered. */
void sink_confirmed(sink *sink);
/* Turns an impossible status into FATAL with a reason, and puts a reason where the plugin gave none. */
qn_status sink_checked(sink *sink, qn_status status, qn_error *error, bool may_pend);
/* Calls finish() and reports its failure. */
void sink_finish(sink *sink);
bool sink_has_flush(const sink *sink);

/* sink_async.c [loop] */
bool sink_async_is_stuck(sink *sink, uint64_t now_ns);
void sink_async_start(sink *sink);
void sink_async_close(sink *sink);

#endif
