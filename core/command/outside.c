/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the programs that plugins bring along, as git finds its own. */
#include "command/outside.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "plugin/plugin_folders.h"

static const char PREFIX[] = "qanat-";

/* No path, no hidden file, no option. */
static bool is_name(const char *name) {
  size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
  return len > 0 && len < 64 && name[len] == '\0' && name[0] != '-';
}

/* The data folder of a plugin file: NAME/ beside NAME.so, or the folder of NAME/NAME.so itself. False if it has none. */
static bool folder_of(const char *plugin, char folder[PATH_MAX]) {
  size_t len = strlen(plugin);
  const char *base = strrchr(plugin, '/');
  if (base == NULL || len >= PATH_MAX || strlen(base) < 5 || strcmp(plugin + len - 3, ".so") != 0) {
    return false;
  }
  memcpy(folder, plugin, len - 3);
  folder[len - 3] = '\0';
  if (access(folder, X_OK) == 0) {
    return true;
  }
  size_t name_len = len - 3 - (size_t)(base - plugin); /* with its slash */
  size_t folder_len = (size_t)(base - plugin);
  folder[folder_len] = '\0';
  return folder_len >= name_len && memcmp(folder + folder_len - name_len, base, name_len) == 0;
}

typedef struct search {
  const char *name;
  char path[PATH_MAX];
} search;

static int seek(void *arg, const char *plugin) {
  search *s = arg;
  char folder[PATH_MAX];
  bool named = folder_of(plugin, folder) &&
               snprintf(s->path, sizeof s->path, "%s/%s%s", folder, PREFIX, s->name) < (int)sizeof s->path;
  return named && access(s->path, X_OK) == 0;
}

static int pass_over(void *arg, const char *path, int code) {
  (void)arg;
  (void)path;
  (void)code;
  return 0;
}

int outside_run(char **argv, int *ret_status) {
  search s = { argv[0], "" };
  plugin_visitor visitor = { seek, pass_over, &s };
  if (!is_name(argv[0]) || plugin_folders_scan_standard(&visitor) != 1) {
    return 1;
  }
  argv[0] = s.path;
  execv(s.path, argv);
  fprintf(stderr, "qanat: %s cannot be run: %s\n", s.path, strerror(errno));
  *ret_status = EXIT_FAILED;
  return 0;
}

static int list(void *arg, const char *plugin) {
  char folder[PATH_MAX];
  DIR *dir = folder_of(plugin, folder) ? opendir(folder) : NULL;
  if (dir == NULL) {
    return 0;
  }
  for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
    const char *name = entry->d_name + sizeof PREFIX - 1;
    if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0 && is_name(name) &&
        faccessat(dirfd(dir), entry->d_name, X_OK, 0) == 0) {
      fprintf(arg, "  %s\n", name);
    }
  }
  closedir(dir);
  return 0;
}

void outside_list(FILE *stream) {
  plugin_visitor visitor = { list, pass_over, stream };
  (void)plugin_folders_scan_standard(&visitor);
}
