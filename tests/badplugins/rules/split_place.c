/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SPLIT-02: its place in a document is kept from an attempt that was given up. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "split-place", ",\"concurrency\":\"serial\",\"splits\":true"));

static uint32_t place;

BAD_LIFE

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  uint8_t *room;
  const qn_emit part = { .source = QN_LIT("parts"), .ordinal = place };
  if (place == 3) {
    place = 0;
    return QN_STATUS_OK;
  }
  if (call->host->emit_reserve(call, 1, &room) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a part");
  }
  room[0] = (uint8_t)('a' + place++);
  if (call->host->emit_commit(call, 1, &part) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a part");
  }
  return QN_STATUS_MORE;
}

BAD_DESCRIPTOR("split-place");
