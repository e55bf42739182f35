/* SPDX-License-Identifier: Apache-2.0 */

/* Finds functions by their names. */
#include "serve/late_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int late_library_open(const char *file, const char *who, const char *package, const char *const *names, size_t n_names,
                      void *table, qn_error *error) {
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == NULL) {
    return error_set(error, -ENOENT, "no-library", "%s: %s; install %s", who, dlerror(), package);
  }
  for (size_t i = 0; i < n_names; i++) {
    void *found = dlsym(library, names[i]);
    if (found == NULL) {
      return error_set(error, -ENOENT, "no-library", "%s: %s has no %s; install %s", who, file, names[i], package);
    }
    memcpy((char *)table + i * sizeof found, &found, sizeof found);
  }
  return 0;
}
