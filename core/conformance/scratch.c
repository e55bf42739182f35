/* SPDX-License-Identifier: Apache-2.0 */

/* Makes, fills, empties and removes the folder. */
#include "conformance/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
  const char *name, *text;
} files[] = {
  { "in/a.txt", "قال الوزير إن المدينة ستفتح ثلاث مدارس جديدة هذا العام.\nوأضاف: «نعم، 100%».\n" },
  { "in/b.html", "<!doctype html><title>عنوان</title><p>The harbour opened in Basra.</p><p>قال أحمد.</p>" },
  { "in/c.jsonl", "{\"id\":\"1\",\"text\":\"نص أول\",\"title\":\"عنوان\"}\n{\"id\":\"2\",\"text\":\"Second "
                  "text\"}\n{\"id\":\"3\"}\nno JSON\n"
                  "{\"id\":\"4\",\"text\":\"نص رابع\"}\n" },
  { "in/sub/d.txt", "Nova-7 في البصرة.\n" },
};

int scratch_make(char *ret_path, qn_error *error) {
  const char *base = getenv("TMPDIR");
  int wrote = snprintf(ret_path, SCRATCH_PATH_MAX, "%s/qanat-test-stage-XXXXXX",
                       base != NULL && base[0] != '\0' ? base : "/tmp");
  if (wrote < 0 || wrote >= SCRATCH_PATH_MAX || mkdtemp(ret_path) == NULL) {
    int code = errno != 0 ? errno : ENAMETOOLONG;
    return error_set(error, -code, "no-folder",
                     "cannot make a folder to work in: %s; set TMPDIR to one that can be written to", strerror(code));
  }
  return 0;
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info;
  (void)kind;
  if (at->level > 0) {
    remove(path);
  }
  return 0;
}

static void empty(const char *path) {
  nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static int write_file(const char *folder, const char *name, const char *text) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  if (file == NULL) {
    return -errno;
  }
  fputs(text, file);
  return fclose(file) == 0 ? 0 : -errno;
}

int scratch_fill(const char *folder, qn_error *error) {
  static const char *const folders[] = { "in", "in/sub" };
  char path[PATH_MAX];
  int rc = 0;
  empty(folder);
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
    rc = rc == 0 && mkdir(path, 0700) != 0 ? -errno : rc;
  }
  for (size_t i = 0; rc == 0 && i < sizeof files / sizeof files[0]; i++) {
    rc = write_file(folder, files[i].name, files[i].text);
  }
  return rc == 0 ? 0 : error_set(error, rc, "no-folder", "cannot write to %s: %s", folder, strerror(-rc));
}

void scratch_remove(const char *path) {
  empty(path);
  rmdir(path);
}

static const char token[] = "${SCRATCH}";

/* text with path for every token; NULL: no memory. */
static char *replaced(const char *text, const char *path) {
  size_t n = 0;
  for (const char *at = strstr(text, token); at != NULL; at = strstr(at + 1, token)) {
    n++;
  }
  char *made = malloc(strlen(text) + n * strlen(path) + 1), *to = made;
  while (made != NULL) {
    const char *at = strstr(text, token);
    size_t len = at != NULL ? (size_t)(at - text) : strlen(text);
    memcpy(to, text, len);
    to += len;
    *to = '\0';
    if (at == NULL) {
      break;
    }
    to = stpcpy(to, path);
    text = at + sizeof token - 1;
  }
  return made;
}

static int replace_all(cJSON *value, const char *path) {
  for (cJSON *child = value->child; child != NULL; child = child->next) {
    if (cJSON_IsString(child) && strstr(child->valuestring, token) != NULL) {
      char *text = replaced(child->valuestring, path);
      if (text == NULL) {
        return -ENOMEM;
      }
      cJSON_free(child->valuestring);
      child->valuestring = text;
    }
    if (replace_all(child, path) != 0) {
      return -ENOMEM;
    }
  }
  return 0;
}

cJSON *scratch_config(const cJSON *config, const char *path) {
  cJSON *copy = cJSON_Duplicate(config, 1);
  if (copy != NULL && replace_all(copy, path) != 0) {
    cJSON_Delete(copy);
    copy = NULL;
  }
  return copy;
}
