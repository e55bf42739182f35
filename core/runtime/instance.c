/* SPDX-License-Identifier: Apache-2.0 */

/* A stage's life: create with its config, destroy at the end, whatever happened in between; or lent by a pool that
 * outlives the run. */
#include <stdlib.h>

#include "runtime/pool.h"
#include "runtime/state.h"

static int create_own(instance *stage, qn_error *error) {
  runtime *rt = stage->runtime;
  const plan_stage *planned = stage->planned;
  host_env_init(&stage->own_env, planned->info, planned->id, planned->config, rt->plan->base_folder, &rt->hooks);
  stage->io = (io_home){ .uv = &rt->loop.uv, .listeners = rt->listeners };
  stage->own_env.owner = stage;
  stage->own_env.io = &stage->io;
  stage->env = &stage->own_env;
  int rc = host_create(stage->env, stage->table, &stage->self, error);
  stage->created = rc == 0;
  free(stage->kept);
  stage->kept = NULL;
  return rc;
}

int instance_create(instance *stage, qn_error *error) {
  instance_pool *pool = stage->runtime->options.pool;
  if (pool != NULL && pool_may_share(stage->planned)) {
    int rc = pool_take(pool, stage->planned, stage->table, stage->runtime->plan->base_folder, &stage->shared, error);
    if (rc != -EXDEV) {
      if (rc == 0) {
        stage->env = pool_env(stage->shared);
        stage->self = pool_self(stage->shared);
      }
      return rc;
    }
  }
  return create_own(stage, error);
}

void instance_destroy(instance *stage) {
  if (stage->shared != NULL) {
    pool_give(stage->runtime->options.pool, stage->shared);
    stage->shared = NULL;
    stage->env = NULL;
  }
  if (stage->created) {
    io_settle(&stage->io);
    host_destroy(stage->table, stage->self);
    stage->created = false;
  }
  if (stage->env != NULL) {
    io_close_all(stage->env);
    host_env_done(stage->env);
    stage->env = NULL;
  }
}
