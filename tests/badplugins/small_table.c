/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a table is at least as large as the manifest's ABI says. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "small-table", ""));
BAD_LIFE
BAD_PROCESS_OK

static const qn_transform transform = { .size = 16, .create = create, .destroy = destroy, .process = process };
static const qn_stage stage = { .size = sizeof stage, .name = "small-table", .transform = &transform };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
