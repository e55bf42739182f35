/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: spans lie inside the view. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "span-outside", ",\"layers\":{\"provides\":[\"token/1\"]}"));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view view;
  qn_rows rows;
  const qn_host *host = call->host;
  if (host->view_get(call, &view) != 0 || host->layer_reserve(call, 0, 2, 0, &rows) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "setup", "no room");
  }
  for (uint32_t i = 0; i < 2; i++) {
    rows.begin[i] = view.len - 1;
    rows.end[i] = view.len + 1;
    ((uint32_t *)rows.columns[QN_TOKEN_KIND])[i] = QN_TOKEN_KIND_WORD;
    ((uint32_t *)rows.columns[QN_TOKEN_SCRIPT])[i] = QN_TOKEN_SCRIPT_LATIN;
    ((qn_heap_str *)rows.columns[QN_TOKEN_FORM])[i] = (qn_heap_str){ QN_NO_ROW, 0 };
  }
  host->layer_commit(call, 0, 2, 0);
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("span-outside");
