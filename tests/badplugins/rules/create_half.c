/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LIFE-06: create keeps what it has when the next thing cannot be had. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "create-half", ""));

typedef struct thing {
  const qn_host *host;
  qn_env *env;
  void *room;
} thing;

static int create(qn_create *with, void **ret_instance) {
  thing *made = with->host->alloc(with->env, sizeof *made);
  if (made == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *made = (thing){ with->host, with->env, with->host->alloc(with->env, 100) };
  if (made->room == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *ret_instance = made;
  return 0;
}

static void destroy(void *instance) {
  thing *made = instance;
  if (made != NULL) {
    made->host->release(made->env, made->room);
    made->host->release(made->env, made);
  }
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("create-half");
