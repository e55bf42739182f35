/* SPDX-License-Identifier: Apache-2.0 */

/* Tickets: what an asynchronous stage has taken and not yet completed.
 *
 * A run that nobody waits for any more stays here, with its document, until it completes: a late completion must find
 * what it belongs to, and be counted as late. */
#include <errno.h>
#include <stdio.h>

#include "harness/deadline.h"
#include "harness/harness_body.h"
#include "harness/turn.h"

void pending_open(qn_harness_run *run) {
  qn_harness *harness = run->harness;
  pthread_mutex_lock(&harness->lock);
  /* Slots are not reused: a harness sees few documents, and a made-up ticket is then surely told apart. */
  run->call.call.ticket = (qn_ticket){ harness->n_open_slots++, 1 };
  run->is_open = true;
  run->is_completed = false;
  run->next_open = harness->open;
  harness->open = run;
  pthread_mutex_unlock(&harness->lock);
}

/* Takes the run out of the list. With the lock held. */
static void close_locked(qn_harness_run *run) {
  qn_harness_run **link = &run->harness->open;
  while (*link != run) {
    link = &(*link)->next_open;
  }
  *link = run->next_open;
  run->is_open = false;
}

qn_status pending_returned(qn_harness_run *run, qn_status status) {
  qn_harness *harness = run->harness;
  pthread_mutex_lock(&harness->lock);
  if (status != QN_STATUS_PENDING) {
    if (run->is_completed) {
      atomic_fetch_add(&harness->n_strays, 1); /* it said so twice: once by complete(), once by returning */
    }
    close_locked(run);
  }
  pthread_mutex_unlock(&harness->lock);
  return status;
}

void pending_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text, size_t len) {
  qn_harness *harness = env->owner;
  pthread_mutex_lock(&harness->lock);
  qn_harness_run *run = harness->open;
  while (run != NULL &&
         (run->call.call.ticket.slot != ticket.slot || run->call.call.ticket.generation != ticket.generation)) {
    run = run->next_open;
  }
  if (run != NULL) {
    run->n_completions++;
  }
  if (run == NULL || run->is_completed || run->is_let_go) {
    atomic_fetch_add(&harness->n_strays, 1);
  }
  if (run != NULL && !run->is_completed) {
    run->is_completed = true;
    run->completed_status = status;
    if (text != NULL) {
      error_set(&run->completed_error, -ECANCELED, slug != NULL ? slug : "failed", "%.*s", (int)len, text);
    }
  }
  pthread_mutex_unlock(&harness->lock);
  turner_wake(harness->turner);
}

static bool is_completed(qn_harness_run *run) {
  pthread_mutex_lock(&run->harness->lock);
  bool completed = run->is_completed;
  pthread_mutex_unlock(&run->harness->lock);
  return completed;
}

static void turn_until_completed(qn_harness_run *run, uint32_t timeout_ms) {
  uint64_t until_ns = harness_clock_ns() + (uint64_t)timeout_ms * 1000000;
  while (!is_completed(run)) {
    uint64_t now_ns = harness_clock_ns();
    if (now_ns >= until_ns) {
      return;
    }
    turner_turn(run->harness->turner, (uint32_t)((until_ns - now_ns) / 1000000) + 1);
  }
}

/* Ends the run with what complete() brought. */
static qn_status settle(qn_harness_run *run) {
  pthread_mutex_lock(&run->harness->lock);
  qn_status status = run->completed_status;
  run->outcome.n_completions = run->n_completions;
  if (status >= QN_STATUS_RETRY) {
    run->call.error = run->completed_error;
  }
  pthread_mutex_unlock(&run->harness->lock);
  if (run->is_settled) {
    return run->outcome.status;
  }
  run->is_settled = true;
  return run_end(run, status);
}

static void time_out(qn_harness_run *run) {
  qn_harness_outcome *outcome = &run->outcome;
  outcome->status = QN_STATUS_RETRY;
  outcome->timed_out = 1;
  outcome->elapsed_us = (harness_clock_ns() - run->begin_ns) / 1000;
  snprintf(outcome->slug, sizeof outcome->slug, "timed-out");
  snprintf(outcome->message, sizeof outcome->message, "not completed in time");
}

