/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LIFE-07: process does not look whether it got memory. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "alloc-unchecked", ""));

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  char *room = call->host->alloc(call->env, 100);
  memset(room, 0, 100);
  call->host->release(call->env, room);
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("alloc-unchecked");
