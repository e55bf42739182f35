/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LAYER-03: rows are not sorted. */
#include "tokens.h"

BAD_NOTE(BAD_MANIFEST("1.0", "layer-order", TOKENS));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  qn_view text;
  qn_rows rows;
  (void)instance;
  (void)context;
  qn_status status = tokens_reserve(call, 2, &text, &rows);
  if (status != QN_STATUS_OK) {
    return status;
  }
  rows.begin[0] = rows.end[0] = text.len;
  rows.begin[1] = rows.end[1] = 0;
  return tokens_commit(call, 2);
}

BAD_DESCRIPTOR("layer-order");
