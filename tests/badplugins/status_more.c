/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: only a stage that declares "splits" returns MORE. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "status-more", ""));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)call;
  return QN_STATUS_MORE;
}

BAD_DESCRIPTOR("status-more");
