/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: destroy gives back the host's memory. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "keeps-memory", ""));

static int create(qn_create *with, void **ret_instance) {
  *ret_instance = with->host->alloc(with->env, 100);
  return *ret_instance != NULL ? 0 : with->host->create_fail(with, "no memory", 9);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("keeps-memory");