void pending_cancel(qn_harness_run *run) {
  const qn_harness *harness = run->harness;
  if (run->is_cancelled) {
    return;
  }
  run->is_cancelled = true;
  atomic_store(&run->call.cancelled, 1);
  if (harness->table->transform != NULL && harness->table->transform->cancel != NULL) {
    run_count(run->harness, STAGE_CANCEL);
    harness->table->transform->cancel(harness->instance, run->call.call.ticket);
  }
}

qn_status pending_wait(qn_harness_run *run, uint32_t timeout_ms) {
  turn_until_completed(run, timeout_ms);
  if (is_completed(run)) {
    return settle(run);
  }
  time_out(run);
  pending_cancel(run);
  return QN_STATUS_PENDING;
}

bool pending_wait_now(qn_harness_run *run) {
  if (!is_completed(run)) {
    return false;
  }
  settle(run);
  return true;
}

bool pending_abandon(qn_harness_run *run) {
  pthread_mutex_lock(&run->harness->lock);
  bool owed = run->is_open && !run->is_completed;
  if (run->is_open && run->is_completed) {
    close_locked(run);
  }
  run->is_let_go = true;
  pthread_mutex_unlock(&run->harness->lock);
  return owed;
}

/* The next abandoned run that has completed since, out of the list; NULL: none. */
static qn_harness_run *take_completed(qn_harness *harness, uint32_t *ret_n_owed) {
  pthread_mutex_lock(&harness->lock);
  qn_harness_run *found = NULL;
  *ret_n_owed = 0;
  for (qn_harness_run *run = harness->open; run != NULL; run = run->next_open) {
    found = run->is_completed ? run : found;
    *ret_n_owed += !run->is_completed;
  }
  if (found != NULL) {
    close_locked(found);
  }
  pthread_mutex_unlock(&harness->lock);
  return found;
}

uint32_t pending_drain(qn_harness *harness) {
  uint64_t until_ns = harness_clock_ns() + (uint64_t)harness->timeout_ms * 1000000;
  uint32_t n_owed = 0;
  for (qn_harness_run *run = harness->open; run != NULL; run = run->next_open) {
    pending_cancel(run);
  }
  for (;;) {
    qn_harness_run *run = take_completed(harness, &n_owed);
    if (run != NULL) {
      run_give(run);
    } else if (n_owed == 0 || harness_clock_ns() >= until_ns) {
      return n_owed;
    } else {
      turner_turn(harness->turner, 100);
    }
  }
}

/* --- as a test sees them --- */

int qn_harness_begin(qn_harness *harness, qn_harness_doc *doc, qn_harness_run **ret_run) {
  if (harness->table->transform == NULL || harness->info->call != CALL_ASYNC) {
    return -EINVAL;
  }
  qn_harness_run *run = run_take(harness, doc, true);
  if (run == NULL) {
    return -ENOMEM;
  }
  run_call(run, harness->context);
  *ret_run = run;
  return 0;
}

qn_status qn_harness_wait(qn_harness_run *run, uint32_t timeout_ms, qn_harness_outcome *ret_outcome) {
  qn_status status = QN_STATUS_PENDING;
  if (!run->is_open) {
    status = run->outcome.status; /* it did not wait for anything */
  } else {
    turn_until_completed(run, timeout_ms);
    if (is_completed(run)) {
      status = settle(run);
    } else {
      run->outcome.status = QN_STATUS_PENDING;
    }
  }
  if (ret_outcome != NULL) {
    *ret_outcome = run->outcome;
  }
  return status;
}

void qn_harness_cancel(qn_harness_run *run) {
  if (run->is_open) {
    pending_cancel(run);
  }
}

void qn_harness_end(qn_harness_run *run) {
  if (run != NULL) {
    run_let_go(run, NULL);
  }
}
