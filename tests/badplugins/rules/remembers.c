/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SAME-03: it remembers the longest document so far. */
#include <stdatomic.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "remembers", ",\"fields\":{\"writes\":[\"n\"]}"));

static _Atomic uint32_t longest;

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  if (call->host->view_get(call, &text) == 0 && text.len > atomic_load(&longest)) {
    atomic_store(&longest, text.len);
  }
  const qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = atomic_load(&longest) } };
  return call->host->field_set(call, QN_LIT("n"), &value) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a field");
}

BAD_DESCRIPTOR("remembers");
