/* SPDX-License-Identifier: Apache-2.0 */

/* What became of the documents of a case, as JSON. Floor 5. */
#ifndef CORE_COMMAND_CASE_RESULT_H
#define CORE_COMMAND_CASE_RESULT_H

#include "command/case_ends.h"
#include "delivery/letter.h"
#include "runtime/runtime.h"

/* Failures, kept as JSON until the run is over. */
typedef struct case_letters {
  letter_store store; /* what the runtime is given; must be first */
  cJSON *all;
} case_letters;

int case_letters_init(case_letters *letters); /* 0, -ENOMEM */
void case_letters_done(case_letters *letters);

typedef struct case_outcome {
  const plan *plan;
  const runtime *runtime;
  const case_input *inputs;
  uint32_t n_inputs;
  const case_sink *sinks; /* by stage */
  const case_letters *letters;
  const qn_error *stop; /* what stopped the pipeline, or NULL */
} case_outcome;

/* See case_run. NULL: no memory. */
cJSON *case_result_json(const case_outcome *outcome);

#endif
