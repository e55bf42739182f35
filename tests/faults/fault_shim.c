/* SPDX-License-Identifier: Apache-2.0 */

/* Makes writes to files below a folder fail while a test says so: loaded into a worker with LD_PRELOAD.
 *
 * QANAT_FAULT_FOLDER is the folder, QANAT_FAULT_SWITCH a file of one byte that is mapped: 0 all is well, 1 the disk is full
 * (ENOSPC), 2 it is broken (EIO), 3 only syncing fails (EIO). */
#undef _FILE_OFFSET_BITS /* else one name would stand for two functions */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#pragma GCC visibility push(default)

enum { WELL = 0, FULL = 1, BROKEN = 2, UNSYNCED = 3 };

static const volatile unsigned char *the_switch;
static char folder[PATH_MAX];

__attribute__((constructor)) static void open_switch(void) {
  const char *path = getenv("QANAT_FAULT_SWITCH");
  const char *below = getenv("QANAT_FAULT_FOLDER");
  int fd = path != NULL && below != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    void *map = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    the_switch = map == MAP_FAILED ? NULL : map;
    snprintf(folder, sizeof folder, "%s", below);
    close(fd);
  }
}

static int is_below(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  size_t len = strlen(folder);
  return n > 0 && (size_t)n >= len && memcmp(path, folder, len) == 0;
}

/* 0, or the errno that the call is to fail with. */
static int fault(int fd, int syncs) {
  int now = the_switch != NULL ? *the_switch : WELL;
  if (now == WELL || (now == UNSYNCED && !syncs) || !is_below(fd)) {
    return 0;
  }
  return now == FULL ? (syncs ? 0 : ENOSPC) : EIO;
}

#define NEXT(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

#define FAILS(fd, syncs)                                                                                               \
  do {                                                                                                                 \
    int why = fault(fd, syncs);                                                                                        \
    if (why != 0) {                                                                                                    \
      errno = why;                                                                                                     \
      return -1;                                                                                                       \
    }                                                                                                                  \
  } while (0)

ssize_t write(int fd, const void *bytes, size_t n) {
  FAILS(fd, 0);
  return NEXT(write)(fd, bytes, n);
}

ssize_t writev(int fd, const struct iovec *pieces, int n) {
  FAILS(fd, 0);
  return NEXT(writev)(fd, pieces, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
  FAILS(fd, 0);
  return NEXT(pwrite)(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
  FAILS(fd, 0);
  return NEXT(pwrite64)(fd, bytes, n, at);
}

int ftruncate(int fd, off_t size) {
  FAILS(fd, 0);
  return NEXT(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
  FAILS(fd, 0);
  return NEXT(ftruncate64)(fd, size);
}

int fallocate(int fd, int mode, off_t at, off_t size) {
  FAILS(fd, 0);
  return NEXT(fallocate)(fd, mode, at, size);
}

int posix_fallocate(int fd, off_t at, off_t size) {
  int why = fault(fd, 0);
  return why != 0 ? why : NEXT(posix_fallocate)(fd, at, size);
}

int fsync(int fd) {
  FAILS(fd, 1);
  return NEXT(fsync)(fd);
}

int fdatasync(int fd) {
  FAILS(fd, 1);
  return NEXT(fdatasync)(fd);
}
