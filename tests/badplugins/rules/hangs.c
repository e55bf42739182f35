/* SPDX-License-Identifier: Apache-2.0 */

/* QN-RUN-02: it loops for ever on a document that begins with an opening bracket. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "hangs", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  for (volatile int n = 0; call->host->view_get(call, &text) == 0 && text.len > 0 && text.data[0] == '('; n++) {
  }
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("hangs");
