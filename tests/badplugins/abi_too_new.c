/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a plugin that needs a newer minor ABI is refused before it is loaded. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.99", "abi-too-new", ""));
BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("abi-too-new");
