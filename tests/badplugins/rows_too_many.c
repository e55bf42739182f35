/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: no more rows are committed than were reserved. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "rows-too-many", ",\"layers\":{\"provides\":[\"token/1\"]}"));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_rows rows;
  if (call->host->layer_reserve(call, 0, 2, 0, &rows) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "setup", "no room");
  }
  int rc = call->host->layer_commit(call, 0, rows.capacity + 1, 0);
  return rc == 0 ? QN_STATUS_OK : qn_fail(call, QN_STATUS_REJECT, "refused", "the commit was refused");
}

BAD_DESCRIPTOR("rows-too-many");
