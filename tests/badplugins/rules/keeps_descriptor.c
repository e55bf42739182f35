/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LIFE-04: every instance leaves a descriptor open. */
#include <fcntl.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "keeps-descriptor", ""));

static int create(qn_create *with, void **ret_instance) {
  *ret_instance = NULL;
  return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : with->host->create_fail(with, "no descriptor", 13);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("keeps-descriptor");
