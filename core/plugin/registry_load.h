/* SPDX-License-Identifier: Apache-2.0 */

/* Loading one plugin file and holding its tables against its manifest. For the registry, and for a
 * process that runs one stage (core/isolation). Floor 2. */
#ifndef CORE_PLUGIN_REGISTRY_LOAD_H
#define CORE_PLUGIN_REGISTRY_LOAD_H

#include "plugin/manifest.h"
#include "qanat/stage.h"

/* Loads the file for the life of the process. -ELIBACC, -ENOENT (no symbol), -EPROTO (disagrees with the manifest). */
int registry_open(const manifest *manifest, const qn_plugin **ret_plugin, qn_error *error);

/* The check alone: every stage of the manifest is there with the functions its role and call form need, and no other. */
int registry_match(const manifest *manifest, const qn_plugin *plugin, qn_error *error);

/* The stage of that name; NULL only for names the manifest does not have. */
const qn_stage *registry_entry(const qn_plugin *plugin, const char *name);

#endif
