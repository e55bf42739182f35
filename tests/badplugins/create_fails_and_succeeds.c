/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a create that calls create_fail returns an error. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "create-fails-and-succeeds", ""));

static int create(qn_create *with, void **ret_instance) {
  static int half_built;
  *ret_instance = &half_built;
  with->host->create_fail(with, "half done", 9);
  return 0;
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("create-fails-and-succeeds");
