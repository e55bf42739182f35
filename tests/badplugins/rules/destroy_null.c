/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LIFE-01: destroy does not accept NULL. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "destroy-null", ""));

typedef struct thing {
  const qn_host *host;
  qn_env *env;
} thing;

static int create(qn_create *with, void **ret_instance) {
  thing *made = with->host->alloc(with->env, sizeof *made);
  if (made == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *made = (thing){ with->host, with->env };
  *ret_instance = made;
  return 0;
}

static void destroy(void *instance) {
  thing *made = instance;
  made->host->release(made->env, made);
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("destroy-null");
