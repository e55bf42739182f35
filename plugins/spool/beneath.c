/* SPDX-License-Identifier: Apache-2.0 */

/* Paths below a folder, walked step by step. */
#include "spool/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *beneath_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

int beneath_open_folder(int parent, const char *name, bool make) {
  if (make && mkdirat(parent, name, 0777) != 0 && errno != EEXIST) {
    return -errno;
  }
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int beneath_open_parent(int root, const char *path, bool make) {
  char name[NAME_MAX + 1];
  int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
  if (at < 0) {
    return -errno;
  }
  for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
    size_t len = (size_t)(slash - path);
    if (len == 0 || len > NAME_MAX || (len <= 2 && strspn(path, ".") >= len)) {
      close(at);
      return -EINVAL;
    }
    memcpy(name, path, len);
    name[len] = '\0';
    int next = beneath_open_folder(at, name, make);
    close(at);
    if (next < 0) {
      return next;
    }
    at = next;
  }
  return at;
}

/* rename() that does not replace; where the file system cannot promise it, we look first. */
static int rename_new(int from, const char *name, int to, const char *new_name) {
  struct stat status;
  if (renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return -errno;
  }
  if (fstatat(to, new_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return -EEXIST;
  }
  return renameat(from, name, to, new_name) == 0 ? 0 : -errno;
}

int beneath_move(int from, const char *path, int to, const char *new_path) {
  int source = beneath_open_parent(from, path, false);
  if (source < 0) {
    return source;
  }
  int target = beneath_open_parent(to, new_path, true);
  int rc = target < 0 ? target : rename_new(source, beneath_name(path), target, beneath_name(new_path));
  close(source);
  if (target >= 0) {
    close(target);
  }
  return rc;
}

void beneath_prune(int root, const char *path) {
  char *folder = strdup(path);
  for (char *slash; folder != NULL && (slash = strrchr(folder, '/')) != NULL;) {
    *slash = '\0';
    int parent = beneath_open_parent(root, folder, false);
    int rc = parent < 0 ? -1 : unlinkat(parent, beneath_name(folder), AT_REMOVEDIR);
    if (parent >= 0) {
      close(parent);
    }
    if (rc != 0) {
      break;
    }
  }
  free(folder);
}

char *beneath_vary(const char *path, const char *mark) {
  const char *name = beneath_name(path);
  const char *dot = name[0] == '\0' ? NULL : strchr(name + 1, '.');
  size_t head = dot == NULL ? strlen(path) : (size_t)(dot - path);
  char *varied = NULL;
  if (asprintf(&varied, "%.*s.%s%s", (int)head, path, mark, dot == NULL ? "" : dot) < 0) {
    return NULL;
  }
  return varied;
}
