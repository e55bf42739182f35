/* SPDX-License-Identifier: Apache-2.0 */

/* Claims are folders: moved in whole when a worker dies, removed when their file is gone. */
#include "spool/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool/beneath.h"

enum { OWNER_TRIES = 8, LOCK_NAME_MAX = NAME_MAX + 8 };

static int refuse(file_fault *fault, int code, const char *what, const char *path) {
  fault_set(fault, "cannot-open", "cannot %s %s: %s", what, path, strerror(-code));
  return code;
}

/* --- opening --- */

static int open_inner(place *self, const char *path, const char *name, int *ret_folder, file_fault *fault) {
  struct stat outer, inner;
  char whole[512];
  int fd = beneath_open_folder(self->root, name, true);
  snprintf(whole, sizeof whole, "%.400s/%s", path, name);
  if (fd < 0) {
    return refuse(fault, fd, "make or open the folder", whole);
  }
  *ret_folder = fd;
  if (fstat(self->root, &outer) != 0 || fstat(fd, &inner) != 0 || outer.st_dev != inner.st_dev) {
    fault_set(fault, "cannot-open",
              "%s is on another file system: files could not be moved there at once; make it a plain folder", whole);
    return -EXDEV;
  }
  return 0;
}

/* The lock's file; locked, and still the one with that name. -EWOULDBLOCK: somebody has it. */
static int take_lock(int claimed, const char *owner, int flags) {
  struct stat status;
  char name[LOCK_NAME_MAX];
  snprintf(name, sizeof name, "%s.lock", owner);
  int fd = openat(claimed, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0666);
  if (fd < 0) {
    return -errno;
  }
  int rc = flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &status) != 0 ? -errno
           : status.st_nlink == 0                                       ? -EWOULDBLOCK
                                                                        : 0;
  if (rc != 0) {
    close(fd);
    return rc;
  }
  return fd;
}

static void drop_lock(int claimed, const char *owner, int lock) {
  char name[LOCK_NAME_MAX];
  if (lock >= 0) {
    snprintf(name, sizeof name, "%s.lock", owner);
    unlinkat(claimed, name, 0);
    close(lock);
  }
}

/* The lock comes before the folder: a folder without a living lock is a dead worker's. */
static int make_own(place *self) {
  char host[64] = "host";
  gethostname(host, sizeof host - 1);
  for (int i = 0; host[i] != '\0'; i++) {
    host[i] = host[i] == '/' ? '-' : host[i];
  }
  for (int i = 0; i < OWNER_TRIES; i++) {
    uint32_t mark;
    if (getrandom(&mark, sizeof mark, 0) != sizeof mark) {
      return -EIO;
    }
    snprintf(self->owner, sizeof self->owner, "%s-%ld-%08" PRIx32, host, (long)getpid(), mark);
    self->lock = take_lock(self->claimed, self->owner, O_EXCL);
    if (self->lock >= 0) {
      self->own = beneath_open_folder(self->claimed, self->owner, true);
      return self->own < 0 ? self->own : 0;
    }
    if (self->lock != -EEXIST && self->lock != -EWOULDBLOCK) {
      return self->lock;
    }
  }
  return -EEXIST;
}

int place_open(const char *path, place *ret_place, file_fault *fault) {
  place self = { -1, -1, -1, -1, -1, -1, "", 0 };
  self.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int rc = self.root < 0 ? refuse(fault, -errno, "open the folder", path) : 0;
  rc = rc == 0 ? open_inner(&self, path, "claimed", &self.claimed, fault) : rc;
  rc = rc == 0 ? open_inner(&self, path, "done", &self.done, fault) : rc;
  rc = rc == 0 ? open_inner(&self, path, "failed", &self.failed, fault) : rc;
  if (rc == 0) {
    rc = make_own(&self);
    rc = rc == 0 ? 0 : refuse(fault, rc, "claim files in the folder", path);
  }
  if (rc != 0) {
    place_close(&self);
    return rc;
  }
  *ret_place = self;
  return 0;
}

static void shut(int fd) {
  if (fd >= 0) {
    close(fd);
  }
}

