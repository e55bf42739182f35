/* SPDX-License-Identifier: Apache-2.0 */

/* The code of the plugins that the planner is tested with: none. Checking a pipeline must not need any. */
#include "qanat/stage.h"

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin) };
