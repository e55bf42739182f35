/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a layer that is only read is not written. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "layer-read-only", ",\"layers\":{\"reads\":[\"token/1\"]}"));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_rows rows;
  if (call->host->layer_reserve(call, 0, 1, 0, &rows) == 0 || call->host->layer_edit(call, 0, 1, 0, &rows) == 0) {
    return QN_STATUS_OK;
  }
  return qn_fail(call, QN_STATUS_REJECT, "refused", "the layer was refused");
}

BAD_DESCRIPTOR("layer-read-only");
