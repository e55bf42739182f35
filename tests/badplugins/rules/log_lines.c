/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SAY-05: two lines in one call of log. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "log-lines", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  call->host->log(call->env, QN_LOG_INFO, "one\ntwo", 7);
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("log-lines");
