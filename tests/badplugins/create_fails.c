/* SPDX-License-Identifier: Apache-2.0 */

/* No rule broken: create fails and says why. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "create-fails", ""));

static int create(qn_create *with, void **ret_instance) {
  static const char why[] = "the service is not configured; set \"url\"";
  (void)ret_instance;
  return with->host->create_fail(with, why, sizeof why - 1);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("create-fails");
