/* SPDX-License-Identifier: Apache-2.0 */

/* Which checks there are, for which stages. */
#include "conformance/check.h"
#include "conformance/report.h"

#include <string.h>
#include <time.h>

static bool any(const stage_info *info) {
  (void)info;
  return true;
}

static bool is_source(const stage_info *info) {
  return info->role == ROLE_SOURCE;
}

static bool is_sink(const stage_info *info) {
  return info->role == ROLE_SINK;
}

static bool takes_documents(const stage_info *info) {
  return info->role != ROLE_SOURCE;
}

/* Prepare runs on the workers whatever the concurrency of write. */
static bool is_free_of_order(const stage_info *info) {
  return info->role == ROLE_SINK || (info->role == ROLE_TRANSFORM && info->concurrency != CONCURRENCY_ORDERED);
}

static bool is_parallel(const stage_info *info) {
  return info->role == ROLE_TRANSFORM && info->concurrency == CONCURRENCY_PARALLEL;
}

static bool is_batch(const stage_info *info) {
  return info->role == ROLE_TRANSFORM && info->call == CALL_BATCH;
}

static bool is_async(const stage_info *info) {
  return info->role == ROLE_TRANSFORM && info->call == CALL_ASYNC;
}

/* A second call of process begins anew: not so where parts of a document are out already, nor where its place among others counts. */
static bool retries_whole(const stage_info *info) {
  return info->role == ROLE_TRANSFORM && !info->splits && info->concurrency != CONCURRENCY_ORDERED;
}

static bool splits(const stage_info *info) {
  return info->role == ROLE_TRANSFORM && info->splits;
}

static const check checks[] = {
  { "config", any, check_config, false },
  { "life", any, check_life, false },
  { "create-memory", any, check_create_memory, false },
  { "documents", takes_documents, check_documents, false },
  { "batches", is_batch, check_batches, true },
  { "cancelling", is_async, check_cancelling, true },
  { "splitting", splits, check_splitting, true },
  { "order", is_free_of_order, check_order, true },
  { "threads", is_parallel, check_threads, true },
  { "instances", is_free_of_order, check_instances, true },
  { "downstream", retries_whole, check_downstream, true },
  { "faults", takes_documents, check_process_faults, true },
  { "older-host", any, check_older_host, true },
  { "newer-host", any, check_newer_host, true },
  { "source", is_source, check_source, false },
  { "source-stop", is_source, check_source_stop, false },
  { "sink", is_sink, check_sink, false },
  { "fuzz", takes_documents, check_fuzz, true },
};

enum { N_CHECKS = sizeof checks / sizeof checks[0] };

const check *check_at(uint32_t index) {
  return index < N_CHECKS ? &checks[index] : NULL;
}

const check *check_find(const char *name) {
  for (uint32_t i = 0; i < N_CHECKS; i++) {
    if (strcmp(checks[i].name, name) == 0) {
      return &checks[i];
    }
  }
  return NULL;
}

bool check_stand_open(const subject *what, teller *to, const stand_options *options, stand *ret_stand) {
  qn_error error = { 0 };
  teller_at(to, NO_DOCUMENT, "create");
  int rc = stand_open(ret_stand, what, to, options, &error);
  if (rc == 0) {
    return true;
  }
  if (strcmp(error.slug, "no-message") == 0) {
    teller_find(to, RULE_SAY_CREATE, "%s", error.message);
  } else {
    teller_skip(to, REPORT_NO_STAGE "%s", error.message);
  }
  return false;
}

bool check_is_over(teller *to) {
  return teller_has(to, RULE_ASYNC_ENDS) || teller_has(to, RULE_ASYNC_CANCEL) || teller_has(to, RULE_SPLIT_ENDS);
}

uint64_t check_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
