/* SPDX-License-Identifier: Apache-2.0 */

/* A list of instances with all they were made of: the same stage, id, configuration, folder and files. */
#include "runtime/pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct shared_instance {
  shared_instance *next;
  qn_env env;
  const qn_stage *table;
  void *self;
  char *id, *folder;
  cJSON *config;
  bool asked; /* for an extension, which only a run can give */
  _Atomic uint32_t n_users;
};

struct instance_pool {
  host_hooks hooks;
  void (*log)(void *arg, const char *stage, uint32_t level, const char *text, size_t len);
  void *arg;
  shared_instance *first;
  uint64_t n_reused;
};

static void hook_log(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  const instance_pool *self = arg;
  if (self->log != NULL) {
    self->log(self->arg, env->id, level, text, len);
  }
}

static const void *hook_extension(qn_env *env, const char *name) {
  shared_instance *self = env->owner;
  (void)name;
  self->asked = true;
  return NULL;
}

int instance_pool_new(void (*log)(void *arg, const char *stage, uint32_t level, const char *text, size_t len),
                      void *arg, instance_pool **ret_pool) {
  instance_pool *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->hooks = (host_hooks){ .log = hook_log, .extension = hook_extension, .arg = made };
  made->log = log;
  made->arg = arg;
  *ret_pool = made;
  return 0;
}

static void destroy(shared_instance *self) {
  if (self == NULL) {
    return;
  }
  if (self->table != NULL) {
    host_destroy(self->table, self->self);
  }
  if (self->env.hooks != NULL) {
    host_env_done(&self->env);
  }
  free(self->id);
  free(self->folder);
  cJSON_Delete(self->config);
  free(self);
}

void instance_pool_trim(instance_pool *self) {
  shared_instance **link = &self->first;
  while (*link != NULL) {
    shared_instance *at = *link;
    if (atomic_load(&at->n_users) > 0) {
      link = &at->next;
      continue;
    }
    *link = at->next;
    destroy(at);
  }
}

void instance_pool_free(instance_pool *self) {
  if (self == NULL) {
    return;
  }
  while (self->first != NULL) {
    shared_instance *next = self->first->next;
    destroy(self->first);
    self->first = next;
  }
  free(self);
}

uint64_t instance_pool_reused(const instance_pool *self) {
  return self->n_reused;
}

bool pool_may_share(const plan_stage *planned) {
  const stage_info *info = planned->info;
  return info->role == ROLE_TRANSFORM && info->call != CALL_ASYNC && !info->splits && !planned->isolate &&
         info->exclusive == NULL && info->concurrency == CONCURRENCY_PARALLEL;
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_like(const shared_instance *self, const plan_stage *planned, const char *folder) {
  return self->env.info == planned->info && strcmp(self->id, planned->id) == 0 && same_text(self->folder, folder) &&
         cJSON_Compare(self->config, planned->config, true) && host_files_unchanged(&self->env);
}

static int make(instance_pool *self, const plan_stage *planned, const qn_stage *table, const char *folder,
                shared_instance **ret_shared, qn_error *error) {
  shared_instance *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for stage '%s'", planned->id);
  }
  made->id = strdup(planned->id);
  made->folder = folder != NULL ? strdup(folder) : NULL;
  made->config = cJSON_Duplicate(planned->config, true);
  if (made->id == NULL || (folder != NULL && made->folder == NULL) || made->config == NULL) {
    destroy(made);
    return error_set(error, -ENOMEM, "no-memory", "no memory for stage '%s'", planned->id);
  }
  host_env_init(&made->env, planned->info, made->id, made->config, made->folder, &self->hooks);
  made->env.owner = made;
  int rc = host_create(&made->env, table, &made->self, error);
  made->table = rc == 0 ? table : NULL;
  if (made->asked) {
    rc = -EXDEV; /* also if it failed: it may have, for want of that */
  }
  if (rc != 0) {
    destroy(made);
    return rc;
  }
  *ret_shared = made;
  return 0;
}

int pool_take(instance_pool *self, const plan_stage *planned, const qn_stage *table, const char *base_folder,
              shared_instance **ret_shared, qn_error *error) {
  for (shared_instance *at = self->first; at != NULL; at = at->next) {
    if (is_like(at, planned, base_folder)) {
      atomic_fetch_add(&at->n_users, 1);
      self->n_reused++;
      *ret_shared = at;
      return 0;
    }
  }
  shared_instance *made = NULL;
  int rc = make(self, planned, table, base_folder, &made, error);
  if (rc != 0) {
    return rc;
  }
  atomic_store(&made->n_users, 1);
  made->next = self->first;
  self->first = made;
  *ret_shared = made;
  return 0;
}

void pool_give(instance_pool *self, shared_instance *shared) {
  (void)self;
  atomic_fetch_sub(&shared->n_users, 1);
}

qn_env *pool_env(shared_instance *self) {
  return &self->env;
}

void *pool_self(shared_instance *self) {
  return self->self;
}
