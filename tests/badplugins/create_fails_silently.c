/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a create that fails says why. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "create-fails-silently", ""));

static int create(qn_create *with, void **ret_instance) {
  (void)with;
  (void)ret_instance;
  return -5;
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("create-fails-silently");
