/* SPDX-License-Identifier: Apache-2.0 */

/* What a harness is made of. Floor 4, beside the runtime: it does for one stage, in the thread that asks, what the runtime does
 * for pipelines on many, and reports what the runtime would only survive. Private to core/harness. */
#ifndef CORE_HARNESS_HARNESS_BODY_H
#define CORE_HARNESS_HARNESS_BODY_H

#include <pthread.h>
#include <stdatomic.h>

#include "document/view.h"
#include "harness/lent_table.h"
#include "harness/settings.h"
#include "plugin/host.h"
#include "qanat/harness.h"

enum { PARTS_MAX = 1 << 20 };

struct qn_harness_doc {
  qn_harness *harness;
  document *held;
  qn_harness_doc *next, **link; /* in the harness's list; parts are in their parent's instead */
  uint32_t n_parts, parts_capacity;
  qn_harness_doc **parts;
  uint32_t n_pins; /* runs that are not over; the test's free waits for them. Loop thread */
  bool is_freed;
};

typedef struct harness_call_counts {
  _Atomic uint64_t of_stage[STAGE_N_FUNCTIONS];
  _Atomic uint64_t of_host[LENT_N_FUNCTIONS];
} harness_call_counts;

/* What a sink has kept (qanat/keep.h). bytes NULL: nothing. */
typedef struct harness_kept {
  char *bytes; /* owned */
  size_t len;
} harness_kept;

/* One call of the stage and what belongs to it. call stays first: a qn_call leads back to its run. */
struct qn_harness_run {
  host_call call;
  qn_harness *harness;
  qn_harness_doc *doc; /* NULL: a source, a flush or a finish */
  stage_layout layout;
  builder *building;
  record_encoder *encoder;
  qn_harness_run *next_idle;
  uint64_t begin_ns;
  uint64_t due_ns; /* deadline.c; 0: none */
  qn_harness_run *next_due;

  document *emitting; /* a part, or what a source is writing; emit.c */
  size_t room_bytes;
  bool is_carried;    /* emitting came out of a block */
  bool has_credit;    /* waited for, and not used yet */
  uint32_t n_emitted; /* parts begun in this call */

  /* Asynchronous; guarded by harness->lock from the moment the ticket is open. */
  bool is_open; /* in the list of open tickets */
  qn_harness_run *next_open;
  bool is_completed;
  bool is_let_go; /* the test is done with it */
  bool is_cancelled;
  uint32_t n_completions;
  qn_status completed_status;
  qn_error completed_error;

  uint32_t place;  /* in the caller's list */
  bool is_unfit;   /* the document won't do: the outcome says why, and the stage is not called */
  bool is_settled; /* complete()'s status has been sealed */
  qn_harness_outcome outcome;
};

struct qn_harness {
  manifest *manifest;     /* owned unless is_guest */
  const stage_info *info; /* in there */
  const qn_stage *table;
  cJSON *config;
  harness_settings settings;
  schema_set *schemas;         /* owned unless is_guest */
  document_pool *pool;         /* owned unless is_guest */
  const stage_layout *planned; /* guests: the layout of the plan */
  bool is_guest;
  char *folder;
  host_hooks hooks;
  qn_env env;
  qn_host *lent; /* as large as the stage is to see it */
  lent_fault fault;
  harness_call_counts counts;
  void *instance;
  bool is_created; /* env stands */
  bool has_instance;
  bool is_stuck; /* the stage still holds something that was lent to it: nothing may be freed */
  void *context; /* of the loop thread */
  bool has_context;

  int64_t now_ms;
  uint32_t attempt; /* that calls are told from now on */
  int (*file_open)(void *arg, const char *path);
  void *file_arg;
  uint32_t timeout_ms, deadline_ms, part_credits;
  void (*log)(void *arg, uint32_t level, const char *text, size_t len);
  void *log_arg;

  qn_harness_doc *docs;
  qn_harness_run *idle; /* of the loop thread */
  builder *building;    /* for what the test itself puts into documents */
  record_encoder *encoder;

  pthread_mutex_t lock; /* the open tickets, and what of a run says so */
  qn_harness_run *open;
  uint32_t n_open_slots;
  uint32_t next_generation;
  _Atomic uint64_t n_strays;

  struct turner *turner;         /* the loop; turn.h */
  struct deadlines *deadlines;   /* made when first needed */
  struct source_body *source;    /* sources only */
  struct harness_worker *worker; /* NULL: the stage is not lent what a worker has */
};

/* Message of a public function, from an error. Returns its code. */
int harness_say(const qn_error *error, char *message, size_t size);

