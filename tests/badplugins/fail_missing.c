/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a status that is a failure comes with fail(). */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "fail-missing", ""));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)call;
  return QN_STATUS_RETRY;
}

BAD_DESCRIPTOR("fail-missing");
