/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SPLIT-01: there is always one part more to come. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "split-endless", ",\"splits\":true"));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  return call->host->cancelled(call) ? QN_STATUS_DROP : QN_STATUS_MORE;
}

BAD_DESCRIPTOR("split-endless");
