/* SPDX-License-Identifier: Apache-2.0 */

/* QN-FILE-06: it calls a function of libqanat, and is linked with it. */
#include "../bad.h"
#include "qanat/embed.h"

BAD_NOTE(BAD_MANIFEST("1.0", "links-qanat", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)context;
  if (instance != NULL) {
    qn_pipeline_stop(instance);
  }
  return call->host->cancelled(call) ? QN_STATUS_DROP : QN_STATUS_OK;
}

BAD_DESCRIPTOR("links-qanat");
