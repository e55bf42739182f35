/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LIFE-03: every instance leaves memory of its own behind. */
#include <stdlib.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "leaks", ""));

static int create(qn_create *with, void **ret_instance) {
  void *volatile lost = malloc(100);
  *ret_instance = NULL;
  return lost != NULL ? 0 : with->host->create_fail(with, "no memory", 9);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("leaks");
