/* SPDX-License-Identifier: Apache-2.0 */

/* QN-FILE-04: a thread-local variable that must have room from the begin. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "static-tls", ""));

static __thread int calls_of_static_tls __attribute__((tls_model("initial-exec")));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  calls_of_static_tls++;
  return call->host->cancelled(call) ? QN_STATUS_DROP : QN_STATUS_OK;
}

BAD_DESCRIPTOR("static-tls");
