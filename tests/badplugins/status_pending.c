/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: only an async stage returns PENDING. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "status-pending", ""));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)call;
  return QN_STATUS_PENDING;
}

BAD_DESCRIPTOR("status-pending");
