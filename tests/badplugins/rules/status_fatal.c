/* SPDX-License-Identifier: Apache-2.0 */

/* QN-STATUS-02: a document makes it FATAL. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "status-fatal", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  if (call->host->view_get(call, &text) == 0 && text.len == 1) {
    return qn_fail(call, QN_STATUS_FATAL, "too-short", "one byte is no document");
  }
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("status-fatal");
