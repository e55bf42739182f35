/* SPDX-License-Identifier: Apache-2.0 */

/* The world the planner's tests live in: nothing installed but the plugins of tests/golden/plugins. */
#ifndef TESTS_UNIT_PLANNER_WORLD_H
#define TESTS_UNIT_PLANNER_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/registry.h"

static inline registry *planner_world_new(void) {
  char folder[4096];
  const char *root = getenv("QANAT_BUILD_ROOT");
  snprintf(folder, sizeof folder, "%s/tests/golden/plugins", root == NULL ? "." : root);
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true };
  registry *installed = NULL;
  qn_error error = { 0 };
  if (registry_new(&options, &installed, &error) != 0 || registry_n_stages(installed) == 0) {
    fprintf(stderr, "no test plugins in %s: %s\n", folder, error.message);
    exit(2);
  }
  return installed;
}

#endif
