/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: only sources, and transforms that split, emit documents. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "emits-alone", ""));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  uint8_t *payload = NULL;
  if (call->host->emit_reserve(call, 1, &payload) == 0) {
    return QN_STATUS_OK;
  }
  return qn_fail(call, QN_STATUS_REJECT, "refused", "the emit was refused");
}

BAD_DESCRIPTOR("emits-alone");
