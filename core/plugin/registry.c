/* SPDX-License-Identifier: Apache-2.0 */

/* The plugins found, their stages by name, and those refused with the reason. */
#include "plugin/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/plugin_folders.h"
#include "plugin/registry_load.h"

enum { PLUGINS_MAX = 1024 };

typedef struct registry_plugin {
  manifest *manifest;
  const qn_plugin *table; /* NULL until loaded */
} registry_plugin;

struct registry {
  bool allow_writable;
  uint32_t n_plugins;
  registry_plugin *plugins;
  uint32_t n_refusals;
  registry_refusal *refusals;
  uint32_t n_stages;
  const stage_info **stages; /* sorted by name */
};

/* The array with room for one more element, or NULL. Capacity doubles at powers of two, so it need not be kept. */
static void *grown(void *array, uint32_t n, size_t element_bytes) {
  if (n > 0 && (n & (n - 1)) != 0) {
    return array;
  }
  return realloc(array, (n > 0 ? (size_t)n * 2 : 1) * element_bytes);
}

static int refuse(registry *self, const char *path, const qn_error *error) {
  registry_refusal *larger = grown(self->refusals, self->n_refusals, sizeof *self->refusals);
  char *copy = strdup(path);
  self->refusals = larger != NULL ? larger : self->refusals;
  if (larger == NULL || copy == NULL) {
    free(copy);
    return -ENOMEM;
  }
  self->refusals[self->n_refusals].path = copy;
  self->refusals[self->n_refusals++].error = *error;
  return 0;
}

/* Stage names and layer columns must not contradict what is there already. */
static int conflict_check(const registry *self, const manifest *found, qn_error *error) {
  for (uint32_t i = 0; i < found->n_stages; i++) {
    const stage_info *other = registry_find(self, found->stages[i].name);
    if (other != NULL) {
      return error_set(error, -EEXIST, "duplicate-stage",
                       "%s: has a stage \"%s\", which %s (version %s) has too and was found first; remove one of the "
                       "files, or rename the stage",
                       found->path, other->name, other->manifest->path, other->manifest->version);
    }
  }
  for (uint32_t i = 0; i < found->n_schemas; i++) {
    const layer_schema *other = registry_layer(self, found->schemas[i].name);
    if (other != NULL && !schema_equal(other, &found->schemas[i])) {
      return error_set(
          error, -EEXIST, "layer-differs",
          "%s: declares the layer \"%s\" with other columns than a plugin found before it; layers with other "
          "columns need another name or version",
          found->path, other->name);
    }
  }
  return 0;
}

static int stages_insert(registry *self, const manifest *found) {
  for (uint32_t i = 0; i < found->n_stages; i++) {
    const stage_info **larger = grown(self->stages, self->n_stages, sizeof *self->stages);
    if (larger == NULL) {
      return -ENOMEM;
    }
    self->stages = larger;
    uint32_t at = self->n_stages++;
    for (; at > 0 && strcmp(self->stages[at - 1]->name, found->stages[i].name) > 0; at--) {
      self->stages[at] = self->stages[at - 1];
    }
    self->stages[at] = &found->stages[i];
  }
  return 0;
}

/* The same file may be reached through several folders; once is enough. */
static bool is_known_file(const registry *self, const char *path) {
  for (uint32_t i = 0; i < self->n_plugins; i++) {
    if (strcmp(self->plugins[i].manifest->path, path) == 0) {
      return true;
    }
  }
  for (uint32_t i = 0; i < self->n_refusals; i++) {
    if (strcmp(self->refusals[i].path, path) == 0) {
      return true;
    }
  }
  return false;
}

