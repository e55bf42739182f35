/* SPDX-License-Identifier: Apache-2.0 */

/* QN-BATCH-01: the last of a batch gets no status. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "batch-unset", ",\"call\":\"batch\",\"batch\":{\"size\":16,\"wait_ms\":10}"));

BAD_LIFE

static void process_batch(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                          qn_status *ret_statuses) {
  (void)instance;
  (void)context;
  (void)calls;
  for (uint32_t i = 0; i + (n_calls > 1) < n_calls; i++) {
    ret_statuses[i] = QN_STATUS_OK;
  }
}

static const qn_transform transform = {
  .size = sizeof transform, .create = create, .destroy = destroy, .process_batch = process_batch
};
static const qn_stage stage = { .size = sizeof stage, .name = "batch-unset", .transform = &transform };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
