/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: fail() says why. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "fail-empty", ""));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  return call->host->fail(call, QN_STATUS_REJECT, "bad-thing", "", 0);
}

BAD_DESCRIPTOR("fail-empty");
