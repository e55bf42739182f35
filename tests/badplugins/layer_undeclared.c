/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a layer is addressed by its index in the manifest. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "layer-undeclared", ",\"layers\":{\"provides\":[\"token/1\"]}"));
BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_rows rows;
  qn_layer layer;
  if (call->host->layer_reserve(call, 7, 1, 0, &rows) == 0 || call->host->layer_get(call, 1, &layer) == 0) {
    return QN_STATUS_OK;
  }
  return qn_fail(call, QN_STATUS_REJECT, "refused", "the layer was refused");
}

BAD_DESCRIPTOR("layer-undeclared");
