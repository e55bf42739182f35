/* SPDX-License-Identifier: Apache-2.0 */

/* Matches path patterns component by component; fnmatch(3) does the inside of a component. */
#include "files/glob.h"

#include <fnmatch.h>
#include <limits.h>
#include <string.h>

bool glob_is_pattern(const char *text) {
  return strpbrk(text, "*?[") != NULL;
}

/* A component is up to the next slash; runs of slashes count as one. */
static size_t component_len(const char *path) {
  return strcspn(path, "/");
}

static const char *next_component(const char *path) {
  path += component_len(path);
  return path + strspn(path, "/");
}

static bool is_deep(const char *pattern) {
  return component_len(pattern) == 2 && memcmp(pattern, "**", 2) == 0;
}

static bool component_match(const char *pattern, const char *name) {
  char pattern_copy[NAME_MAX + 1], name_copy[NAME_MAX + 1];
  size_t pattern_len = component_len(pattern), name_len = component_len(name);
  if (pattern_len > NAME_MAX || name_len > NAME_MAX) {
    return false;
  }
  memcpy(pattern_copy, pattern, pattern_len);
  pattern_copy[pattern_len] = '\0';
  memcpy(name_copy, name, name_len);
  name_copy[name_len] = '\0';
  return fnmatch(pattern_copy, name_copy, FNM_PERIOD) == 0;
}

/* Only the last ** needs to be tried again: what an earlier one could take more, the last can take too. */
bool glob_match(const char *pattern, const char *path) {
  const char *deep = NULL, *deep_path = NULL;
  if ((pattern[0] == '/') != (path[0] == '/')) {
    return false;
  }
  pattern += strspn(pattern, "/");
  path += strspn(path, "/");
  while (*path != '\0') {
    if (is_deep(pattern)) {
      pattern = next_component(pattern);
      deep = pattern;
      deep_path = path;
    } else if (*pattern != '\0' && component_match(pattern, path)) {
      pattern = next_component(pattern);
      path = next_component(path);
    } else if (deep != NULL && deep_path[0] != '.') {
      deep_path = next_component(deep_path);
      pattern = deep;
      path = deep_path;
    } else {
      return false;
    }
  }
  while (is_deep(pattern)) {
    pattern = next_component(pattern);
  }
  return *pattern == '\0';
}

bool glob_may_lead(const char *pattern, const char *folder) {
  pattern += strspn(pattern, "/");
  folder += strspn(folder, "/");
  while (*folder != '\0') {
    if (is_deep(pattern)) {
      return true;
    }
    if (*pattern == '\0' || !component_match(pattern, folder)) {
      return false;
    }
    pattern = next_component(pattern);
    folder = next_component(folder);
  }
  return *pattern != '\0';
}

size_t glob_literal_prefix(const char *pattern) {
  size_t len = strcspn(pattern, "*?[");
  while (len > 0 && pattern[len - 1] != '/') {
    len--;
  }
  while (len > 1 && pattern[len - 1] == '/') {
    len--;
  }
  return len;
}
