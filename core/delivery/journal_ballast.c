/* SPDX-License-Identifier: Apache-2.0 */

#include "delivery/journal_ballast.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "delivery/journal_database.h"

enum { SHARE = 8, LEAST_BYTES = 256 << 10, MOST_BYTES = 40 << 20 };

static const char name[] = "ballast";

uint64_t journal_ballast_size(const char *folder) {
  struct statvfs disk;
  struct stat status;
  char *path = journal_database_path(folder, name);
  uint64_t there = path != NULL && stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
  uint64_t left = statvfs(folder, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : 0;
  uint64_t wanted = left / SHARE;
  free(path);
  wanted = wanted > there ? wanted : there; /* of an earlier opening, when there was more */
  return wanted < LEAST_BYTES ? LEAST_BYTES : wanted > MOST_BYTES ? MOST_BYTES : wanted;
}

int journal_ballast_take(const char *folder, uint64_t n_bytes, qn_error *error) {
  char *path = journal_database_path(folder, name);
  int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int rc = path == NULL ? -ENOMEM : file < 0 ? -errno : -posix_fallocate(file, 0, (off_t)n_bytes);
  if (rc == 0 && fsync(file) != 0) {
    rc = -errno;
  }
  if (file >= 0) {
    close(file);
  }
  if (rc != 0) {
    journal_ballast_drop(folder);
    error_set(error, rc, "journal", "cannot write to %s: %s; %s", folder, strerror(-rc),
              rc == -ENOSPC ? "make room on its disk" : "look after its disk");
  }
  free(path);
  return rc;
}

void journal_ballast_drop(const char *folder) {
  char *path = journal_database_path(folder, name);
  if (path != NULL) {
    unlink(path);
  }
  free(path);
}
