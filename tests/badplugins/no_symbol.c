/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a plugin exports qn_plugin_v1. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "no-symbol", ""));
extern QN_EXPORT const int another_symbol;
const int another_symbol = 1;
