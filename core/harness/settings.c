/* SPDX-License-Identifier: Apache-2.0 */

/* Checks a configuration against the manifest, as the planner does, and reads the layers it names. */
#include "harness/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness_body.h"
#include "plugin/config.h"
#include "plugin/manifest_parts.h"

static const size_t file_max = (size_t)1 << 30;

int harness_file_read(const char *path, char **ret_text, size_t *ret_len) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  if (fd < 0) {
    return -errno;
  }
  int rc = fstat(fd, &info) != 0 ? -errno : !S_ISREG(info.st_mode) ? -EINVAL : 0;
  size_t len = rc == 0 ? (size_t)info.st_size : 0;
  char *text = rc == 0 && len <= file_max ? malloc(len + 1) : NULL;
  rc = rc == 0 && text == NULL ? (len > file_max ? -EFBIG : -ENOMEM) : rc;
  size_t at = 0;
  while (rc == 0 && at < len) {
    ssize_t n = read(fd, text + at, len - at);
    if (n <= 0) {
      rc = n < 0 ? -errno : -EIO;
      break;
    }
    at += (size_t)n;
  }
  close(fd);
  if (rc != 0) {
    free(text);
    return rc;
  }
  text[len] = '\0';
  *ret_text = text;
  *ret_len = len;
  return 0;
}

/* Joins faults as far as they fit. */
typedef struct fault_list {
  unsigned n;
  size_t len;
  char text[900];
} fault_list;

static void add_fault(void *arg, const char *pointer, int at_key, const char *message) {
  fault_list *list = arg;
  (void)at_key;
  size_t left = sizeof list->text - list->len;
  int wrote = snprintf(list->text + list->len, left, "%s%s%s%s", list->n > 0 ? "; " : "", pointer,
                       pointer[0] != '\0' ? " " : "", message);
  list->len += wrote > 0 && (size_t)wrote < left ? (size_t)wrote : left - 1;
  list->n++;
}

static int refuse(const qn_harness *harness, const char *what, qn_error *error) {
  return error_set(error, -EINVAL, "bad-config", "the configuration of \"%s\": %s", harness->info->name, what);
}

static int add_layer(harness_settings *self, const char *name, layer_access access) {
  if (self->n_layers == STAGE_LAYERS_MAX) {
    return -ENOSPC;
  }
  self->layers[self->n_layers++] = (manifest_layer){ name, access };
  return 0;
}

static int add_listed(qn_harness *harness, const cJSON *layers, const char *key, layer_access access, qn_error *error) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(layers, key);
  const cJSON *name;
  cJSON_ArrayForEach(name, list) {
    if (!cJSON_IsString(name) || add_layer(&harness->settings, name->valuestring, access) != 0) {
      return refuse(harness, "/layers names something that is no layer, or too many", error);
    }
  }
  return 0;
}

static int add_views(qn_harness *harness, const cJSON *layers, qn_error *error) {
  harness_settings *settings = &harness->settings;
  const cJSON *name;
  cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(layers, "views")) {
    if (!cJSON_IsString(name) || settings->n_views == SCHEMA_VIEWS_MAX) {
      return refuse(harness, "/layers/views names something that is no view, or too many", error);
    }
    settings->views[settings->n_views++] = name->valuestring;
  }
  return 0;
}

/* "layers" of stages that take layers from their configuration: docs/abi.md. */
static int read_layers(qn_harness *harness, const cJSON *layers, qn_error *error) {
  manifest_faults wrong = { 0 };
  const cJSON *schemas = cJSON_GetObjectItemCaseSensitive(layers, "schemas");
  if (schemas != NULL && manifest_read_layers(&harness->settings.declared, schemas, &wrong) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the layers of the configuration");
  }
  if (wrong.count > 0) {
    return refuse(harness, wrong.text, error);
  }
  int rc = add_views(harness, layers, error);
  rc = rc == 0 ? add_listed(harness, layers, "reads", LAYER_READS, error) : rc;
  rc = rc == 0 ? add_listed(harness, layers, "may_read", LAYER_MAY_READ, error) : rc;
  return rc == 0 ? add_listed(harness, layers, "provides", LAYER_PROVIDES, error) : rc;
}

static int check(qn_harness *harness, cJSON *given, qn_error *error) {
  const stage_info *info = harness->info;
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(info->config, "properties");
  bool apart = info->layers_from_config && cJSON_GetObjectItemCaseSensitive(properties, "layers") == NULL;
  cJSON *layers = apart ? cJSON_DetachItemFromObjectCaseSensitive(given, "layers") : NULL;
  fault_list faults = { 0 };
  if (config_check(info->config, given, add_fault, &faults, &harness->config) != 0) {
    cJSON_Delete(layers);
    return refuse(harness, faults.text, error);
  }
  if (layers != NULL && !cJSON_AddItemToObject(harness->config, "layers", layers)) {
    cJSON_Delete(layers);
    return error_set(error, -ENOMEM, "no-memory", "no memory for the configuration");
  }
  layers = cJSON_GetObjectItemCaseSensitive(harness->config, "layers");
  return info->layers_from_config && layers != NULL ? read_layers(harness, layers, error) : 0;
}

int settings_read(qn_harness *harness, const char *json, qn_error *error) {
  const stage_info *info = harness->info;
  cJSON *given = cJSON_Parse(json != NULL ? json : "{}");
  if (!cJSON_IsObject(given)) {
    cJSON_Delete(given);
    return refuse(harness, "not a JSON object", error);
  }
  for (uint32_t i = 0; i < info->n_layers; i++) {
    add_layer(&harness->settings, info->layers[i].name, info->layers[i].access);
  }
  int rc = check(harness, given, error);
  cJSON_Delete(given);
  return rc;
}

void settings_done(qn_harness *harness) {
  manifest_free_layers(&harness->settings.declared);
  cJSON_Delete(harness->config);
}
