/* SPDX-License-Identifier: Apache-2.0 */

/* The way of a document that was picked to be traced: what each stage did with it and when. Floor 4.
 *
 * Whoever wants traces gives a tracer to the run; documents that are not picked cost a comparison where they are admitted and one in each
 * segment. A document is picked by chance, or since its field "traceparent" (W3C Trace Context) says so. */
#ifndef CORE_RUNTIME_TRACE_H
#define CORE_RUNTIME_TRACE_H

#include "runtime/receipt.h"

enum { TRACE_SPANS_MAX = 128, TRACE_ID_BYTES = 257, TRACE_PARENT_BYTES = 56 };

/* What a span tells of. */
enum { TRACE_PROCESS = 0, TRACE_PREPARE = 1, TRACE_WRITE = 2 };

typedef struct trace_span {
  uint32_t stage; /* index in the plan */
  uint16_t kind;  /* TRACE_* */
  uint16_t attempt;
  qn_status status; /* what the stage said; negative: nothing that a stage may */
  uint64_t begin_ns, end_ns;
} trace_span;

typedef struct trace {
  const struct plan *plan; /* lent while the document is in flight and done() runs */
  char id[TRACE_ID_BYTES], source[TRACE_ID_BYTES];
  char parent[TRACE_PARENT_BYTES]; /* the field "traceparent", checked; "": it begins here */
  uint64_t payload_bytes;
  int64_t begin_unix_ns; /* the same moment by both clocks */
  uint64_t begin_ns, end_ns;
  uint32_t outcome;         /* leaf_state, when it has settled */
  _Atomic uint32_t n_spans; /* those beyond the bound are counted and not kept */
  trace_span spans[TRACE_SPANS_MAX];
} trace;

typedef struct tracer {
  uint32_t share; /* of 2^32 documents so many are picked; UINT32_MAX: all */
  void (*done)(void *arg,
               trace *taken); /* the document has settled; the trace is whose it is told to, freed by free() [any] */
  void *arg;
} tracer;

/* Looks whether the document that is being admitted is to be traced; if so receipt->trace is there. */
void trace_pick(const tracer *by, receipt *receipt, const document *document, const struct plan *plan);
/* It has settled. Takes receipt->trace. */
void trace_end(const tracer *by, receipt *receipt, uint32_t outcome);
void trace_add(trace *trace, const trace_span *span); /* [any] */

static inline void trace_note(const receipt *of, uint32_t stage, uint32_t kind, uint32_t attempt, qn_status status,
                              uint64_t begin_ns, uint64_t end_ns) {
  if (of->trace != NULL) {
    const trace_span span = { stage, (uint16_t)kind, (uint16_t)attempt, status, begin_ns, end_ns };
    trace_add(of->trace, &span);
  }
}

/* Whether text is a traceparent of version 00: 00-32 digits-16 digits-2 digits, not all zeros. */
bool trace_is_parent(const char *text, size_t len);

#endif
