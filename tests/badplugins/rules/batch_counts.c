/* SPDX-License-Identifier: Apache-2.0 */

/* QN-BATCH-02: the size of the batch shows in its documents. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "batch-counts",
                      ",\"call\":\"batch\",\"batch\":{\"size\":16,\"wait_ms\":10},\"fields\":{\"writes\":[\"n\"]}"));

BAD_LIFE

static void process_batch(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                          qn_status *ret_statuses) {
  (void)instance;
  (void)context;
  const qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = n_calls } };
  for (uint32_t i = 0; i < n_calls; i++) {
    ret_statuses[i] = calls[i]->host->field_set(calls[i], QN_LIT("n"), &value) == 0
                          ? QN_STATUS_OK
                          : qn_fail(calls[i], QN_STATUS_RETRY, "no-room", "no room for a field");
  }
}

static const qn_transform transform = {
  .size = sizeof transform, .create = create, .destroy = destroy, .process_batch = process_batch
};
static const qn_stage stage = { .size = sizeof stage, .name = "batch-counts", .transform = &transform };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