void place_close(place *self) {
  shut(self->own);
  if (self->lock >= 0) {
    /* A lock without a folder means nothing, a folder without a lock is taken over: so the folder goes first. */
    bool is_empty = unlinkat(self->claimed, self->owner, AT_REMOVEDIR) == 0 || errno == ENOENT;
    if (is_empty) {
      drop_lock(self->claimed, self->owner, self->lock);
    } else {
      close(self->lock);
    }
  }
  shut(self->failed);
  shut(self->done);
  shut(self->claimed);
  shut(self->root);
  *self = (place){ -1, -1, -1, -1, -1, -1, "", 0 };
}

/* --- claiming --- */

char *place_claim_path(uint64_t claim, const char *path) {
  char *whole = NULL;
  return asprintf(&whole, "%016" PRIx64 "/%s", claim, path) < 0 ? NULL : whole;
}

int place_claim(place *self, const char *path, uint64_t *ret_claim) {
  uint64_t claim = ++self->last_claim;
  char *whole = place_claim_path(claim, path);
  int rc = whole == NULL ? -ENOMEM : beneath_move(self->root, path, self->own, whole);
  if (rc == 0) {
    *ret_claim = claim;
  } else if (whole != NULL) {
    beneath_prune(self->own, whole);
  }
  free(whole);
  return rc;
}

