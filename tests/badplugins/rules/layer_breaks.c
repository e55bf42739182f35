/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LAYER-04: a span reaches across what was cut out. */
#include "tokens.h"

BAD_NOTE(BAD_MANIFEST("1.0", "layer-breaks", ",\"view\":{\"reads\":[\"content\",\"text\"]}" TOKENS));

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
  rows.begin[0] = 0;
  rows.end[0] = text.len;
  return tokens_commit(call, 1);
}

BAD_DESCRIPTOR("layer-breaks");
