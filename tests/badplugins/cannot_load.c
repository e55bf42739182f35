/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: every symbol a plugin uses is there; this one was linked without -z defs. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "cannot-load", ""));
extern int function_of_no_library(void);

BAD_LIFE
static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)call;
  return function_of_no_library();
}
BAD_DESCRIPTOR("cannot-load");