/* A stage of a plan: everything but the harness itself is the plan's or its owner's. */
typedef struct harness_guest {
  const stage_info *info;
  const qn_stage *table;
  const char *id;
  const cJSON *config;
  const char *base_folder;
  const stage_layout *layout;
  schema_set *schemas;
  document_pool *pool;
  int64_t now_ms;
  uint32_t timeout_ms;
  bool worker;                                   /* lends what a worker has */
  harness_kept *kept;                            /* of it, what an earlier life kept; NULL: a life of its own */
  int (*file_open)(void *arg, const char *path); /* as in host_hooks; may be NULL */
  void *file_arg;
  void (*log)(void *arg, uint32_t level, const char *text, size_t len);
  void *log_arg;
} harness_guest;

int harness_open_guest(const harness_guest *guest, qn_harness **ret_harness, qn_error *error);
/* Closes; 0 or -EPROTO with what the stage left behind. Half-built ones too. */
int harness_discard(qn_harness *harness, qn_error *error);

int harness_context_open(qn_harness *harness, void **ret_context);
void harness_context_close(qn_harness *harness, void *context);

/* --- runs: run.c --- */

/* A run of this stage over doc (or NULL), fitted to it; builds: the stage may add to it. NULL: no memory. Loop thread. */
qn_harness_run *run_take(qn_harness *harness, qn_harness_doc *doc, bool builds);
void run_give(qn_harness_run *run);
void run_free(qn_harness_run *run);
/* Before and after a function of the stage runs. run_end seals or discards, and fills the outcome. */
void run_begin(qn_harness_run *run);
qn_status run_end(qn_harness_run *run, qn_status status);
/* One call of a transform of form "one" or "async", in any thread; an asynchronous one may be left pending. */
qn_status run_call(qn_harness_run *run, void *context);
void run_batch(qn_harness *harness, qn_harness_run *const *runs, uint32_t n, void *context);
/* Copies the outcome out; the run goes back, unless completion is owed. Its status. Loop thread. */
qn_status run_let_go(qn_harness_run *run, qn_harness_outcome *ret_outcome);
qn_harness_run *run_of(qn_call *call);
void run_count(qn_harness *harness, stage_function function);

/* --- tickets: pending.c --- */

void pending_open(qn_harness_run *run); /* gives the call its ticket */
/* After the stage's function returned: PENDING stays open, anything else closes it. The status that counts. */
qn_status pending_returned(qn_harness_run *run, qn_status status);
void pending_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text, size_t len);
/* Turns until completed or out of time, then ends the run with what complete() brought. */
qn_status pending_wait(qn_harness_run *run, uint32_t timeout_ms);
/* If it has completed: true, and the run is ended. */
bool pending_wait_now(qn_harness_run *run);
void pending_cancel(qn_harness_run *run);
/* Nobody waits any more. True if completion is still owed: the run then stays until it comes. */
bool pending_abandon(qn_harness_run *run);
/* Waits for all that is owed. How many never came. */
uint32_t pending_drain(qn_harness *harness);

/* --- documents: doc.c, doc_set.c --- */

qn_harness_doc *doc_wrap(qn_harness *harness, document *held); /* consumes held, also when it fails */
qn_harness_doc *doc_wrap_part(qn_harness_doc *parent, document *held);
void doc_pin(qn_harness_doc *doc);
void doc_unpin(qn_harness_doc *doc);
/* Adds what the stage reads and the document lacks, and works out the layout for it. 0, or why the document won't do. */
int doc_fit(const qn_harness *harness, qn_harness_doc *doc, stage_layout *ret_layout, qn_error *error);
/* A view that is the whole of another. */
int doc_alias(qn_harness_doc *doc, uint32_t from_view, uint32_t to_view, qn_error *error);
int doc_view_set(qn_harness_doc *doc, const char *name, const char *base, const view_draft *view, qn_error *error);
int doc_layer_set(qn_harness_doc *doc, uint32_t slot, const qn_layer *layer, qn_error *error);
uint32_t doc_view_slot(const qn_harness *harness, const char *name); /* SCHEMA_VIEWS_MAX: none */

/* --- emitting: emit.c --- */

void emit_hooks_set(host_hooks *hooks);
void emit_abandon(qn_harness_run *run);

/* Credit for what is emitted next, and what begins a document; 0, -EAGAIN, -ECANCELED, -EINVAL. */
int emit_credit(qn_harness_run *run);
void emit_carried(qn_harness_run *run, document *held);

/* --- carry.c: the extensions of qanat/block.h and qanat/credit.h --- */

const void *block_lent(void);
const void *credit_lent(void);

uint64_t harness_clock_ns(void);

#endif
