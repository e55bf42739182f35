/* SPDX-License-Identifier: Apache-2.0 */

/* Sinks: prepare, write, flush and finish, each as the pipeline would call it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/worker.h"

static bool is_async(const qn_harness *harness) {
  return harness->info->call == CALL_ASYNC;
}

static qn_status refuse(qn_harness_outcome *ret_outcome, qn_status status, const char *slug, const char *message) {
  if (ret_outcome != NULL) {
    *ret_outcome = (qn_harness_outcome){ .status = status };
    snprintf(ret_outcome->slug, sizeof ret_outcome->slug, "%s", slug);
    snprintf(ret_outcome->message, sizeof ret_outcome->message, "%s", message);
  }
  return status;
}

static qn_status not_a_sink(qn_harness_outcome *ret_outcome) {
  return refuse(ret_outcome, QN_STATUS_REJECT, "wrong-role", "the stage is not a sink: this function is not for it");
}

static qn_status no_memory(qn_harness_outcome *ret_outcome) {
  return refuse(ret_outcome, QN_STATUS_RETRY, "no-memory", "no memory");
}

qn_status qn_harness_prepare(qn_harness *harness, qn_harness_doc *doc, qn_harness_outcome *ret_outcome) {
  const qn_sink *table = harness->table->sink;
  if (table == NULL) {
    return not_a_sink(ret_outcome);
  }
  if (table->prepare == NULL) {
    return refuse(ret_outcome, QN_STATUS_OK, "", "");
  }
  qn_harness_run *run = run_take(harness, doc, true);
  if (run == NULL) {
    return no_memory(ret_outcome);
  }
  if (!run->is_unfit) {
    run_begin(run);
    run_count(harness, STAGE_PREPARE);
    run_end(run, table->prepare(harness->instance, harness->context, &run->call.call));
  }
  return run_let_go(run, ret_outcome);
}

/* A sink may not say all that a transform may. */
static qn_status checked(qn_harness_run *run, qn_status status) {
  bool may_be = status == QN_STATUS_OK || (status >= QN_STATUS_RETRY && status <= QN_STATUS_FATAL) ||
                (status == QN_STATUS_PENDING && is_async(run->harness));
  return may_be ? status : INT32_MIN; /* which nobody may say */
}

/* After the sink's function: an asynchronous one may be pending, and is waited for. */
static void settle(qn_harness_run *run, qn_status status) {
  status = checked(run, status);
  if (is_async(run->harness) && pending_returned(run, status) == QN_STATUS_PENDING) {
    pending_wait(run, run->harness->timeout_ms);
  } else {
    run_end(run, status);
  }
}

static void begin(qn_harness_run *run) {
  run_begin(run);
  if (is_async(run->harness)) {
    pending_open(run);
  }
}

/* Items over the runs that are fit, in order. How many. */
static uint32_t fill(qn_harness_run **runs, uint32_t n_docs, qn_item *items, qn_item **lent) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < n_docs; i++) {
    if (runs[i] == NULL || runs[i]->is_unfit) {
      continue;
    }
    begin(runs[i]);
    items[i] = (qn_item){ .call = &runs[i]->call.call, .prepared = qn_harness_prepared(runs[i]->doc) };
    lent[n++] = &items[i];
  }
  return n;
}

void qn_harness_write(qn_harness *harness, qn_harness_doc *const *docs, uint32_t n_docs,
                      qn_harness_outcome *ret_outcomes) {
  qn_harness_run **runs = calloc(n_docs + 1, sizeof(qn_harness_run *));
  qn_item *items = calloc(n_docs + 1, sizeof *items);
  qn_item **lent = calloc(n_docs + 1, sizeof(qn_item *));
  bool can = harness->table->sink != NULL && runs != NULL && items != NULL && lent != NULL;
  for (uint32_t i = 0; can && i < n_docs; i++) {
    runs[i] = run_take(harness, docs[i], false);
  }
  uint32_t n = can ? fill(runs, n_docs, items, lent) : 0;
  if (n > 0) {
    run_count(harness, STAGE_WRITE);
    harness->table->sink->write(harness->instance, (qn_item *const *)lent, n);
  }
  for (uint32_t i = 0; i < n_docs; i++) {
    if (harness->table->sink == NULL) {
      not_a_sink(&ret_outcomes[i]);
    } else if (!can || runs[i] == NULL) {
      no_memory(&ret_outcomes[i]);
    } else {
      if (!runs[i]->is_unfit) {
        settle(runs[i], items[i].status);
      }
      run_let_go(runs[i], &ret_outcomes[i]);
    }
  }
  free(runs);
  free(items);
  free(lent);
}

qn_status qn_harness_flush(qn_harness *harness, qn_harness_outcome *ret_outcome) {
  const qn_sink *table = harness->table->sink;
  if (table == NULL) {
    return not_a_sink(ret_outcome);
  }
  if (table->flush == NULL) {
    return refuse(ret_outcome, QN_STATUS_OK, "", "");
  }
  qn_harness_run *run = run_take(harness, NULL, false);
  if (run == NULL) {
    return no_memory(ret_outcome);
  }
  begin(run);
  run_count(harness, STAGE_FLUSH);
  worker_flush_begin(harness->worker);
  settle(run, table->flush(harness->instance, &run->call.call));
  worker_flush_end(harness->worker, run->outcome.status == QN_STATUS_OK);
  return run_let_go(run, ret_outcome);
}

qn_status qn_harness_finish(qn_harness *harness, int success, qn_harness_outcome *ret_outcome) {
  const qn_sink *table = harness->table->sink;
  if (table == NULL) {
    return not_a_sink(ret_outcome);
  }
  if (table->finish == NULL) {
    return refuse(ret_outcome, QN_STATUS_OK, "", "");
  }
  qn_harness_run *run = run_take(harness, NULL, false);
  if (run == NULL) {
    return no_memory(ret_outcome);
  }
  run_begin(run);
  run_count(harness, STAGE_FINISH);
  qn_status status = table->finish(harness->instance, &run->call.call, success != 0);
  run_end(run, status == QN_STATUS_OK || status == QN_STATUS_FATAL ? status : INT32_MIN);
  return run_let_go(run, ret_outcome);
}
