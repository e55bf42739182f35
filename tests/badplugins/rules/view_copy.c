/* SPDX-License-Identifier: Apache-2.0 */

/* QN-VIEW-01: what it calls a copy of the text is another text. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "view-copy", ",\"view\":{\"reads\":[\"text\"],\"provides\":\"tildes\"}"));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  qn_view_room room;
  if (call->host->view_get(call, &text) != 0 || call->host->view_reserve(call, text.len, 1, &room) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for the view");
  }
  memset(room.data, '~', text.len);
  room.derived[0] = room.base[0] = 0;
  room.kind[0] = QN_RUN_COPY;
  return call->host->view_commit(call, text.len, text.len > 0) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for the view");
}

BAD_DESCRIPTOR("view-copy");
