/* SPDX-License-Identifier: Apache-2.0 */

/* Whoever emits documents: a source, or a stage that splits one. Floor 4.
 *
 * The host table's emit functions are the same for both; they differ in where credit comes from and in what an emitted
 * document belongs to. */
#ifndef CORE_RUNTIME_EMITTER_H
#define CORE_RUNTIME_EMITTER_H

#include "runtime/flow.h"

struct emitter {
  runtime *runtime;
  instance *stage;
  segment *segment; /* its own: documents go on from there */
  metrics_cell *cell;
  const struct emitter_kind *kind;

  /* Owned by the thread that runs the stage. */
  flow *flow;
  document *document;    /* being emitted; NULL: none */
  size_t room_bytes;     /* lent by emit_reserve */
  uint64_t credit_bytes; /* taken from admission for it */
  bool carried;          /* it came out of a block: it has its payload */
  receipt *local;        /* receipts at hand */
  uint32_t confirmed;    /* sinks that have the document being emitted already, a bit each */
  hand *hand;            /* of that document; as below, for the worker's own sources */
  bool wants_record;
};

typedef struct emitter_kind {
  /* Takes credit for one document of so many bytes. 0, -EAGAIN, -ECANCELED. */
  int (*take_credit)(emitter *emitter, uint64_t bytes);
  /* Waits for that credit for up to wait_ms and keeps it for the next take_credit; NULL: may not. 0, -EAGAIN, -ECANCELED. */
  int (*wait_credit)(emitter *emitter, uint64_t bytes, uint32_t wait_ms);
  /* Gives back what was taken for a document that will not be. */
  void (*give_credit)(emitter *emitter, uint64_t bytes);
  /* What the document takes from whoever emits it, where the stage did not say: its source and the root of its id. */
  void (*describe)(const emitter *emitter, qn_emit *emit, qn_str *ret_origin);
  /* Fills in the receipt and counts; the document is on its way after it. */
  void (*admitted)(emitter *emitter, receipt *receipt);
  /* The document is on its way. */
  void (*sent)(emitter *emitter);
} emitter_kind;

/* Drops a document that was begun and gives its credit back. [its thread] */
void emitter_abandon(emitter *emitter);
void emitter_done(emitter *emitter); /* frees what it holds */

/* What of a document's memory admission is told. [any] */
uint64_t emitter_charge_of(const document *document);
/* What it is told before a document with a payload of so many bytes is made. [any] */
uint64_t emitter_credit_for(size_t bytes);

/* --- the host table's functions --- */

int emit_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload);
int emit_field(qn_call *call, qn_str name, const qn_value *value);
int emit_commit(qn_call *call, size_t bytes, const qn_emit *emit);
int emit_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len);

#endif
