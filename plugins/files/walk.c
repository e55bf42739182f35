/* SPDX-License-Identifier: Apache-2.0 */

/* Walks folders with an explicit stack, one frame a folder. */
#include "files/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/glob.h"

enum { DEPTH_MAX = 256 };

/* One folder being read. */
typedef struct walk_frame {
  char *names;     /* its entries, each ended by a NUL */
  uint32_t *order; /* where each begins in names, sorted by name */
  uint32_t n_names, next;
  size_t path_len; /* of the folder, in walk.path */
  dev_t device;
  ino_t inode;
  bool whole; /* all below is wanted: the pattern named a folder, or there is none */
} walk_frame;

struct file_walk {
  char **paths;
  uint32_t n_paths, next_path;
  char **include;
  uint32_t n_include;
  const char *pattern; /* of the path being expanded; NULL: a folder */
  uint64_t n_found;    /* files and faults of the path being expanded */
  uint64_t n_left_out; /* files whose names match no include pattern */
  uint32_t depth;
  walk_frame frames[DEPTH_MAX];
  char path[PATH_MAX];
};

static void frame_done(walk_frame *frame) {
  free(frame->names);
  free(frame->order);
  memset(frame, 0, sizeof *frame);
}

static void free_list(char **list, uint32_t n) {
  for (uint32_t i = 0; list != NULL && i < n; i++) {
    free(list[i]);
  }
  free(list);
}

static char **copy_list(const char *const *list, uint32_t n) {
  char **copy = calloc(n == 0 ? 1 : n, sizeof *copy);
  for (uint32_t i = 0; copy != NULL && i < n; i++) {
    copy[i] = strdup(list[i]);
    if (copy[i] == NULL) {
      free_list(copy, n);
      return NULL;
    }
  }
  return copy;
}

int walk_new(const char *const *paths, uint32_t n_paths, const char *const *include, uint32_t n_include,
             file_walk **ret_walk) {
  file_walk *walk = calloc(1, sizeof *walk);
  if (walk == NULL) {
    return -ENOMEM;
  }
  walk->n_paths = n_paths;
  walk->n_include = n_include;
  walk->paths = copy_list(paths, n_paths);
  walk->include = copy_list(include, n_include);
  if (walk->paths == NULL || walk->include == NULL) {
    walk_free(walk);
    return -ENOMEM;
  }
  *ret_walk = walk;
  return 0;
}

void walk_free(file_walk *walk) {
  if (walk == NULL) {
    return;
  }
  while (walk->depth > 0) {
    frame_done(&walk->frames[--walk->depth]);
  }
  free_list(walk->paths, walk->n_paths);
  free_list(walk->include, walk->n_include);
  free(walk);
}

/* --- reading one folder --- */

static int compare_names(const void *a, const void *b, void *names) {
  return strcmp((const char *)names + *(const uint32_t *)a, (const char *)names + *(const uint32_t *)b);
}

/* Room for one more name in both arrays. */
static int frame_grow(walk_frame *frame, size_t used, size_t more, size_t *capacity, uint32_t *n_capacity) {
  if (used + more > *capacity) {
    size_t larger = (*capacity + more) * 2;
    char *names = larger > UINT32_MAX ? NULL : realloc(frame->names, larger);
    if (names == NULL) {
      return -ENOMEM;
    }
    frame->names = names;
    *capacity = larger;
  }
  if (frame->n_names == *n_capacity) {
    uint32_t larger = *n_capacity == 0 ? 64 : *n_capacity * 2;
    uint32_t *order = realloc(frame->order, larger * sizeof *order);
    if (order == NULL) {
      return -ENOMEM;
    }
    frame->order = order;
    *n_capacity = larger;
  }
  return 0;
}

/* Reads and sorts the names in a folder. */
static int frame_read(walk_frame *frame, DIR *folder) {
  size_t used = 0, capacity = 0;
  uint32_t n_capacity = 0;
  struct dirent *entry;
  errno = 0;
  while ((entry = readdir(folder)) != NULL) {
    size_t len = strlen(entry->d_name) + 1;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
      continue;
    }
    int rc = frame_grow(frame, used, len, &capacity, &n_capacity);
    if (rc != 0) {
      return rc;
    }
    memcpy(frame->names + used, entry->d_name, len);
    frame->order[frame->n_names++] = (uint32_t)used;
    used += len;
  }
  if (errno != 0) {
    return -errno;
  }
  if (frame->n_names > 0) {
    qsort_r(frame->order, frame->n_names, sizeof *frame->order, compare_names, frame->names);
  }
  return 0;
}

