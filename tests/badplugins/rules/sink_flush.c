/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SINK-03: flush fails when there is nothing to flush. */
#include <stdatomic.h>

#include "../bad.h"

BAD_NOTE("{\"name\":\"sink-flush\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"sink-flush\":{\"role\":\"sink\",\"description\":\"Breaks a rule.\"}}}");

static _Atomic int n_written;

BAD_LIFE

static void write_items(void *instance, qn_item *const *items, uint32_t n_items) {
  (void)instance;
  atomic_fetch_add(&n_written, (int)n_items);
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = QN_STATUS_OK;
  }
}

static qn_status flush(void *instance, qn_call *call) {
  (void)instance;
  return atomic_exchange(&n_written, 0) > 0 ? QN_STATUS_OK
                                            : qn_fail(call, QN_STATUS_FATAL, "empty", "there is nothing to flush");
}

static const qn_sink sink = {
  .size = sizeof sink, .create = create, .destroy = destroy, .write = write_items, .flush = flush
};
static const qn_stage stage = { .size = sizeof stage, .name = "sink-flush", .sink = &sink };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
