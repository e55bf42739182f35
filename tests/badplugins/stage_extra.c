/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: the descriptor has no stage that the manifest does not name. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "stage-extra", ""));
BAD_LIFE
BAD_PROCESS_OK

static const qn_transform transform = {
  .size = sizeof transform, .create = create, .destroy = destroy, .process = process
};
static const qn_stage stage = { .size = sizeof stage, .name = "stage-extra", .transform = &transform };
static const qn_stage hidden = { .size = sizeof hidden, .name = "hidden", .transform = &transform };
static const qn_stage *const stages[] = { &stage, &hidden };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 2, .stages = stages };
