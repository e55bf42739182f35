/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts the ordered stages of a plan into segments. Floor 3. */
#ifndef CORE_PIPELINE_SEGMENTS_H
#define CORE_PIPELINE_SEGMENTS_H

#include "pipeline/memory.h"
#include "pipeline/plan.h"

/* Fills plan->segments and every stage's segment. plan->stages are in running order already. 0, -ENOMEM. */
int segments_cut(plan *plan, plan_memory *memory);

#endif
