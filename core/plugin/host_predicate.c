/* SPDX-License-Identifier: Apache-2.0 */

/* Conditions lent to stages: compiled from the configuration, until the stage is gone. */
#include <errno.h>
#include <stdlib.h>

#include "plugin/config_place.h"
#include "plugin/host_parts.h"
#include "plugin/predicate.h"

struct host_condition {
  struct host_condition *next;
  predicate *predicate;
};

int host_predicate_open(qn_create *create, const char *pointer, const qn_predicate **ret_predicate) {
  qn_env *env = create->env;
  qn_error *hint = &create_body(create)->hint;
  const cJSON *schema = NULL, *value = NULL;
  if (config_at(env->info->config, env->config, pointer, &schema, &value) != 0) {
    return -ENOENT;
  }
  if (config_type_of(schema) != CONFIG_PREDICATE) {
    return error_set(
        hint, -EINVAL, "no-predicate-value",
        "it opened the configuration value %.64s as a condition, which its manifest does not give the type "
        "\"predicate\": a fault of the plugin %s",
        pointer, env->info->manifest->path);
  }
  struct host_condition *condition = calloc(1, sizeof *condition);
  int rc = condition != NULL ? predicate_compile(value, NULL, &condition->predicate, hint) : -ENOMEM;
  if (rc != 0) {
    free(condition);
    return rc;
  }
  condition->next = env->conditions;
  env->conditions = condition;
  *ret_predicate = condition->predicate;
  return 0;
}

void host_predicates_close(qn_env *env) {
  while (env->conditions != NULL) {
    struct host_condition *condition = env->conditions;
    env->conditions = condition->next;
    predicate_free(condition->predicate);
    free(condition);
  }
}