static bool is_loop(const file_walk *walk, const struct stat *status) {
  for (uint32_t i = 0; i < walk->depth; i++) {
    if (walk->frames[i].device == status->st_dev && walk->frames[i].inode == status->st_ino) {
      return true;
    }
  }
  return false;
}

/* Enters the folder that walk->path names ("" is the current one). 0, -ENOMEM, or another errno with fault. */
static int enter(file_walk *walk, const struct stat *status, bool whole, file_fault *fault) {
  const char *name = walk->path[0] == '\0' ? "." : walk->path;
  if (is_loop(walk, status)) {
    fault_set(fault, "symlink-loop", "%s: this folder contains itself through a symbolic link; remove the link", name);
    return -ELOOP;
  }
  if (walk->depth == DEPTH_MAX) {
    fault_set(fault, "too-deep", "%s: folders are nested more than %d deep; name the inner folder as a path", name,
              DEPTH_MAX);
    return -ELOOP;
  }
  walk_frame *frame = &walk->frames[walk->depth];
  DIR *folder = opendir(name);
  int rc = folder == NULL ? -errno : frame_read(frame, folder);
  if (folder != NULL) {
    closedir(folder);
  }
  if (rc != 0) {
    frame_done(frame);
    fault_set(fault, "cannot-read", "cannot read the folder %s: %s", name, strerror(-rc));
    return rc;
  }
  frame->path_len = strlen(walk->path);
  frame->device = status->st_dev;
  frame->inode = status->st_ino;
  frame->whole = whole;
  walk->depth++;
  return 0;
}

/* --- choosing --- */

static bool is_included(const file_walk *walk, const char *name) {
  for (uint32_t i = 0; i < walk->n_include; i++) {
    if (fnmatch(walk->include[i], name, 0) == 0) {
      return true;
    }
  }
  return walk->n_include == 0;
}

/* Puts name after the frame's folder in walk->path. -ENAMETOOLONG. */
static int join(file_walk *walk, const walk_frame *frame, const char *name) {
  size_t at = frame->path_len, len = strlen(name);
  bool slash = at > 0 && walk->path[at - 1] != '/';
  if (at + slash + len + 1 > sizeof walk->path) {
    walk->path[at] = '\0';
    return -ENAMETOOLONG;
  }
  if (slash) {
    walk->path[at++] = '/';
  }
  memcpy(walk->path + at, name, len + 1);
  return 0;
}

/* Looks at one entry of the top folder: 1 if it is a file or a fault to be told, 0 to go on, negative errno. */
static int visit(file_walk *walk, const char *name, walk_kind *ret_kind, file_fault *fault) {
  const walk_frame *frame = &walk->frames[walk->depth - 1];
  struct stat status;
  bool whole = frame->whole;
  *ret_kind = WALK_FAULT;
  if (join(walk, frame, name) != 0) {
    fault_set(fault, "path-too-long", "%s: a path in this folder is longer than %d bytes", walk->path, PATH_MAX - 1);
    return 1;
  }
  bool wanted = whole ? name[0] != '.' : glob_match(walk->pattern, walk->path);
  if (!wanted && (whole || !glob_may_lead(walk->pattern, walk->path))) {
    return 0;
  }
  if (stat(walk->path, &status) != 0) {
    if (!wanted || (whole && !is_included(walk, name))) {
      return 0;
    }
    fault_set(fault, "cannot-read", "cannot read %s: %s", walk->path, strerror(errno));
    return 1;
  }
  if (S_ISDIR(status.st_mode)) {
    int rc = enter(walk, &status, whole || wanted, fault);
    return rc == -ENOMEM ? rc : rc != 0;
  }
  if (!wanted || (whole && !is_included(walk, name))) {
    walk->n_left_out += wanted;
    return 0;
  }
  if (!S_ISREG(status.st_mode)) {
    fault_set(fault, "not-a-file", "%s is no regular file; name it as a path of its own if it is to be read",
              walk->path);
    return 1;
  }
  *ret_kind = WALK_FILE;
  return 1;
}

