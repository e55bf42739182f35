/* SPDX-License-Identifier: Apache-2.0 */

/* Writes a project beside where it is to stand, and moves it there when it is whole. */
#include "command/new_project.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/template_files.h"

static int failed(const char *path, int code, qn_error *error) {
  return error_set(error, code, "cannot-write", "can't write %s: %s", path, strerror(-code));
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place) {
  (void)info;
  (void)type;
  (void)place;
  return remove(path);
}

static void remove_folder(const char *path) {
  nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The rest of a template's path if it is of one of the sets, else NULL. */
static const char *within(const char *path, const char *const *sets, uint32_t n_sets) {
  for (uint32_t i = 0; i < n_sets; i++) {
    size_t len = strlen(sets[i]);
    if (strncmp(path, sets[i], len) == 0 && path[len] == '/') {
      return path + len + 1;
    }
  }
  return NULL;
}

/* Where the file goes: folder/rest without ".in", its words replaced. 0, -ENAMETOOLONG. */
static int place_of(const char *folder, const char *rest, const template_terms *terms, char *ret_path, size_t size) {
  char name[PATH_MAX];
  int len = snprintf(name, sizeof name, "%s", rest);
  if (len > 3 && strcmp(name + len - 3, ".in") == 0) {
    name[len - 3] = '\0';
  }
  FILE *stream = fmemopen(ret_path, size, "w");
  if (stream == NULL) {
    return -ENOMEM;
  }
  fprintf(stream, "%s/", folder);
  template_name(terms, name, stream);
  return fclose(stream) == 0 && strlen(ret_path) + 1 < size ? 0 : -ENAMETOOLONG;
}

static int make_folders(char *path, size_t from) {
  for (char *slash = strchr(path + from, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int rc = mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : -errno;
    *slash = '/';
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static bool is_script(const char *path) {
  size_t len = strlen(path);
  return len > 3 && strcmp(path + len - 3, ".sh") == 0;
}

static int write_file(const char *path, const template_files_entry *file, const template_terms *terms) {
  FILE *stream = fopen(path, "wxe");
  if (stream == NULL) {
    return -errno;
  }
  int rc = template_write(terms, (const char *)file->bytes, file->len, stream);
  bool good = fflush(stream) == 0 && !ferror(stream);
  if (is_script(path)) {
    struct stat info;
    good = good && fstat(fileno(stream), &info) == 0 && fchmod(fileno(stream), info.st_mode | 0111) == 0;
  }
  int code = errno;
  good = fclose(stream) == 0 && good;
  return rc != 0 ? rc : good ? 0 : -(code != 0 ? code : EIO);
}

static int write_all(const char *folder, const char *const *sets, uint32_t n_sets, const template_terms *terms,
                     qn_error *error) {
  char path[PATH_MAX];
  for (const template_files_entry *file = template_files; file->path != NULL; file++) {
    const char *rest = within(file->path, sets, n_sets);
    if (rest == NULL) {
      continue;
    }
    int rc = place_of(folder, rest, terms, path, sizeof path);
    rc = rc == 0 ? make_folders(path, strlen(folder) + 1) : rc;
    rc = rc == 0 ? write_file(path, file, terms) : rc;
    if (rc != 0) {
      return failed(path, rc, error);
    }
  }
  return 0;
}

/* What mkdtemp made is for its owner alone; a project is not. */
static int open_to_all(const char *folder) {
  mode_t mask = umask(0);
  umask(mask);
  return chmod(folder, 0777 & ~mask) == 0 ? 0 : -errno;
}

int new_project_write(const char *folder, const char *const *sets, uint32_t n_sets, const template_terms *terms,
                      qn_error *error) {
  char temporary[PATH_MAX];
  struct stat info;
  if (lstat(folder, &info) == 0) {
    return error_set(error, -EEXIST, "exists", "%s is there already: choose another name, or remove it", folder);
  }
  int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", folder);
  if (len < 0 || (size_t)len >= sizeof temporary) {
    return failed(folder, -ENAMETOOLONG, error);
  }
  if (mkdtemp(temporary) == NULL) {
    return failed(folder, -errno, error);
  }
  int rc = write_all(temporary, sets, n_sets, terms, error);
  if (rc == 0 &&
      ((rc = open_to_all(temporary)) != 0 || renameat2(AT_FDCWD, temporary, AT_FDCWD, folder, RENAME_NOREPLACE) != 0)) {
    rc = failed(folder, rc != 0 ? rc : -errno, error);
  }
  if (rc != 0) {
    remove_folder(temporary);
  }
  return rc;
}
