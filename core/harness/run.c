/* SPDX-License-Identifier: Apache-2.0 */

/* One call of a stage: from a document to an outcome. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/deadline.h"
#include "harness/harness_body.h"

qn_harness_run *run_of(qn_call *call) {
  return (qn_harness_run *)(void *)call;
}

void run_count(qn_harness *harness, stage_function function) {
  atomic_fetch_add_explicit(&harness->counts.of_stage[function], 1, memory_order_relaxed);
}

void run_free(qn_harness_run *run) {
  if (run != NULL) {
    document_unref(run->emitting);
    record_encoder_free(run->encoder);
    builder_free(run->building);
    free(run);
  }
}

static qn_harness_run *run_new(void) {
  qn_harness_run *run = calloc(1, sizeof *run);
  if (run != NULL && (builder_new(&run->building) != 0 || record_encoder_new(&run->encoder) != 0)) {
    run_free(run);
    run = NULL;
  }
  return run;
}

/* Forgets the last document; keeps what costs to make. */
static void reset(qn_harness_run *run, qn_harness *harness) {
  builder *building = run->building;
  record_encoder *encoder = run->encoder;
  memset(run, 0, sizeof *run);
  run->building = building;
  run->encoder = encoder;
  run->harness = harness;
}

qn_harness_run *run_take(qn_harness *harness, qn_harness_doc *doc, bool builds) {
  qn_harness_run *run = harness->idle;
  if (run != NULL) {
    harness->idle = run->next_idle;
  } else {
    run = run_new();
  }
  if (run == NULL) {
    return NULL;
  }
  reset(run, harness);
  host_call_init(&run->call, &harness->env, builds ? run->building : NULL, builds ? run->encoder : NULL);
  run->doc = doc;
  if (doc == NULL) {
    return run;
  }
  doc_pin(doc);
  qn_error error = { 0 };
  int rc = doc_fit(harness, doc, &run->layout, &error);
  if (rc != 0) {
    run->outcome.status = rc == -ENOMEM ? QN_STATUS_RETRY : QN_STATUS_REJECT;
    snprintf(run->outcome.slug, sizeof run->outcome.slug, "%s", error.slug);
    snprintf(run->outcome.message, sizeof run->outcome.message, "%s", error.message);
    run->is_unfit = true;
  }
  return run;
}

void run_give(qn_harness_run *run) {
  qn_harness *harness = run->harness;
  emit_abandon(run);
  builder_discard(run->building);
  if (run->doc != NULL) {
    doc_unpin(run->doc);
    run->doc = NULL;
  }
  run->next_idle = harness->idle;
  harness->idle = run;
}

void run_begin(qn_harness_run *run) {
  qn_harness *harness = run->harness;
  host_call_begin(&run->call, run->doc != NULL ? run->doc->held : NULL, run->doc != NULL ? &run->layout : NULL);
  run->call.call.now_ms = harness->now_ms;
  run->call.call.attempt = harness->attempt;
  run->n_emitted = 0;
  run->begin_ns = harness_clock_ns();
  if (harness->deadline_ms > 0) {
    deadlines_arm(harness->deadlines, run, run->begin_ns + (uint64_t)harness->deadline_ms * 1000000);
  }
}

qn_status run_end(qn_harness_run *run, qn_status status) {
  qn_harness_outcome *outcome = &run->outcome;
  if (run->harness->deadline_ms > 0) {
    deadlines_disarm(run->harness->deadlines, run);
  }
  emit_abandon(run);
  outcome->status = host_call_end(&run->call, status);
  outcome->elapsed_us = (harness_clock_ns() - run->begin_ns) / 1000;
  outcome->n_refused = run->call.alien_uses;
  const qn_error *error = &run->call.error;
  bool failed = outcome->status >= QN_STATUS_RETRY;
  outcome->is_fault = failed && error->code == -EPROTO;
  snprintf(outcome->slug, sizeof outcome->slug, "%s", failed ? error->slug : "");
  snprintf(outcome->message, sizeof outcome->message, "%s", failed ? error->message : "");
  return outcome->status;
}

/* --- transforms --- */

/* One call of a transform of form "one" or "async". An asynchronous one may be left pending. [any] */
qn_status run_call(qn_harness_run *run, void *context) {
  qn_harness *harness = run->harness;
  const qn_transform *table = harness->table->transform;
  bool async = harness->info->call == CALL_ASYNC;
  if (run->is_unfit) {
    return run->outcome.status;
  }
  run_begin(run);
  if (async) {
    pending_open(run);
  }
  run_count(harness, STAGE_PROCESS);
  qn_status status = table->process(harness->instance, context, &run->call.call);
  if (async) {
    status = pending_returned(run, status);
  }
  return status == QN_STATUS_PENDING && async ? status : run_end(run, status);
}

