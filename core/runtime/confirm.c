/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.confirm/1": a sink says what is durable while it goes on. Only counts; the sink's thread settles between calls. */
#include "qanat/confirm.h"

#include <errno.h>

#include "runtime/sink.h"

static int confirm_items(qn_env *env, uint32_t n_items) {
  instance *stage = env->owner;
  sink *self = stage->sink;
  if (self == NULL || !stage->confirms) {
    return -EINVAL;
  }
  self->n_confirmed += n_items;
  return 0;
}

const void *confirm_extension(instance *stage) {
  static const qn_confirm table = { .size = sizeof table, .items = confirm_items };
  const stage_info *info = stage->planned->info;
  if (info->role != ROLE_SINK || info->call == CALL_ASYNC || stage->table->sink->flush == NULL) {
    return NULL;
  }
  stage->confirms = true;
  return &table;
}
