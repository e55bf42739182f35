/* SPDX-License-Identifier: Apache-2.0 */

/* The parent's side: one child that runs one stage, watched and started anew when it dies. One thread at a time uses it; a
 * document is whole or as it was, whatever becomes of the child. Floor 4. */
#ifndef CORE_ISOLATION_CHILD_H
#define CORE_ISOLATION_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "isolation/setup.h"
#include "plugin/host.h"
#include "qanat/status.h"

enum { CHILD_BATCH_MAX = 64, CHILD_TIMEOUT_MS = 60000 };

typedef struct child child;

typedef struct child_options {
  setup stage;         /* everything outlives the child; no splitting */
  uint32_t timeout_ms; /* for one document, or a call with a batch; 0: CHILD_TIMEOUT_MS */
  const char *program; /* that runs stage_host_main when its one argument says so; NULL: this program's own file */
  void (*log)(void *arg, uint32_t level, const char *text, size_t len); /* lines of the child; NULL: nobody listens */
  void *arg;
} child_options;

/* One document, and what became of it. */
typedef struct child_item {
  document *document; /* changed only if status is OK */
  int64_t now_ms;
  uint32_t attempt;
  qn_status status;
  qn_error
      error; /* why it is not OK or DROP. Slugs of deaths: "crashed", "timed-out", "over-cpu", "over-memory", "bad-answer" */
} child_item;

/* What happened so far. */
typedef struct child_counts {
  uint64_t n_started; /* processes */
  uint64_t n_crashed, n_timed_out, n_over_cpu, n_over_memory, n_bad_answers;
} child_counts;

/* Starts it and waits until the stage is made. Else why it could not be: what create_fail() said, and the like. */
int child_new(const child_options *options, child **ret_child, qn_error *error);
void child_free(child *child); /* ends the process; NULL is fine */

/* Runs 1 to CHILD_BATCH_MAX documents. 0: each has its status. -ECANCELED: child_cancel was called, and some have none.
 * Other: the stage cannot be started any more. Items that are not done have status -1. */
int child_run_batch(child *child, child_item *items, uint32_t n_items, qn_error *error);

/* Nobody waits any more: what runs is ended soon, and nothing is run again. [any] */
void child_cancel(child *child);

void child_counts_get(const child *child, child_counts *ret_counts);
/* What the stage has, as its process says. [any] */
void child_memory_get(const child *child, host_memory *ret_memory);
/* Processes beyond the first. [any] */
uint64_t child_n_restarts(const child *child);
/* The process, for tests that hurt it; it may be another at any time, and is 0 while none is ready. [any] */
pid_t child_pid(const child *child);

#endif