void run_batch(qn_harness *harness, qn_harness_run *const *runs, uint32_t n, void *context) {
  qn_call **calls = calloc(n, sizeof(qn_call *));
  qn_status *statuses = malloc(n * sizeof *statuses);
  if (calls == NULL || statuses == NULL) {
    free(calls);
    free(statuses);
    for (uint32_t i = 0; i < n; i++) {
      run_begin(runs[i]);
      qn_fail(&runs[i]->call.call, QN_STATUS_RETRY, "no-memory", "no memory for a batch");
      run_end(runs[i], QN_STATUS_RETRY);
    }
    return;
  }
  for (uint32_t i = 0; i < n; i++) {
    run_begin(runs[i]);
    calls[i] = &runs[i]->call.call;
    statuses[i] = INT32_MIN; /* a place not written to is a fault */
  }
  run_count(harness, STAGE_PROCESS_BATCH);
  harness->table->transform->process_batch(harness->instance, context, calls, n, statuses);
  for (uint32_t i = 0; i < n; i++) {
    run_end(runs[i], statuses[i]);
  }
  free(calls);
  free(statuses);
}

/* A run to its end, in the loop thread. */
static void finish(qn_harness_run *run, void *context) {
  qn_harness *harness = run->harness;
  if (run->is_unfit) {
    return;
  }
  if (harness->info->call == CALL_BATCH) {
    run_batch(harness, &run, 1, context);
    return;
  }
  qn_status status = run_call(run, context);
  while (status == QN_STATUS_MORE) {
    if (run->doc->n_parts >= PARTS_MAX) {
      run->outcome.status = QN_STATUS_FATAL;
      run->outcome.is_fault = 1;
      snprintf(run->outcome.message, sizeof run->outcome.message, "it made %d parts of one document and wants more",
               PARTS_MAX);
      return;
    }
    status = run_call(run, context);
  }
  if (status == QN_STATUS_PENDING) {
    pending_wait(run, harness->timeout_ms);
  }
}

/* What runs need memory for, told as an outcome. */
static qn_status no_memory(qn_harness_outcome *ret_outcome) {
  if (ret_outcome != NULL) {
    *ret_outcome = (qn_harness_outcome){ .status = QN_STATUS_RETRY, .slug = "no-memory", .message = "no memory" };
  }
  return QN_STATUS_RETRY;
}

static qn_status wrong_role(qn_harness_outcome *ret_outcome) {
  if (ret_outcome != NULL) {
    *ret_outcome = (qn_harness_outcome){ .status = QN_STATUS_REJECT,
                                         .slug = "wrong-role",
                                         .message = "the stage has another role: this function is not for it" };
  }
  return QN_STATUS_REJECT;
}

qn_status run_let_go(qn_harness_run *run, qn_harness_outcome *ret_outcome) {
  qn_status status = run->outcome.status;
  if (ret_outcome != NULL) {
    *ret_outcome = run->outcome;
  }
  if (!pending_abandon(run)) {
    run_give(run);
  }
  return status;
}

qn_status qn_harness_process(qn_harness *harness, qn_harness_doc *doc, qn_harness_outcome *ret_outcome) {
  if (harness->table->transform == NULL) {
    return wrong_role(ret_outcome);
  }
  qn_harness_run *run = run_take(harness, doc, true);
  if (run == NULL) {
    return no_memory(ret_outcome);
  }
  finish(run, harness->context);
  return run_let_go(run, ret_outcome);
}

qn_status qn_harness_step(qn_harness *harness, qn_harness_doc *doc, qn_harness_outcome *ret_outcome) {
  if (harness->table->transform == NULL || harness->info->call != CALL_ONE) {
    return wrong_role(ret_outcome);
  }
  qn_harness_run *run = run_take(harness, doc, true);
  if (run == NULL) {
    return no_memory(ret_outcome);
  }
  run_call(run, harness->context);
  return run_let_go(run, ret_outcome);
}

void qn_harness_process_batch(qn_harness *harness, qn_harness_doc *const *docs, uint32_t n_docs,
                              qn_harness_outcome *ret_outcomes) {
  bool together = harness->table->transform != NULL && harness->info->call == CALL_BATCH;
  qn_harness_run **runs = together ? calloc(n_docs + 1, sizeof(qn_harness_run *)) : NULL;
  uint32_t n_fit = 0;
  for (uint32_t i = 0; i < n_docs; i++) {
    if (runs == NULL) {
      qn_harness_process(harness, docs[i], &ret_outcomes[i]);
      continue;
    }
    qn_harness_run *run = run_take(harness, docs[i], true);
    if (run == NULL) {
      no_memory(&ret_outcomes[i]);
    } else if (run->is_unfit) {
      run_let_go(run, &ret_outcomes[i]);
    } else {
      run->place = i;
      runs[n_fit++] = run;
    }
  }
  if (n_fit > 0) {
    run_batch(harness, runs, n_fit, harness->context);
  }
  for (uint32_t i = 0; i < n_fit; i++) {
    run_let_go(runs[i], &ret_outcomes[runs[i]->place]);
  }
  free(runs);
}
