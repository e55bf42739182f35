/* SPDX-License-Identifier: Apache-2.0 */

/* The plugin's one symbol. */
#include "probe.h"

static const qn_stage source = { sizeof(qn_stage), 0, "probe-source", &probe_source_table, NULL, NULL };
static const qn_stage source_async = {
  sizeof(qn_stage), 0, "probe-source-async", &probe_source_async_table, NULL, NULL
};
static const qn_stage noop = { sizeof(qn_stage), 0, "probe-noop", NULL, &probe_noop_table, NULL };
static const qn_stage step = { sizeof(qn_stage), 0, "probe-step", NULL, &probe_step_table, NULL };
static const qn_stage step_ordered = { sizeof(qn_stage), 0, "probe-step-ordered", NULL, &probe_step_table, NULL };
static const qn_stage sink = { sizeof(qn_stage), 0, "probe-sink", NULL, NULL, &probe_sink_table };
static const qn_stage sink_async = { sizeof(qn_stage), 0, "probe-sink-async", NULL, NULL, &probe_sink_async_table };

static const qn_stage sink_confirm = {
  sizeof(qn_stage), 0, "probe-sink-confirm", NULL, NULL, &probe_sink_confirm_table
};

static const qn_stage *const stages[] = { &source,       &source_async, &noop,       &step,
                                          &step_ordered, &sink,         &sink_async, &sink_confirm };

QN_EXPORT const qn_plugin qn_plugin_v1 = { sizeof(qn_plugin), sizeof stages / sizeof stages[0], stages };