int place_open_claim(const place *self, uint64_t claim, const char *path) {
  struct stat status;
  char *whole = place_claim_path(claim, path);
  int parent = whole == NULL ? -ENOMEM : beneath_open_parent(self->own, whole, false);
  free(whole);
  if (parent < 0) {
    return parent;
  }
  int fd = openat(parent, beneath_name(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  int rc = fd < 0 ? -errno : fstat(fd, &status) != 0 ? -errno : S_ISREG(status.st_mode) ? 0 : -EINVAL;
  close(parent);
  if (rc != 0) {
    shut(fd);
    return rc == -ELOOP ? -EINVAL : rc;
  }
  return fd;
}

/* --- taking over --- */

/* The path of the one file in a folder of claims; to be freed. -ENOENT: it holds none. */
static int find_only(int folder, char *path, size_t len, char **ret_path) {
  DIR *entries = fdopendir(folder);
  if (entries == NULL) {
    int rc = -errno;
    close(folder);
    return rc;
  }
  struct dirent *entry;
  do {
    entry = readdir(entries);
  } while (entry != NULL && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
  int rc = entry == NULL ? -ENOENT : 0;
  size_t more = entry == NULL ? 0 : strlen(entry->d_name);
  if (rc == 0 && len + more + 2 > PATH_MAX) {
    rc = -ENAMETOOLONG;
  }
  if (rc == 0) {
    memcpy(path + len, entry->d_name, more + 1);
    int inner = beneath_open_folder(dirfd(entries), entry->d_name, false);
    if (inner >= 0) {
      path[len + more] = '/';
      rc = find_only(inner, path, len + more + 1, ret_path);
    } else {
      *ret_path = strdup(path);
      rc = *ret_path == NULL ? -ENOMEM : 0;
    }
  }
  closedir(entries);
  return rc;
}

/* Takes one claim of a dead worker. */
static int adopt_claim(place *self, int dead, const char *name, int (*adopted)(void *arg, uint64_t claim, char *path),
                       void *arg) {
  char number[CLAIM_NAME_MAX], *path = NULL, found[PATH_MAX];
  uint64_t claim = ++self->last_claim;
  snprintf(number, sizeof number, "%016" PRIx64, claim);
  if (renameat(dead, name, self->own, number) != 0) {
    return -errno;
  }
  int folder = beneath_open_folder(self->own, number, false);
  int rc = folder < 0 ? folder : find_only(folder, found, 0, &path);
  if (rc == -ENOENT) {
    unlinkat(self->own, number,
             AT_REMOVEDIR); /* it died between making it and moving the file, or between the reverse */
    return 0;
  }
  rc = rc == 0 ? adopted(arg, claim, path) : rc;
  if (rc != 0) {
    free(path);
  }
  return rc;
}

/* Opens a folder for reading its names. 0, -errno. */
static int list_folder(int parent, const char *name, DIR **ret_entries) {
  int folder = beneath_open_folder(parent, name, false);
  DIR *entries = folder < 0 ? NULL : fdopendir(folder);
  int rc = folder < 0 ? folder : entries == NULL ? -errno : 0;
  if (rc != 0) {
    shut(folder);
    return rc;
  }
  *ret_entries = entries;
  return 0;
}

static int adopt_worker(place *self, const char *owner, int (*adopted)(void *arg, uint64_t claim, char *path),
                        void *arg) {
  DIR *entries = NULL;
  int rc = list_folder(self->claimed, owner, &entries);
  if (rc == -ENOENT) {
    return 0; /* it died before it made its folder, or after it removed it */
  }
  for (struct dirent *entry; rc == 0 && (entry = readdir(entries)) != NULL;) {
    if (entry->d_name[0] != '.') {
      rc = adopt_claim(self, dirfd(entries), entry->d_name, adopted, arg);
    }
  }
  if (entries != NULL) {
    closedir(entries);
  }
  if (rc == 0) {
    unlinkat(self->claimed, owner, AT_REMOVEDIR);
  }
  return rc;
}

/* Whether an entry of claimed/ is a worker's folder, or its lock; whose it is. */
static bool is_owner(int claimed, const char *name, char *ret_owner) {
  struct stat status;
  size_t len = strlen(name), end = sizeof ".lock" - 1;
  if (name[0] == '.' || fstatat(claimed, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  bool is_lock = S_ISREG(status.st_mode) && len > end && strcmp(name + len - end, ".lock") == 0;
  memcpy(ret_owner, name, len + 1);
  ret_owner[is_lock ? len - end : len] = '\0';
  return is_lock || S_ISDIR(status.st_mode);
}

int place_adopt(place *self, int (*adopted)(void *arg, uint64_t claim, char *path), void *arg) {
  DIR *entries = NULL;
  int rc = list_folder(self->root, "claimed", &entries);
  for (struct dirent *entry; rc == 0 && (entry = readdir(entries)) != NULL;) {
    char owner[NAME_MAX + 1];
    if (!is_owner(self->claimed, entry->d_name, owner) || strcmp(owner, self->owner) == 0) {
      continue;
    }
    int lock = take_lock(self->claimed, owner, 0);
    if (lock >= 0) {
      rc = adopt_worker(self, owner, adopted, arg);
      drop_lock(self->claimed, owner, lock);
    } else if (lock != -EWOULDBLOCK) {
      rc = lock;
    }
  }
  if (entries != NULL) {
    closedir(entries);
  }
  return rc;
}

/* --- ends --- */

static int move_out(place *self, uint64_t claim, const char *path, int to, const char *new_path) {
  char *whole = place_claim_path(claim, path);
  int rc = whole == NULL ? -ENOMEM : beneath_move(self->own, whole, to, new_path);
  if (rc == 0) {
    beneath_prune(self->own, whole);
  }
  free(whole);
  return rc;
}

int place_settle(place *self, uint64_t claim, const char *path, int to, const char *mark, char **ret_path) {
  char *name = strdup(path);
  int rc = name == NULL ? -ENOMEM : move_out(self, claim, path, to, name);
  for (int i = 1; rc == -EEXIST && i < 1000; i++) {
    char numbered[64];
    snprintf(numbered, sizeof numbered, i == 1 ? "%s" : "%s-%d", mark, i);
    free(name);
    name = beneath_vary(path, numbered);
    rc = name == NULL ? -ENOMEM : move_out(self, claim, path, to, name);
  }
  if (rc != 0) {
    free(name);
    return rc;
  }
  *ret_path = name;
  return 0;
}

int place_give_back(place *self, uint64_t claim, const char *path) {
  return move_out(self, claim, path, self->root, path);
}

int place_remove(place *self, uint64_t claim, const char *path) {
  char *whole = place_claim_path(claim, path);
  int parent = whole == NULL ? -ENOMEM : beneath_open_parent(self->own, whole, false);
  int rc = parent < 0 ? parent : unlinkat(parent, beneath_name(path), 0) != 0 ? -errno : 0;
  shut(parent);
  if (rc == 0) {
    beneath_prune(self->own, whole);
  }
  free(whole);
  return rc;
}
