/* SPDX-License-Identifier: Apache-2.0 */

/* What the command line changes in a pipeline file before it is checked: --set, inputs, -o. Floor 3. */
#ifndef CORE_PIPELINE_OVERRIDES_H
#define CORE_PIPELINE_OVERRIDES_H

#include "pipeline/pipeline_file.h"
#include "pipeline/plan.h"

/* Changes the tree and remembers where each value came from. What does not fit is a fault. 0 or -ENOMEM. */
int overrides_apply(pipeline_file *file, const registry *registry, const plan_options *options);

#endif
