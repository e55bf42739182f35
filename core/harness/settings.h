/* SPDX-License-Identifier: Apache-2.0 */

/* A stage's configuration as a harness takes it: one JSON text, without a pipeline file around it. Private to core/harness. */
#ifndef CORE_HARNESS_SETTINGS_H
#define CORE_HARNESS_SETTINGS_H

#include "plugin/manifest.h"

struct qn_harness;

/* The layers of a stage: its manifest's, and those its configuration adds. */
typedef struct harness_settings {
  uint32_t n_layers;
  manifest_layer layers[STAGE_LAYERS_MAX];
  uint32_t n_views; /* a source's: those its documents bring, in its configuration */
  const char *views[SCHEMA_VIEWS_MAX];
  manifest declared; /* only its schemas: those of the configuration */
} harness_settings;

/* Fills config and settings. json NULL: {}. 0, -EINVAL with all faults in error, -ENOMEM. */
int settings_read(struct qn_harness *harness, const char *json, qn_error *error);
void settings_done(struct qn_harness *harness);

/* The whole file, with a 0 behind it; free() it. 0, -EFBIG (over 1 GiB), -ENOMEM, another negative errno. */
int harness_file_read(const char *path, char **ret_text, size_t *ret_len);

#endif