/* Takes in one file: as a plugin or as a refusal. Only want of memory ends the scan. */
static int file_found(void *arg, const char *path) {
  registry *self = arg;
  qn_error error = { 0 };
  manifest *found = NULL;
  if (is_known_file(self, path)) {
    return 0;
  }
  if (self->n_plugins + self->n_refusals == PLUGINS_MAX) {
    return -E2BIG;
  }
  int rc = manifest_read(path, self->allow_writable, &found, &error);
  if (rc == 0) {
    rc = conflict_check(self, found, &error);
  }
  if (rc != 0) {
    manifest_free(found);
    return rc == -ENOMEM ? rc : refuse(self, path, &error);
  }
  registry_plugin *larger = grown(self->plugins, self->n_plugins, sizeof *self->plugins);
  if (larger == NULL) {
    manifest_free(found);
    return -ENOMEM;
  }
  self->plugins = larger;
  self->plugins[self->n_plugins++] = (registry_plugin){ found, NULL };
  return stages_insert(self, found);
}

static int folder_refused(void *arg, const char *path, int code) {
  qn_error error = { 0 };
  error_set(&error, code, "unreadable", "%s: this plugin folder cannot be read: %s", path, strerror(-code));
  return refuse(arg, path, &error);
}

int registry_new(const registry_options *options, registry **ret_registry, qn_error *error) {
  static const registry_options standard = { 0 };
  options = options != NULL ? options : &standard;
  registry *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory to look for plugins");
  }
  self->allow_writable = options->allow_writable;
  const plugin_visitor visitor = { file_found, folder_refused, self };
  int rc = 0;
  for (uint32_t i = 0; i < options->n_folders && rc == 0; i++) {
    rc = plugin_folder_scan(options->folders[i], &visitor);
  }
  if (rc == 0 && !options->only_folders) {
    rc = plugin_folders_scan_standard(&visitor);
  }
  if (rc != 0) {
    registry_free(self);
    return rc == -E2BIG
               ? error_set(error, rc, "too-many-plugins",
                           "more than %d plugin files found; name fewer folders in QANAT_PLUGIN_PATH", PLUGINS_MAX)
               : error_set(error, rc, "no-memory", "looking for plugins: %s", strerror(-rc));
  }
  *ret_registry = self;
  return 0;
}

void registry_free(registry *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < self->n_plugins; i++) {
    manifest_free(self->plugins[i].manifest);
  }
  for (uint32_t i = 0; i < self->n_refusals; i++) {
    free((void *)(uintptr_t)self->refusals[i].path);
  }
  free(self->plugins);
  free(self->refusals);
  free(self->stages);
  free(self);
}

uint32_t registry_n_stages(const registry *self) {
  return self->n_stages;
}

const stage_info *registry_stage_at(const registry *self, uint32_t index) {
  return index < self->n_stages ? self->stages[index] : NULL;
}

const stage_info *registry_find(const registry *self, const char *name) {
  uint32_t low = 0, high = self->n_stages;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(self->stages[middle]->name, name);
    if (order == 0) {
      return self->stages[middle];
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return NULL;
}

uint32_t registry_n_refusals(const registry *self) {
  return self->n_refusals;
}

const registry_refusal *registry_refusal_at(const registry *self, uint32_t index) {
  return index < self->n_refusals ? &self->refusals[index] : NULL;
}

int registry_load(registry *self, const stage_info *info, const qn_stage **ret_stage, qn_error *error) {
  for (uint32_t i = 0; i < self->n_plugins; i++) {
    registry_plugin *plugin = &self->plugins[i];
    if (plugin->manifest != info->manifest) {
      continue;
    }
    if (plugin->table == NULL) {
      int rc = registry_open(plugin->manifest, &plugin->table, error);
      if (rc != 0) {
        return rc;
      }
    }
    *ret_stage = registry_entry(plugin->table, info->name);
    return 0;
  }
  return error_set(error, -ENOENT, "no-stage", "stage \"%s\" is of another registry", info->name);
}

const layer_schema *registry_layer(const registry *self, const char *name) {
  const layer_schema *known = schema_known(name);
  for (uint32_t i = 0; i < self->n_plugins && known == NULL; i++) {
    const manifest *found = self->plugins[i].manifest;
    for (uint32_t k = 0; k < found->n_schemas; k++) {
      if (strcmp(found->schemas[k].name, name) == 0) {
        return &found->schemas[k];
      }
    }
  }
  return known;
}
