/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: the words of fail() are UTF-8 on one line; others are made so. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "fail-rubbish", ""));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  return call->host->fail(call, QN_STATUS_REJECT, "Bad Slug", "a\nb\xFF\x1b[0m", 8);
}

BAD_DESCRIPTOR("fail-rubbish");
