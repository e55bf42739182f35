/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.direct/1": a sink says that it has nothing to prepare; the graph is shortened by that once all have been created. */
#include "qanat/direct.h"

#include <errno.h>

#include "runtime/state.h"

static int direct_unprepared(qn_env *env) {
  instance *stage = env->owner;
  if (stage->planned->info->role != ROLE_SINK) {
    return -EINVAL;
  }
  stage->unprepared = true;
  return 0;
}

const void *direct_extension(const instance *stage) {
  static const qn_direct table = { .size = sizeof table, .unprepared = direct_unprepared };
  return stage->planned->info->role == ROLE_SINK ? &table : NULL;
}
