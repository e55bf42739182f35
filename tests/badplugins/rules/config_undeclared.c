/* SPDX-License-Identifier: Apache-2.0 */

/* QN-CONFIG-03: it asks for a key that its schema does not have. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "config-undeclared", ""));

static int create(qn_create *with, void **ret_instance) {
  *ret_instance = NULL;
  return qn_config_i64(with, "/tempo", 1) > 0 ? 0 : with->host->create_fail(with, "no tempo", 8);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("config-undeclared");
