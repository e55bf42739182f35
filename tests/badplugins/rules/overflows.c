/* SPDX-License-Identifier: Apache-2.0 */

/* QN-RUN-04: an integer overflows, which a sanitizer finds (it is compiled with one). */
#include <limits.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "overflows", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  int sum = INT_MAX - 100;
  if (call->host->view_get(call, &text) == 0) {
    sum += (int)text.len;
  }
  return sum == 7 ? QN_STATUS_DROP : QN_STATUS_OK;
}

BAD_DESCRIPTOR("overflows");
