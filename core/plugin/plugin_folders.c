/* SPDX-License-Identifier: Apache-2.0 */

/* The search for plugin files, in an order that does not depend on the file system. */
#include "plugin/plugin_folders.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Set by the build: where plugins are installed, and the way there from the folder of the installed executable. */
#ifndef QANAT_PLUGIN_DIR
#error "the build must define QANAT_PLUGIN_DIR and QANAT_PLUGIN_DIR_FROM_BIN"
#endif

enum { BUILD_TREE_LEVELS = 4 };

static bool is_candidate(const char *name) {
  return name[0] != '.' && strlen(name) < NAME_MAX;
}

static bool ends_in_so(const char *name) {
  size_t len = strlen(name);
  return len > 3 && strcmp(name + len - 3, ".so") == 0;
}

/* Reports the file at path by its true name, if there is one. */
static int file_visit(const char *path, const plugin_visitor *visitor) {
  char *resolved = realpath(path, NULL);
  if (resolved == NULL) {
    return errno == ENOMEM ? -ENOMEM : 0;
  }
  int rc = visitor->file(visitor->arg, resolved);
  free(resolved);
  return rc;
}

/* An entry is NAME.so itself or a folder with NAME.so in it. */
static int entry_visit(const char *folder, const char *name, const plugin_visitor *visitor) {
  char path[PATH_MAX];
  struct stat info;
  if (!is_candidate(name) || snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
    return 0;
  }
  if (ends_in_so(name)) {
    return file_visit(path, visitor);
  }
  if (snprintf(path, sizeof path, "%s/%s/%s.so", folder, name, name) >= (int)sizeof path || stat(path, &info) != 0) {
    return 0;
  }
  return file_visit(path, visitor);
}

int plugin_folder_scan(const char *folder, const plugin_visitor *visitor) {
  struct dirent **entries = NULL;
  int n_entries = scandir(folder, &entries, NULL, NULL);
  if (n_entries < 0) {
    return errno == ENOMEM ? -ENOMEM : visitor->unreadable(visitor->arg, folder, -errno);
  }
  /* By bytes: scandir's own alphasort asks the locale. */
  for (int i = 1; i < n_entries; i++) {
    struct dirent *entry = entries[i];
    int at = i;
    for (; at > 0 && strcmp(entries[at - 1]->d_name, entry->d_name) > 0; at--) {
      entries[at] = entries[at - 1];
    }
    entries[at] = entry;
  }
  int rc = 0;
  for (int i = 0; i < n_entries; i++) {
    rc = rc == 0 ? entry_visit(folder, entries[i]->d_name, visitor) : rc;
    free(entries[i]);
  }
  free(entries);
  return rc;
}

static int environment_scan(const plugin_visitor *visitor) {
  const char *at = getenv("QANAT_PLUGIN_PATH");
  while (at != NULL && *at != '\0') {
    size_t len = strcspn(at, ":");
    char folder[PATH_MAX];
    if (len > 0 && len < sizeof folder) {
      memcpy(folder, at, len);
      folder[len] = '\0';
      int rc = plugin_folder_scan(folder, visitor);
      if (rc != 0) {
        return rc;
      }
    }
    at += len + (at[len] == ':');
  }
  return 0;
}

/* Cuts the last name off a path. False if nothing would be left. */
static bool to_parent(char *path) {
  char *slash = strrchr(path, '/');
  if (slash == NULL || slash == path) {
    return false;
  }
  *slash = '\0';
  return true;
}

static bool exists(const char *folder, const char *name) {
  char path[PATH_MAX];
  struct stat info;
  return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path && stat(path, &info) == 0;
}

/* The build tree that folder lies in, by what only a build tree has beside its plugins. */
static bool build_tree_find(char *folder) {
  for (int level = 0; level < BUILD_TREE_LEVELS; level++) {
    if (exists(folder, "build.ninja") && exists(folder, "plugins")) {
      return true;
    }
    if (!to_parent(folder)) {
      return false;
    }
  }
  return false;
}

/* Scans base/relative if there is such a folder; *ret_found says so. */
static int relative_scan(const char *base, const char *relative, const plugin_visitor *visitor, bool *ret_found) {
  char path[PATH_MAX];
  *ret_found = exists(base, relative) && snprintf(path, sizeof path, "%s/%s", base, relative) < (int)sizeof path;
  return *ret_found ? plugin_folder_scan(path, visitor) : 0;
}

int plugin_folders_scan_standard(const plugin_visitor *visitor) {
  char folder[PATH_MAX], tree[PATH_MAX];
  struct stat info;
  bool found = false;
  int rc = environment_scan(visitor);
  ssize_t len = readlink("/proc/self/exe", folder, sizeof folder - 1);
  if (rc == 0 && len > 0) {
    folder[len] = '\0';
    if (to_parent(folder)) {
      strcpy(tree, folder);
      rc = build_tree_find(tree) ? relative_scan(tree, "plugins", visitor, &found)
                                 : relative_scan(folder, QANAT_PLUGIN_DIR_FROM_BIN, visitor, &found);
    }
  }
  /* Not installed is no fault: whoever embeds Qanat may name all folders. */
  if (rc == 0 && !found && stat(QANAT_PLUGIN_DIR, &info) == 0) {
    rc = plugin_folder_scan(QANAT_PLUGIN_DIR, visitor);
  }
  return rc;
}
