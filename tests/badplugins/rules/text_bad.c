/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SAY-04: a message that is no text. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "text-bad", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  return qn_fail(call, QN_STATUS_REJECT, "bad", "bytes \xff\xfe");
}

BAD_DESCRIPTOR("text-bad");
