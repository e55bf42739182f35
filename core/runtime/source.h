/* SPDX-License-Identifier: Apache-2.0 */

/* Sources: where documents are admitted, from a lent thread or on the loop. Floor 4. */
#ifndef CORE_RUNTIME_SOURCE_H
#define CORE_RUNTIME_SOURCE_H

#include "runtime/settle.h"
#include "runtime/state.h"

struct source {
  runtime *runtime;
  instance *stage;
  uint32_t index;   /* in runtime->sources */
  segment *segment; /* its own */
  bool async;
  metrics_cell *cell;

  /* Owned by the thread that runs the source: the lent one, or the loop. */
  host_call call;
  document *document;    /* being emitted; NULL: none */
  size_t room_bytes;     /* lent by emit_reserve */
  uint64_t credit_bytes; /* taken from admission for it */
  receipt *local;        /* receipts at hand */
  uint64_t waited_ns;    /* for credit */

  pthread_t thread;
  bool has_thread;
  bell ended_bell;
  bool running;          /* [loop] */
  bool stopped;          /* told to end [loop] */
  bool starved;          /* async: refused credit, to be told [loop] */
  completion completion; /* async: start()'s PENDING */
  uint32_t attempts;

  receipt *_Atomic settled; /* to be told */
  bell settled_bell;
};

void source_init(source *source, runtime *runtime, instance *stage, segment *segment, uint32_t index);
int source_start(source *source, qn_error *error); /* [loop] */
void source_stop(source *source);                  /* [loop] */
/* Told once a sync source's thread has ended, or an async one completed. [loop] */
void source_ended(source *source);
void source_done(source *source); /* frees what it holds; after its end */

/* Drops a document that was begun and gives its credit back. [its thread] */
void source_abandon(source *source);
/* The call to use for the next conversation. [its thread] */
void source_call_begin(source *source);

/* Async form. [loop] */
int source_async_start(source *source, qn_error *error);
void source_async_stop(source *source);
void source_async_credit(source *source);

bool source_wants_receipts(const runtime *runtime, uint32_t index);
void source_settled(runtime *runtime, receipt *receipt); /* [any] takes the receipt */

/* --- emit.c: the host table's functions for sources --- */

/* What of a document's memory admission is told. [any] */
uint64_t emit_charge_of(const document *document);

int emit_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload);
int emit_field(qn_call *call, qn_str name, const qn_value *value);
int emit_commit(qn_call *call, size_t bytes, const qn_emit *emit);
int emit_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len);

#endif
