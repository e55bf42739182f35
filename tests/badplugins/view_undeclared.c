/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a stage builds the view that its manifest says it provides. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "view-undeclared", ""));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view_room room;
  if (call->host->view_reserve(call, 1, 1, &room) == 0) {
    return QN_STATUS_OK;
  }
  return qn_fail(call, QN_STATUS_REJECT, "refused", "the view was refused");
}

BAD_DESCRIPTOR("view-undeclared");
