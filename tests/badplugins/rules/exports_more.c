/* SPDX-License-Identifier: Apache-2.0 */

/* QN-FILE-02: it exports a second symbol. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "exports-more", ""));

__attribute__((visibility("default"))) int helper_of_exports_more(void);

int helper_of_exports_more(void) {
  return 1;
}

BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("exports-more");
