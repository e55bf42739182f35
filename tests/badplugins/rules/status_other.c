/* SPDX-License-Identifier: Apache-2.0 */

/* QN-STATUS-03: it tells fail() one status and returns another. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "status-other", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)qn_fail(call, QN_STATUS_RETRY, "busy", "the service is busy");
  return QN_STATUS_DROP;
}

BAD_DESCRIPTOR("status-other");
