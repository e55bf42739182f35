/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SAME-04: what is one document's stands in the shared instance. */
#include <stdatomic.h>
#include <time.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "shares-scratch", ",\"fields\":{\"writes\":[\"n\"]}"));

static _Atomic uint32_t length;

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view text;
  if (call->host->view_get(call, &text) == 0) {
    atomic_store(&length, text.len);
    nanosleep(&(struct timespec){ .tv_nsec = 300000 }, NULL); /* another thread's turn */
  }
  const qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = atomic_load(&length) } };
  return call->host->field_set(call, QN_LIT("n"), &value) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a field");
}

BAD_DESCRIPTOR("shares-scratch");
