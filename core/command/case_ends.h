/* SPDX-License-Identifier: Apache-2.0 */

/* What stands at the two ends of a pipeline under test: a source that emits the inputs, and a sink that keeps what it
 * gets as JSON. Neither touches anything outside. Floor 5. */
#ifndef CORE_COMMAND_CASE_ENDS_H
#define CORE_COMMAND_CASE_ENDS_H

#include "pipeline/plan.h"
#include "qanat/stage.h"

/* A document to come in. */
typedef struct case_input {
  const char *id, *source, *media_type;
  const void *bytes;
  size_t len;
  void *owned;         /* bytes, if they are to be freed */
  const cJSON *fields; /* or NULL */
  uint32_t stage;      /* index of its source in the plan */
  bool settled;        /* outcome is known [loop] */
  uint32_t outcome;    /* QN_OUTCOME_* */
} case_input;

typedef struct case_source {
  stage_info info;
  uint32_t stage;
  case_input *inputs; /* of all sources; those of others are passed over */
  uint32_t n_inputs, next;
} case_source;

/* Each puts itself into the plan and stays where it is until the runtime is gone. */
void case_source_init(case_source *source, plan *plan, uint32_t stage, case_input *inputs, uint32_t n_inputs);
extern const qn_stage case_source_table;

typedef struct case_sink {
  stage_info info;
  const plan_stage *stage;
  cJSON *got; /* an array of documents, in the order they came; its thread's until the run is over */
} case_sink;

int case_sink_init(case_sink *sink, plan *plan, uint32_t stage); /* 0, -ENOMEM */
void case_sink_done(case_sink *sink);
extern const qn_stage case_sink_table;

#endif
