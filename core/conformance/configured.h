/* SPDX-License-Identifier: Apache-2.0 */

/* A stage with its configuration applied: the layers that its "layers" names belong to it as those of the manifest do
 * ("from_config" in docs/abi.md). Floor 4. */
#ifndef CORE_CONFORMANCE_CONFIGURED_H
#define CORE_CONFORMANCE_CONFIGURED_H

#include "document/builder.h"
#include "plugin/config.h"
#include "plugin/manifest.h"

typedef struct configured {
  stage_info info; /* the manifest's, with more layers */
  manifest_layer layers[STAGE_LAYERS_MAX];
  manifest declared; /* only its schemas: those of the configuration */
  cJSON *config;     /* checked, with defaults */
} configured;

/* Checks config, which must outlive ret_configured, and applies it. 0, -EINVAL with the first fault in error, -ENOMEM. */
int configured_make(const stage_info *info, const cJSON *config, configured *ret_configured, qn_error *error);
/* The configuration checked and with defaults, or NULL: it is refused, or there is no memory. */
cJSON *configured_fill(const stage_info *info, const cJSON *config);
/* A copy without what is the host's own in it. NULL: no memory. */
cJSON *configured_plain(const stage_info *info, const cJSON *config);

void configured_done(configured *self);

#endif
