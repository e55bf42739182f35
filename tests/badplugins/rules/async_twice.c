/* SPDX-License-Identifier: Apache-2.0 */

/* QN-ASYNC-01: it completes every document twice. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "async-twice", ",\"call\":\"async\""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  call->host->complete(call->env, call->ticket, QN_STATUS_OK, NULL, NULL, 0);
  call->host->complete(call->env, call->ticket, QN_STATUS_OK, NULL, NULL, 0);
  return QN_STATUS_PENDING;
}

BAD_DESCRIPTOR("async-twice");
