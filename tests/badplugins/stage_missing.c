/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: the descriptor has every stage of the manifest. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "stage-missing", ""));
BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("another-name");