/* The next file below the open folders: 1 found, 0 none left, negative errno. */
static int walk_down(file_walk *walk, walk_kind *ret_kind, file_fault *fault) {
  while (walk->depth > 0) {
    walk_frame *frame = &walk->frames[walk->depth - 1];
    if (frame->next == frame->n_names) {
      frame_done(frame);
      walk->depth--;
      continue;
    }
    int rc = visit(walk, frame->names + frame->order[frame->next++], ret_kind, fault);
    if (rc != 0) {
      walk->n_found++;
      return rc;
    }
  }
  return 0;
}

/* A path that found nothing is a mistake to be told, not an empty input. */
static void tell_nothing(const file_walk *walk, const char *path, file_fault *fault) {
  if (walk->pattern != NULL) {
    fault_set(fault, "no-input", "no file matches %s", path);
  } else if (walk->n_left_out > 0) {
    fault_set(fault, "no-input",
              "the folder %s has %llu files, but none with a name that \"include\" takes; set include to "
              "[\"*\"] to take all",
              path, (unsigned long long)walk->n_left_out);
  } else {
    fault_set(fault, "no-input", "the folder %s has no files", path);
  }
}

/* --- one path of the list --- */

/* Begins a pattern: enters the folder before its first * or ?. */
static int start_pattern(file_walk *walk, const char *pattern, file_fault *fault) {
  struct stat status;
  size_t prefix = glob_literal_prefix(pattern);
  if (prefix >= sizeof walk->path) {
    fault_set(fault, "path-too-long", "the pattern %.64s... is longer than a path may be", pattern);
    return -ENAMETOOLONG;
  }
  memcpy(walk->path, pattern, prefix);
  walk->path[prefix] = '\0';
  walk->pattern = pattern;
  if (stat(prefix == 0 ? "." : walk->path, &status) != 0) {
    fault_set(fault, "no-input", "no file matches %s: cannot read %s: %s", pattern, walk->path, strerror(errno));
    return -ENOENT;
  }
  return enter(walk, &status, false, fault);
}

/* Begins one path: 1 if it is a file or a fault, 0 if there is a folder to walk now, -ENOMEM. */
static int start_path(file_walk *walk, const char *path, walk_kind *ret_kind, file_fault *fault) {
  struct stat status;
  int rc = 0;
  walk->pattern = NULL;
  walk->n_found = 0;
  walk->n_left_out = 0;
  *ret_kind = WALK_FILE;
  if (strcmp(path, "-") == 0) {
    memcpy(walk->path, "-", 2);
    return 1;
  }
  if (strlen(path) >= sizeof walk->path) {
    fault_set(fault, "path-too-long", "the path %.64s... is longer than %d bytes", path, PATH_MAX - 1);
    rc = -ENAMETOOLONG;
  } else if (stat(path, &status) == 0) {
    memcpy(walk->path, path, strlen(path) + 1);
    if (!S_ISDIR(status.st_mode)) {
      return 1;
    }
    rc = enter(walk, &status, true, fault);
  } else if (errno == ENOENT && glob_is_pattern(path)) {
    rc = start_pattern(walk, path, fault);
  } else {
    rc = -errno;
    fault_set(fault, rc == -ENOENT ? "no-input" : "cannot-read", "cannot read %s: %s", path, strerror(-rc));
  }
  if (rc != 0 && rc != -ENOMEM) {
    *ret_kind = WALK_FAULT;
    snprintf(walk->path, sizeof walk->path, "%s", path);
    return 1;
  }
  return rc;
}

int walk_next(file_walk *walk, walk_kind *ret_kind, const char **ret_path, file_fault *fault) {
  bool walking = walk->depth > 0;
  *ret_path = walk->path;
  for (;;) {
    int rc = walk_down(walk, ret_kind, fault);
    if (rc == 0 && walking && walk->n_found == 0) {
      walk->n_found = 1;
      *ret_kind = WALK_FAULT;
      *ret_path = walk->paths[walk->next_path - 1];
      tell_nothing(walk, *ret_path, fault);
      return 0;
    }
    if (rc == 0 && walk->next_path < walk->n_paths) {
      rc = start_path(walk, walk->paths[walk->next_path++], ret_kind, fault);
      walking = rc == 0;
      walk->n_found += rc > 0;
    } else if (rc == 0) {
      *ret_kind = WALK_END;
      return 0;
    }
    if (rc != 0) {
      return rc < 0 ? rc : 0;
    }
  }
}
