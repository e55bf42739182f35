/* SPDX-License-Identifier: Apache-2.0 */

/* Instances that outlive a run: when a pipeline is reloaded, a transform whose configuration and files have not changed goes on in
 * the new one, with what it has loaded. Floor 4.
 *
 * Shared are synchronous transforms that own nothing outside: what they make in create is read-only from then on, so two runs may use
 * it at once. One thread at a time, but for pool_give. */
#ifndef CORE_RUNTIME_POOL_H
#define CORE_RUNTIME_POOL_H

#include <errno.h>

#include "pipeline/plan.h"
#include "plugin/host.h"

typedef struct instance_pool instance_pool;
typedef struct shared_instance shared_instance;

/* Log lines of its instances go to log. 0, -ENOMEM. */
int instance_pool_new(void (*log)(void *arg, const char *stage, uint32_t level, const char *text, size_t len),
                      void *arg, instance_pool **ret_pool);
void instance_pool_free(instance_pool *pool); /* all must have been given back */
/* Destroys those that nobody uses. */
void instance_pool_trim(instance_pool *pool);
/* How many instances were used again since the pool was made. */
uint64_t instance_pool_reused(const instance_pool *pool);

/* Whether a stage of its kind can be shared at all. */
bool pool_may_share(const plan_stage *planned);
/* One like it if there is one, else a new one. 0; -EXDEV: it asked for what only a run of its own can give, make it there; else error is
 * filled as host_create does. */
int pool_take(instance_pool *pool, const plan_stage *planned, const qn_stage *table, const char *base_folder,
              shared_instance **ret_shared, qn_error *error);
void pool_give(instance_pool *pool, shared_instance *shared); /* [any] */
qn_env *pool_env(shared_instance *shared);
void *pool_self(shared_instance *shared);

#endif
