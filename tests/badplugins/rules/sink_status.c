/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SINK-01: an item's status is none. */
#include "../bad.h"

BAD_NOTE(
    "{\"name\":\"sink-status\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
    "rule.\",\"abi\":\"1.0\",\"stages\":{\"sink-status\":{\"role\":\"sink\",\"description\":\"Breaks a rule.\"}}}");

BAD_LIFE

static void write_items(void *instance, qn_item *const *items, uint32_t n_items) {
  (void)instance;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = i == 3 ? 77 : QN_STATUS_OK;
  }
}

static const qn_sink sink = { .size = sizeof sink, .create = create, .destroy = destroy, .write = write_items };
static const qn_stage stage = { .size = sizeof stage, .name = "sink-status", .sink = &sink };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
