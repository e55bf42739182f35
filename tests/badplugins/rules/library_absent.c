/* SPDX-License-Identifier: Apache-2.0 */

/* QN-FILE-08: it names a library that is not installed. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "library-absent", ""));

BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("library-absent");
