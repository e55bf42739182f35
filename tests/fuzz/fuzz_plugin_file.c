/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as a plugin file: found to be one, or refused with a reason. */
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plugin/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[64];
  int fd = memfd_create("plugin", MFD_CLOEXEC);
  if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
    close(fd);
    return 0;
  }
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  manifest *found = NULL;
  qn_error error = { 0 };
  if (manifest_read(path, true, &found, &error) != 0) {
    assert(error.code < 0 && error.message[0] != '\0' && found == NULL);
  }
  manifest_free(found);
  close(fd);
  return 0;
}
