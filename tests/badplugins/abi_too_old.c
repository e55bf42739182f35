/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a plugin of an ABI that is no longer run is refused before it is loaded. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("0.7", "abi-too-old", ""));
BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("abi-too-old");
