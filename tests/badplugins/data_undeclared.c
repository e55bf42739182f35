/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: data files are those the manifest lists. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "data-undeclared", ""));

static int create(qn_create *with, void **ret_instance) {
  qn_str bytes;
  (void)ret_instance;
  return with->host->data_open(with, "../../../etc/passwd", &bytes);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("data-undeclared");
