/* SPDX-License-Identifier: Apache-2.0 */

/* Stands between a stage and the harness, and tells what the host would mend, survive or not even see.
 *
 * The stage's own table is replaced by one of the same functions that look before and after; the host table it is lent is
 * wrapped the same way. Room is lent with guard bytes behind it. Floor 4. */
#ifndef CORE_CONFORMANCE_WATCH_H
#define CORE_CONFORMANCE_WATCH_H

#include <pthread.h>

#include "conformance/teller.h"
#include "document/builder.h"
#include "harness/harness_body.h"
#include "plugin/host.h"

enum { WATCH_CALLS_MAX = 256, WATCH_MORE_FUNCTIONS = 16 };

/* The slug of what is thrown away on purpose. */
#define WATCH_THROWN "thrown-away"

typedef struct watched_room {
  bool is_open, is_guarded;
  uint32_t n_rows, heap_bytes; /* lent, without the guard */
  qn_rows rows;
} watched_room;

typedef struct watched_view {
  bool is_open, is_guarded;
  uint32_t bytes, n_runs;
  qn_view_room room;
} watched_view;

/* What goes on in one call. */
typedef struct watched_call {
  const qn_call *call; /* NULL: free */
  qn_ticket ticket;
  uint8_t fill; /* what its lent room holds */
  bool has_said;
  qn_status said;
  watched_view view;
  watched_room rooms[STAGE_LAYERS_MAX];
  uint32_t n_emits; /* rooms for a document that it got */
  uint8_t *payload; /* being emitted; guard behind payload_bytes */
  size_t payload_bytes;
} watched_call;

typedef struct watch_options {
  bool newer_host; /* tables longer than the stage knows */
  bool older_host; /* no optional powers, and no function that ABI 1.0 did not have */
  qn_harness_fault create_fault;
} watch_options;

typedef struct watch {
  qn_stage stage; /* first: what the harness has for the table leads back here */
  qn_source source;
  qn_transform transform;
  qn_sink sink;
  const qn_stage *real;
  const stage_info *info;
  const stage_layout *layout;
  teller *teller;
  watch_options options;
  qn_host next;                 /* what the harness lends; wrapped below */
  uint8_t fill;                 /* what lent room holds */
  uint32_t attempt;             /* that calls of process name */
  bool is_scarce;               /* a stage that splits gets credit for one part a call */
  _Atomic bool throws_away;     /* what process did is discarded, as if something behind it had failed */
  bool create_said;             /* create_fail was called */
  _Atomic uint32_t n_blocks;    /* of the host's memory, held now */
  _Atomic uint32_t n_emitting;  /* threads in emit_reserve now, most likely waiting for credit */
  _Atomic uint32_t n_cancelled; /* emits refused since it was told to stop */
  _Atomic uint32_t n_more;      /* MOREs since the last other status */
  pthread_mutex_t lock;         /* of calls */
  watched_call calls[WATCH_CALLS_MAX];
} watch;

/* Fills ret_watch, which must not move while it is used; layout and teller outlive it. */
void watch_init(watch *ret_watch, const stage_info *info, const qn_stage *real, const stage_layout *layout,
                teller *teller, const watch_options *options);
void watch_done(watch *self);

/* The watch of a stage that was opened with its table. */
watch *watch_of(const qn_env *env);

/* The entry of a call, made when it begins. */
watched_call *watch_call_get(watch *self, const qn_call *call);
void watch_call_begin(watch *self, const qn_call *call);
/* Looks at guards, and at what was said against what is returned. Not if it is pending: whoever took the ticket may be
 * at it in a thread of its own. */
void watch_call_end(watch *self, const qn_call *call, qn_status status);
/* The same when its ticket is completed, before the harness hears of it. [any] */
void watch_ticket_end(watch *self, qn_ticket ticket, qn_status status);

/* Wraps the table that the harness lends, once, when create begins. Gives the one to lend instead; NULL: no memory. */
const qn_host *watch_wrap_host(watch *self, qn_create *create);

/* A message as fail, create_fail, complete and emit_reject take it, held to its form. what: "fail()". */
void watch_words(watch *self, const char *what, const char *slug, bool has_slug, const char *text, size_t len);

/* watch_rows.c: room with guards */
int watch_layer_reserve(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows);
int watch_layer_commit(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes);
int watch_layer_edit(qn_call *call, uint32_t layer, uint32_t more_rows, uint32_t more_heap, qn_rows *ret_rows);
int watch_layer_replace(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes);
int watch_view_reserve(qn_call *call, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room);
int watch_view_commit(qn_call *call, uint32_t bytes, uint32_t n_runs);
int watch_view_alias(qn_call *call, qn_span of_base);
void watch_guards_check(watch *self, const watched_call *at);

#endif
