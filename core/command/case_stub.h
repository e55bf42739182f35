/* SPDX-License-Identifier: Apache-2.0 */

/* A transform whose code is replaced by what a test says. Its manifest stays: the host holds the stub to the layers,
 * the view and the fields that the real stage may write. Floor 5. */
#ifndef CORE_COMMAND_CASE_STUB_H
#define CORE_COMMAND_CASE_STUB_H

#include "pipeline/plan.h"
#include "qanat/stage.h"

typedef struct case_stub {
  stage_info info;         /* the stage's, as the stub answers to it */
  const plan_stage *stage; /* that it stands in for */
  const schema_set *schemas;
  const cJSON *rules; /* of the test's stubs; those of other stages are passed over */
} case_stub;

/* Puts the stub into the plan in the stage's place. rules are borrowed; stub stays where it is until the runtime is gone. */
void case_stub_init(case_stub *stub, const plan *plan, plan_stage *stage, const cJSON *rules);

extern const qn_stage case_stub_table;

#endif
