/* SPDX-License-Identifier: Apache-2.0 */

/* QN-ASYNC-02: long documents are never completed. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "async-never", ",\"call\":\"async\""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  if (call->host->view_get(call, &text) != 0 || text.len < 1000) {
    call->host->complete(call->env, call->ticket, QN_STATUS_OK, NULL, NULL, 0);
  }
  return QN_STATUS_PENDING;
}

BAD_DESCRIPTOR("async-never");
