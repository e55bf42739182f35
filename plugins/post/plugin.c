/* SPDX-License-Identifier: Apache-2.0 */

/* What the plugin exports: two clients of HTTP. A server is another plugin's business. */
#include "post/stages.h"

static const qn_stage *const stages[] = { &post_stage, &enrich_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 2, .stages = stages };
