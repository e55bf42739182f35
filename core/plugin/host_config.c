/* SPDX-License-Identifier: Apache-2.0 */

/* Creating an instance, and the configuration as its create reads it. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "plugin/config_place.h"
#include "plugin/host_parts.h"

static const cJSON *value_find(qn_create *create, const char *pointer, const cJSON **ret_schema) {
  const cJSON *value = NULL;
  int rc = config_at(create->env->info->config, create->env->config, pointer, ret_schema, &value);
  return rc == 0 ? value : NULL;
}

/* JSON has one kind of number; the schema says which of two is meant. */
static void number_set(const cJSON *schema, double number, qn_value *ret_value) {
  config_type type = config_type_of(schema);
  bool whole = number == floor(number) && fabs(number) <= CONFIG_INTEGER_MAX;
  if (type != CONFIG_NUMBER && whole) {
    ret_value->type = QN_VALUE_I64;
    ret_value->as.i64 = (int64_t)number;
  } else {
    ret_value->type = QN_VALUE_F64;
    ret_value->as.f64 = number;
  }
}

int host_config_get(qn_create *create, const char *pointer, qn_value *ret_value) {
  const cJSON *schema = NULL;
  const cJSON *value = value_find(create, pointer, &schema);
  if (value == NULL) {
    return -ENOENT;
  }
  *ret_value = (qn_value){ .type = QN_VALUE_NONE };
  if (cJSON_IsBool(value)) {
    ret_value->type = QN_VALUE_BOOL;
    ret_value->as.i64 = cJSON_IsTrue(value);
  } else if (cJSON_IsNumber(value)) {
    number_set(schema, value->valuedouble, ret_value);
  } else if (cJSON_IsString(value)) {
    ret_value->type = QN_VALUE_STR;
    ret_value->as.str = (qn_str){ value->valuestring, strlen(value->valuestring) };
  } else if (cJSON_IsArray(value) || cJSON_IsObject(value)) {
    ret_value->type = cJSON_IsArray(value) ? QN_VALUE_ARRAY : QN_VALUE_OBJECT;
    ret_value->as.i64 = cJSON_GetArraySize(value);
  }
  return 0;
}

int host_config_key(qn_create *create, const char *pointer, uint32_t index, qn_str *ret_key) {
  const cJSON *schema = NULL;
  const cJSON *object = value_find(create, pointer, &schema);
  if (!cJSON_IsObject(object) || index > CONFIG_MEMBERS_MAX) {
    return -ENOENT;
  }
  const cJSON *member = cJSON_GetArrayItem(object, (int)index);
  if (member == NULL) {
    return -ENOENT;
  }
  *ret_key = (qn_str){ member->string, strlen(member->string) };
  return 0;
}

int host_create_fail(qn_create *create, const char *text, size_t len) {
  host_words_copy(create_body(create)->error, -EINVAL, "create-failed", "create-failed", text, len);
  return -EINVAL;
}

static int call_create(const qn_stage *stage, qn_create *create, void **ret_instance) {
  if (stage->source != NULL) {
    return stage->source->create(create, ret_instance);
  }
  return stage->transform != NULL ? stage->transform->create(create, ret_instance)
                                  : stage->sink->create(create, ret_instance);
}

void host_destroy(const qn_stage *stage, void *instance) {
  if (stage->source != NULL) {
    stage->source->destroy(instance);
  } else if (stage->transform != NULL) {
    stage->transform->destroy(instance);
  } else {
    stage->sink->destroy(instance);
  }
}

int host_create(qn_env *env, const qn_stage *stage, void **ret_instance, qn_error *error) {
  qn_error said = { 0 };
  host_create_body body = { .create = { .size = sizeof(qn_create), .host = env->host, .env = env }, .error = &said };
  const manifest *from = env->info->manifest;
  void *instance = NULL;
  int rc = call_create(stage, &body.create, &instance);
  if (rc == 0 && said.message[0] == '\0') {
    *ret_instance = instance;
    return 0;
  }
  if (rc == 0) {
    /* It says that it failed and returns success: believe the words. */
    host_destroy(stage, instance);
  }
  int code = rc < 0 ? rc : -EINVAL;
  if (said.message[0] != '\0') {
    return error_set(error, code, said.slug, "stage \"%s\": %s", env->id, said.message);
  }
  if (body.hint.message[0] != '\0') {
    return error_set(error, code, body.hint.slug, "stage \"%s\": %s", env->id, body.hint.message);
  }
  return error_set(error, code, "no-message",
                   "stage \"%s\": its create failed (%s) without saying why, which is a fault of the plugin %s %s (%s)",
                   env->id, strerror(-code), from->name, from->version, from->path);
}
