/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a status is one of those in qanat/status.h. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "status-unknown", ""));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)call;
  return 99;
}

BAD_DESCRIPTOR("status-unknown");
