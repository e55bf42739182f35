/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LAYER-08: it writes behind the room that was lent. */
#include "tokens.h"

BAD_NOTE(BAD_MANIFEST("1.0", "layer-room", TOKENS));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  qn_view text;
  qn_rows rows;
  (void)instance;
  (void)context;
  qn_status status = tokens_reserve(call, 1, &text, &rows);
  if (status != QN_STATUS_OK) {
    return status;
  }
  rows.begin[0] = rows.begin[1] = 0;
  rows.end[0] = rows.end[1] = text.len;
  return tokens_commit(call, 1);
}

BAD_DESCRIPTOR("layer-room");
