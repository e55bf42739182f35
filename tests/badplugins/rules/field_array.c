/* SPDX-License-Identifier: Apache-2.0 */

/* QN-FIELD-03: it sets a field to what only configurations have. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "field-array", ",\"fields\":{\"writes\":[\"list\"]}"));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  const qn_value value = { .type = QN_VALUE_ARRAY, .as = { .i64 = 3 } };
  return call->host->field_set(call, QN_LIT("list"), &value) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_REJECT, "no-field", "the field was refused");
}

BAD_DESCRIPTOR("field-array");
