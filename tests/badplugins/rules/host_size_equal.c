/* SPDX-License-Identifier: Apache-2.0 */

/* QN-HOST-02: it takes a host table of another size for a wrong one. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "host-size-equal", ""));

static int create(qn_create *with, void **ret_instance) {
  *ret_instance = NULL;
  return with->host->size == sizeof(qn_host) ? 0 : with->host->create_fail(with, "another host", 12);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("host-size-equal");
