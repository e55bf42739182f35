/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LAYER-02: a span ends inside a letter. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "layer-code-points", ",\"layers\":{\"provides\":[\"token/1\"]}"));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  qn_rows rows;
  if (call->host->view_get(call, &text) != 0 || call->host->layer_reserve(call, 0, 1, 0, &rows) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for rows");
  }
  for (uint32_t i = 0; i < 1; i++) {
    ((uint32_t *)rows.columns[QN_TOKEN_KIND])[i] = QN_TOKEN_KIND_WORD;
    ((uint32_t *)rows.columns[QN_TOKEN_SCRIPT])[i] = QN_TOKEN_SCRIPT_LATIN;
    ((qn_heap_str *)rows.columns[QN_TOKEN_FORM])[i] = (qn_heap_str){ QN_NO_ROW, 0 };
  }
  rows.begin[0] = 0;
  rows.end[0] = text.len > 0 && text.data[0] >= 0xC0 ? 1 : 0;
  return call->host->layer_commit(call, 0, 1, 0) == 0 ? QN_STATUS_OK
                                                      : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room");
}

BAD_DESCRIPTOR("layer-code-points");
