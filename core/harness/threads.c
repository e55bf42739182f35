/* SPDX-License-Identifier: Apache-2.0 */

/* One instance under several threads at once. Everything that threads may not share is made before they start. */
#include <errno.h>
#include <stdlib.h>

#include "harness/harness_body.h"
#include "harness/turn.h"

typedef struct crowd {
  qn_harness *harness;
  qn_harness_run **runs; /* NULL: could not be made */
  uint32_t n_runs, n_threads;
  _Atomic uint32_t n_working;
} crowd;

typedef struct worker {
  crowd *crowd;
  uint32_t index;
  pthread_t thread;
  bool is_started;
  void *context;
  bool has_context;
} worker;

static void work_batches(worker *self) {
  crowd *all = self->crowd;
  for (uint32_t i = self->index; i < all->n_runs; i += all->n_threads) {
    if (all->runs[i] != NULL && !all->runs[i]->is_unfit) {
      run_batch(all->harness, &all->runs[i], 1, self->context);
    }
  }
}

static void work_one_by_one(worker *self) {
  crowd *all = self->crowd;
  for (uint32_t i = self->index; i < all->n_runs; i += all->n_threads) {
    qn_harness_run *run = all->runs[i];
    qn_status status = run != NULL ? run_call(run, self->context) : QN_STATUS_OK;
    while (status == QN_STATUS_MORE && run->doc->n_parts < PARTS_MAX) {
      status = run_call(run, self->context);
    }
  }
}

static void *work(void *arg) {
  worker *self = arg;
  crowd *all = self->crowd;
  if (all->harness->info->call == CALL_BATCH) {
    work_batches(self);
  } else {
    work_one_by_one(self);
  }
  atomic_fetch_sub(&all->n_working, 1);
  turner_wake(all->harness->turner);
  return NULL;
}

static int start(worker *workers, crowd *all) {
  for (uint32_t i = 0; i < all->n_threads; i++) {
    workers[i] = (worker){ .crowd = all, .index = i };
    int rc = harness_context_open(all->harness, &workers[i].context);
    if (rc != 0) {
      return rc;
    }
    workers[i].has_context = true;
  }
  for (uint32_t i = 0; i < all->n_threads; i++) {
    atomic_fetch_add(&all->n_working, 1);
    workers[i].is_started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    if (!workers[i].is_started) {
      atomic_fetch_sub(&all->n_working, 1);
      return -ENOMEM;
    }
  }
  return 0;
}

/* The loop turns meanwhile: what was begun may need it to complete. */
static void wait_for_all(worker *workers, crowd *all) {
  while (atomic_load(&all->n_working) > 0) {
    turner_turn(all->harness->turner, 1000);
  }
  for (uint32_t i = 0; i < all->n_threads; i++) {
    if (workers[i].is_started) {
      pthread_join(workers[i].thread, NULL);
    }
  }
  for (uint32_t i = 0; i < all->n_runs; i++) {
    if (all->runs[i] != NULL && all->runs[i]->is_open) {
      pending_wait(all->runs[i], all->harness->timeout_ms);
    }
  }
  for (uint32_t i = 0; i < all->n_threads; i++) {
    if (workers[i].has_context) {
      harness_context_close(all->harness, workers[i].context);
    }
  }
}

int qn_harness_process_threads(qn_harness *harness, qn_harness_doc *const *docs, uint32_t n_docs, uint32_t n_threads,
                               qn_harness_outcome *ret_outcomes) {
  if (harness->table->transform == NULL || n_threads == 0) {
    return -EINVAL;
  }
  crowd all = { .harness = harness, .n_runs = n_docs, .n_threads = n_threads };
  worker *workers = calloc(n_threads, sizeof *workers);
  all.runs = calloc(n_docs + 1, sizeof(qn_harness_run *));
  int rc = workers == NULL || all.runs == NULL ? -ENOMEM : 0;
  for (uint32_t i = 0; rc == 0 && i < n_docs; i++) {
    all.runs[i] = run_take(harness, docs[i], true);
    rc = all.runs[i] == NULL ? -ENOMEM : 0;
  }
  if (rc == 0) {
    rc = start(workers, &all);
  }
  if (workers != NULL && all.runs != NULL) {
    wait_for_all(workers, &all);
  }
  for (uint32_t i = 0; all.runs != NULL && i < n_docs; i++) {
    if (all.runs[i] != NULL) {
      run_let_go(all.runs[i], rc == 0 ? &ret_outcomes[i] : NULL);
    }
  }
  free(workers);
  free(all.runs);
  return rc;
}
