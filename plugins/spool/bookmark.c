/* SPDX-License-Identifier: Apache-2.0 */

/* A line of text beside the file. */
#include "spool/bookmark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool/beneath.h"

enum { TEXT_MAX = 160 };

/* What the file is and how far it is through. */
static int describe(int fd, uint64_t n_lines, char *ret_text) {
  struct stat status;
  if (fstat(fd, &status) != 0) {
    return -errno;
  }
  snprintf(ret_text, TEXT_MAX, "inode %ju size %jd modified %jd.%09ld lines %" PRIu64 "\n", (uintmax_t)status.st_ino,
           (intmax_t)status.st_size, (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec, n_lines);
  return 0;
}

/* Opens the folder of the file and names the bookmark in it; to be freed. */
static int find(int root, const char *path, int *ret_parent, char **ret_name) {
  int parent = beneath_open_parent(root, path, false);
  if (parent < 0) {
    return parent;
  }
  if (asprintf(ret_name, ".%s.resume", beneath_name(path)) < 0) {
    close(parent);
    return -ENOMEM;
  }
  *ret_parent = parent;
  return 0;
}

/* By way of another name, so that a reader killed meanwhile leaves the one before. */
static int replace(int parent, const char *name, const char *text) {
  char *part = NULL;
  ssize_t len = (ssize_t)strlen(text);
  if (asprintf(&part, "%s.tmp", name) < 0) {
    return -ENOMEM;
  }
  int mark = openat(parent, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  int rc = mark < 0 ? -errno : write(mark, text, (size_t)len) == len ? 0 : -EIO;
  if (mark >= 0) {
    close(mark);
  }
  rc = rc == 0 && renameat(parent, part, parent, name) != 0 ? -errno : rc;
  if (rc != 0) {
    unlinkat(parent, part, 0);
  }
  free(part);
  return rc;
}

int bookmark_write(int root, const char *path, int fd, uint64_t n_lines) {
  char text[TEXT_MAX], *name;
  int parent;
  int rc = describe(fd, n_lines, text);
  rc = rc == 0 ? find(root, path, &parent, &name) : rc;
  if (rc != 0) {
    return rc;
  }
  rc = replace(parent, name, text);
  close(parent);
  free(name);
  return rc;
}

void bookmark_remove(int root, const char *path) {
  int parent;
  char *name;
  if (find(root, path, &parent, &name) != 0) {
    return;
  }
  unlinkat(parent, name, 0);
  char *part = NULL;
  if (asprintf(&part, "%s.tmp", name) >= 0) {
    unlinkat(parent, part, 0); /* of somebody killed while it was written */
    free(part);
  }
  close(parent);
  free(name);
}

uint64_t bookmark_read(int root, const char *path, int fd) {
  char found[TEXT_MAX] = "", wanted[TEXT_MAX], *name;
  int parent;
  if (find(root, path, &parent, &name) != 0) {
    return 0;
  }
  int mark = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  ssize_t len = mark < 0 ? -1 : read(mark, found, sizeof found - 1);
  if (mark >= 0) {
    close(mark);
  }
  const char *lines = len > 0 ? strstr(found, " lines ") : NULL;
  uint64_t n_lines = lines == NULL ? 0 : strtoull(lines + sizeof " lines " - 1, NULL, 10);
  bool is_ours = n_lines > 0 && describe(fd, n_lines, wanted) == 0 && strcmp(found, wanted) == 0;
  if (mark >= 0 && !is_ours) {
    unlinkat(parent, name, 0);
  }
  close(parent);
  free(name);
  return is_ours ? n_lines : 0;
}
