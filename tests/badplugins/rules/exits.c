/* SPDX-License-Identifier: Apache-2.0 */

/* QN-RUN-03: it ends the process when it meets a digit first. */
#include <unistd.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "exits", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  if (call->host->view_get(call, &text) == 0 && text.len > 0 && text.data[0] == '1') {
    _exit(3);
  }
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("exits");
