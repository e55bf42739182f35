/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SAY-03: a slug that is a sentence. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "slug-bad", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  return qn_fail(call, QN_STATUS_REJECT, "It Is Bad", "there is nothing good in it");
}

BAD_DESCRIPTOR("slug-bad");
