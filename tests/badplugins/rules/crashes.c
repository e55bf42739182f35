/* SPDX-License-Identifier: Apache-2.0 */

/* QN-RUN-01: it crashes on long documents. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "crashes", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  if (call->host->view_get(call, &text) == 0 && text.len > 1000) {
    *(volatile int *)(uintptr_t)text.len = 1;
  }
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("crashes");
