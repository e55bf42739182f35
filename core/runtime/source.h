/* SPDX-License-Identifier: Apache-2.0 */

/* Sources: where documents are admitted, from a lent thread or on the loop. Floor 4. */
#ifndef CORE_RUNTIME_SOURCE_H
#define CORE_RUNTIME_SOURCE_H

#include "runtime/emitter.h"
#include "runtime/state.h"

struct source {
  emitter emitter; /* must be first */
  runtime *runtime;
  instance *stage;
  uint32_t index; /* in runtime->sources */
  bool async;

  /* Owned by the thread that runs the source: the lent one, or the loop. */
  flow flow;
  host_call call;
  uint64_t waited_ns;     /* for credit */
  uint32_t n_until_timed; /* documents until one's way is timed again */
  uint64_t n_admitted;
  uint64_t kept_bytes; /* credit waited for in this turn and not used yet; 0: none */

  pthread_t thread;
  bool has_thread;
  bell ended_bell;
  bool running;          /* [loop] */
  bool stopped;          /* told to end [loop] */
  bool starved;          /* async: refused credit, to be told [loop] */
  completion completion; /* async: start()'s PENDING */
  uint32_t attempts;

  void (*ends)(void *arg, const runtime_end *ends, uint32_t n); /* told instead of the table's settled(); NULL: not */
  void *ends_arg;
  receipt *_Atomic settled; /* to be told */
  bell settled_bell;
};

int source_init(source *source, runtime *runtime, instance *stage, segment *segment, uint32_t index); /* 0, -ENOMEM */
int source_start(source *source, qn_error *error);                                                    /* [loop] */
void source_stop(source *source);                                                                     /* [loop] */
/* Told once a sync source's thread has ended, or an async one completed. [loop] */
void source_ended(source *source);
void source_done(source *source); /* frees what it holds; after its end */

/* The call to use for the next conversation. [its thread] */
void source_call_begin(source *source);

/* Async form. [loop] */
void source_async_init(source *source); /* before any source starts, since plugins' threads look at the tickets then */
int source_async_start(source *source, qn_error *error);
void source_async_stop(source *source);
void source_async_credit(source *source);

bool source_wants_receipts(const runtime *runtime, uint32_t index);
void source_settled(runtime *runtime, receipt *receipt); /* [any] takes the receipt */

#endif
