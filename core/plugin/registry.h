/* SPDX-License-Identifier: Apache-2.0 */

/* Which stages are installed, and their tables once loaded.
 *
 * Scans the plugin folders (QANAT_PLUGIN_PATH, --plugins, the build tree beside the executable, the installed
 * folder), reading manifests only. Loading is by need and for the life of the process. [loop] Floor 2. */
#ifndef CORE_PLUGIN_REGISTRY_H
#define CORE_PLUGIN_REGISTRY_H

#include "plugin/manifest.h"
#include "qanat/stage.h"

typedef struct registry registry;

typedef struct registry_options {
  const char *const *folders; /* searched first; each holds <name>/<name>.so or *.so */
  uint32_t n_folders;
  bool only_folders; /* leave out the environment and the defaults */
  bool allow_writable;
} registry_options;

/* A plugin that was refused while scanning, kept to be told when one of its stages is asked for. */
typedef struct registry_refusal {
  const char *path;
  qn_error error;
} registry_refusal;

int registry_new(const registry_options *options, registry **ret_registry, qn_error *error);
void registry_free(registry *registry); /* libraries stay resident */
uint32_t registry_n_stages(const registry *registry);
const stage_info *registry_stage_at(const registry *registry, uint32_t index); /* sorted by name */
const stage_info *registry_find(const registry *registry, const char *name);   /* NULL: none */
uint32_t registry_n_refusals(const registry *registry);
const registry_refusal *registry_refusal_at(const registry *registry, uint32_t index);

/* Loads the plugin if need be and returns the stage's table entry, checked against the manifest. */
int registry_load(registry *registry, const stage_info *info, const qn_stage **ret_stage, qn_error *error);

/* The layer schema that name stands for: known, or declared by a plugin. NULL: nobody declares it. */
const layer_schema *registry_layer(const registry *registry, const char *name);

#endif
