/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: the functions that role and call form need are there. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "no-process", ",\"call\":\"batch\""));
BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("no-process");
