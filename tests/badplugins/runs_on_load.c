/* SPDX-License-Identifier: Apache-2.0 */

/* No rule broken, but dear: its code ends the process as soon as it is loaded. Listing stages must not load it. */
#include <stdlib.h>

#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "runs-on-load", ""));

__attribute__((constructor)) static void run(void) {
  abort();
}

BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("runs-on-load");
