/* SPDX-License-Identifier: Apache-2.0 */

/* One look at a worker, as its /-/status tells. Floor 5. */
#ifndef CORE_COMMAND_TOP_LOOK_H
#define CORE_COMMAND_TOP_LOOK_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "document/error.h"
#include "observe/histogram.h"

typedef struct top_stage {
  const char *id, *use, *role;
  double documents, failed, dropped, retried, time_ns, queue, restarts;
  histogram_sum took;
} top_stage;

typedef struct top_trouble {
  int64_t time_ms;
  const char *stage, *slug, *id, *message;
} top_trouble;

typedef struct top_pipeline {
  const char *name, *state, *reload_message;
  bool reload_ok;
  double generation, failures;
  double admitted, delivered, dropped, dead_lettered, in_flight, limit_documents, oldest_ms, waiting;
  histogram_sum took;
  uint32_t n_stages, n_troubles;
  top_stage *stages;
  top_trouble *troubles;
} top_pipeline;

typedef struct top_look {
  cJSON *json; /* what the strings belong to */
  const char *version, *reason, *journal_state, *journal_error;
  bool ready, draining;
  int64_t now_ms, started_ms;
  double memory_bytes, descriptors, dead_letters;
  double waiting, taken, accepted, kept_bytes, commits, commit_ns, max_documents, oldest_ms;
  uint32_t n_pipelines;
  top_pipeline *pipelines;
} top_look;

/* Reads a status. What is missing is 0 or "". 0, -ENOMEM; -EPROTO: it is none, with error filled. */
int top_look_read(const char *text, size_t len, top_look **ret_look, qn_error *error);
void top_look_free(top_look *look); /* NULL is fine */

#endif
