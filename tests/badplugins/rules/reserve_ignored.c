/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LIFE-08: it says OK though it got no room for its rows. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "reserve-ignored", ",\"layers\":{\"provides\":[\"token/1\"]}"));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_rows rows;
  qn_view text;
  if (call->host->view_get(call, &text) != 0 || call->host->layer_reserve(call, 0, 1, 0, &rows) != 0) {
    return QN_STATUS_OK;
  }
  rows.begin[0] = 0;
  rows.end[0] = text.len;
  ((uint32_t *)rows.columns[QN_TOKEN_KIND])[0] = QN_TOKEN_KIND_WORD;
  ((uint32_t *)rows.columns[QN_TOKEN_SCRIPT])[0] = QN_TOKEN_SCRIPT_LATIN;
  ((qn_heap_str *)rows.columns[QN_TOKEN_FORM])[0] = (qn_heap_str){ QN_NO_ROW, 0 };
  return call->host->layer_commit(call, 0, 1, 0) == 0 ? QN_STATUS_OK
                                                      : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a row");
}

BAD_DESCRIPTOR("reserve-ignored");
