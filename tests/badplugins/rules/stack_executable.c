/* SPDX-License-Identifier: Apache-2.0 */

/* QN-FILE-07: it asks for an executable stack. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "stack-executable", ""));

BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("stack-executable");
