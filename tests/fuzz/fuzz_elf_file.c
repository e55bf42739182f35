/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as a shared object: the checker's reading of it stays inside them. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance/elf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[64];
  scene seen = { 0 };
  teller to = { .fd = open("/dev/null", O_WRONLY | O_CLOEXEC), .scene = &seen };
  int fd = memfd_create("plugin", MFD_CLOEXEC);
  if (to.fd >= 0 && fd >= 0 && write(fd, data, size) == (ssize_t)size) {
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    elf_file_check(path, &to);
  }
  close(fd);
  close(to.fd);
  return 0;
}
