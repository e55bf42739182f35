/* SPDX-License-Identifier: Apache-2.0 */

/* QN-HOST-01: it takes an optional power for granted. */
#include "../bad.h"
#include "qanat/io.h"

BAD_NOTE(BAD_MANIFEST("1.0", "needs-extension", ""));

static int create(qn_create *with, void **ret_instance) {
  const qn_io *io = with->host->extension(with->env, QN_IO_1);
  *ret_instance = NULL;
  return io->size > 0 ? 0 : with->host->create_fail(with, "no size", 7);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("needs-extension");
