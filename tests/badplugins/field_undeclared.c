/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a stage sets the fields that its manifest lists. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "field-undeclared", ",\"fields\":{\"writes\":[\"title\"]}"));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  const qn_value value = { .type = QN_VALUE_I64, .as.i64 = 1 };
  if (call->host->field_set(call, QN_LIT("language"), &value) == 0) {
    return QN_STATUS_OK;
  }
  return qn_fail(call, QN_STATUS_REJECT, "refused", "the field was refused");
}

BAD_DESCRIPTOR("field-undeclared");
