/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: the table is the one of the manifest's role. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "wrong-role", ""));
BAD_LIFE

static void write_nothing(void *instance, qn_item *const *items, uint32_t n_items) {
  (void)instance;
  (void)items;
  (void)n_items;
}

static const qn_sink sink = { .size = sizeof sink, .create = create, .destroy = destroy, .write = write_nothing };
static const qn_stage stage = { .size = sizeof stage, .name = "wrong-role", .sink = &sink };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
