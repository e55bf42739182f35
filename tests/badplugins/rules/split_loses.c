/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SPLIT-02: a part that is refused for want of credit is lost. */
#include <errno.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "split-loses", ",\"splits\":true"));

BAD_LIFE

static int emit_letter(qn_call *call, uint64_t ordinal) {
  uint8_t *room;
  const qn_emit part = { .source = QN_LIT("parts"), .ordinal = ordinal };
  int rc = call->host->emit_reserve(call, 1, &room);
  if (rc != 0) {
    return rc;
  }
  room[0] = (uint8_t)('a' + ordinal);
  return call->host->emit_commit(call, 1, &part);
}

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  for (uint64_t i = 0; i < 3; i++) {
    int rc = emit_letter(call, i);
    if (rc != 0 && rc != -EAGAIN) {
      return qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a part");
    }
  }
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("split-loses");
