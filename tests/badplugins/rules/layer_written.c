/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LAYER-09: it changes the text that it reads. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "layer-written", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  if (call->host->view_get(call, &text) == 0 && text.len > 0 && text.data[0] < 0x80) {
    *(uint8_t *)(uintptr_t)text.data = 'X';
  }
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("layer-written");
