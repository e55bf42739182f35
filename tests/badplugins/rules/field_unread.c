/* SPDX-License-Identifier: Apache-2.0 */

/* QN-FIELD-02: it reads a field that its manifest does not name. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "field-unread", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_value value;
  return call->host->field_get(call, QN_LIT("secret"), &value) == 0 ? QN_STATUS_DROP : QN_STATUS_OK;
}

BAD_DESCRIPTOR("field-unread");
