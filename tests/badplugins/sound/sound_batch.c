/* SPDX-License-Identifier: Apache-2.0 */

/* A batch whose items end in every way there is, each by what it holds. */
#include "sound.h"

BAD_NOTE(
    SOUND_MANIFEST("transform", "sound-batch",
                   ",\"call\":\"batch\",\"batch\":{\"size\":8,\"wait_ms\":5},\"fields\":{\"writes\":[\"bytes\"]}"));

BAD_LIFE

static qn_status one(qn_call *call) {
  qn_view text;
  if (call->host->view_get(call, &text) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-text", "there is no text");
  }
  if (text.len % 5 == 3) {
    return QN_STATUS_DROP;
  }
  if (text.len % 5 == 4) {
    return qn_fail(call, QN_STATUS_REJECT, "odd-length", "its length is not to be had");
  }
  const qn_value bytes = { .type = QN_VALUE_I64, .as = { .i64 = text.len } };
  return call->host->field_set(call, QN_LIT("bytes"), &bytes) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a field");
}

static void process_batch(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                          qn_status *ret_statuses) {
  (void)instance;
  (void)context;
  for (uint32_t i = n_calls; i-- > 0;) {
    ret_statuses[i] = one(calls[i]);
  }
}

static const qn_transform transform = {
  .size = sizeof transform, .create = create, .destroy = destroy, .process_batch = process_batch
};
SOUND_DESCRIPTOR("sound-batch", transform);
