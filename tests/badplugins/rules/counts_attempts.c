/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SAME-02: the second attempt gives something else. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "counts-attempts", ",\"fields\":{\"writes\":[\"n\"]}"));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  const qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = call->attempt } };
  return call->host->field_set(call, QN_LIT("n"), &value) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a field");
}

BAD_DESCRIPTOR("counts-attempts");
