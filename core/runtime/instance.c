/* SPDX-License-Identifier: Apache-2.0 */

/* A stage's life: create with its config, destroy at the end, whatever happened in between. */
#include "runtime/state.h"

int instance_create(instance *stage, qn_error *error) {
  const plan_stage *planned = stage->planned;
  host_env_init(&stage->env, planned->info, planned->id, planned->config, stage->runtime->plan->base_folder,
                &stage->runtime->hooks);
  stage->env.owner = stage;
  stage->has_env = true;
  int rc = host_create(&stage->env, stage->table, &stage->self, error);
  if (rc != 0) {
    return rc;
  }
  stage->created = true;
  return 0;
}

void instance_destroy(instance *stage) {
  if (stage->created) {
    while (stage->n_offloads > 0) {
      uv_run(&stage->runtime->loop.uv, UV_RUN_ONCE);
    }
    host_destroy(stage->table, stage->self);
    stage->created = false;
  }
  io_close_all(stage);
  if (stage->has_env) {
    host_env_done(&stage->env);
    stage->has_env = false;
  }
}
