/* SPDX-License-Identifier: Apache-2.0 */

/* "layers" of a configuration is the host's own key, unless the stage's schema has it. */
#include "conformance/configured.h"

#include <errno.h>
#include <string.h>

#include "plugin/manifest_parts.h"

typedef struct first_fault {
  qn_error *error;
  unsigned n;
} first_fault;

static void on_fault(void *arg, const char *pointer, int at_key, const char *message) {
  first_fault *self = arg;
  (void)at_key;
  if (self->n++ == 0) {
    error_set(self->error, -EINVAL, "bad-config", "the configuration%s%s %s", pointer[0] != '\0' ? " at " : "", pointer,
              message);
  }
}

static bool has_layers_apart(const stage_info *info) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(info->config, "properties");
  return info->layers_from_config && cJSON_GetObjectItemCaseSensitive(properties, "layers") == NULL;
}

static int check(const stage_info *info, const cJSON *config, config_report *report, void *arg, cJSON **ret_config) {
  cJSON *given = cJSON_Duplicate(config, 1), *made = NULL;
  cJSON *layers = has_layers_apart(info) ? cJSON_DetachItemFromObjectCaseSensitive(given, "layers") : NULL;
  int rc = given == NULL ? -ENOMEM : config_check(info->config, given, report, arg, &made) != 0 ? -EINVAL : 0;
  cJSON_Delete(given);
  if (rc == 0 && layers != NULL && cJSON_AddItemToObject(made, "layers", layers)) {
    layers = NULL;
  }
  cJSON_Delete(layers);
  *ret_config = made;
  return rc;
}

cJSON *configured_fill(const stage_info *info, const cJSON *config) {
  cJSON *made = NULL;
  (void)check(info, config, NULL, NULL, &made);
  return made;
}

cJSON *configured_plain(const stage_info *info, const cJSON *config) {
  cJSON *copy = cJSON_Duplicate(config, 1);
  if (copy != NULL && has_layers_apart(info)) {
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "layers");
  }
  return copy;
}

static int layers_add(configured *self, const cJSON *list, layer_access access, qn_error *error) {
  const cJSON *name;
  cJSON_ArrayForEach(name, list) {
    if (!cJSON_IsString(name) || self->info.n_layers == STAGE_LAYERS_MAX) {
      return error_set(error, -EINVAL, "bad-config",
                       "the configuration at /layers names something that is no layer, or too many");
    }
    self->layers[self->info.n_layers++] = (manifest_layer){ name->valuestring, access };
  }
  return 0;
}

static int layers_read(configured *self, qn_error *error) {
  const cJSON *layers = cJSON_GetObjectItemCaseSensitive(self->config, "layers");
  const cJSON *schemas = cJSON_GetObjectItemCaseSensitive(layers, "schemas");
  manifest_faults wrong = { 0 };
  if (schemas != NULL && manifest_read_layers(&self->declared, schemas, &wrong) != 0) {
    return -ENOMEM;
  }
  if (wrong.count > 0) {
    return error_set(error, -EINVAL, "bad-config", "the configuration at /layers: %s", wrong.text);
  }
  int rc = layers_add(self, cJSON_GetObjectItemCaseSensitive(layers, "reads"), LAYER_READS, error);
  rc = rc == 0 ? layers_add(self, cJSON_GetObjectItemCaseSensitive(layers, "may_read"), LAYER_MAY_READ, error) : rc;
  return rc == 0 ? layers_add(self, cJSON_GetObjectItemCaseSensitive(layers, "provides"), LAYER_PROVIDES, error) : rc;
}

int configured_make(const stage_info *info, const cJSON *config, configured *self, qn_error *error) {
  *self = (configured){ .info = *info };
  for (uint32_t i = 0; i < info->n_layers; i++) {
    self->layers[i] = info->layers[i];
  }
  first_fault fault = { error, 0 };
  int rc = check(info, config, on_fault, &fault, &self->config);
  rc = rc == 0 && info->layers_from_config ? layers_read(self, error) : rc;
  self->info.layers = self->layers;
  if (rc != 0) {
    configured_done(self);
  }
  return rc == -ENOMEM ? error_set(error, rc, "no-memory", "no memory") : rc;
}

void configured_done(configured *self) {
  manifest_free_layers(&self->declared);
  cJSON_Delete(self->config);
  self->config = NULL;
}
