/* SPDX-License-Identifier: Apache-2.0 */

/* Walks what the dynamic linker has in memory anyway: no file is parsed. */
#include "cache/cache_libraries.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { LIBRARIES_MAX = 512 };

/* What is still to be looked into lies behind what has been. */
typedef struct closure {
  uint32_t n;
  const struct link_map *all[LIBRARIES_MAX];
} closure;

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* The loaded library of that name. The first in the chain is the program itself, whose name is empty. */
static const struct link_map *find(const struct link_map *any, const char *name) {
  while (any->l_prev != NULL) {
    any = any->l_prev;
  }
  while (any != NULL && (any->l_name == NULL || strcmp(base_of(any->l_name), base_of(name)) != 0)) {
    any = any->l_next;
  }
  return any;
}

static bool take(closure *self, const struct link_map *library) {
  for (uint32_t i = 0; i < self->n; i++) {
    if (self->all[i] == library) {
      return true;
    }
  }
  if (self->n == LIBRARIES_MAX) {
    return false;
  }
  self->all[self->n++] = library;
  return true;
}

static const char *strings_of(const struct link_map *library) {
  for (const ElfW(Dyn) *entry = library->l_ld; entry != NULL && entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_STRTAB) {
      return (const char *)entry->d_un.d_ptr; /* the linker has made an address of it */
    }
  }
  return NULL;
}

static int take_needed(closure *self, const struct link_map *library) {
  const char *strings = strings_of(library);
  for (const ElfW(Dyn) *entry = library->l_ld; strings != NULL && entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_NEEDED) {
      const struct link_map *needed = find(library, strings + entry->d_un.d_val);
      if (needed == NULL || !take(self, needed)) {
        return -ENOENT;
      }
    }
  }
  return 0;
}

static int add_library(cache_hash *hash, const struct link_map *library) {
  struct stat info;
  if (stat(library->l_name, &info) != 0) {
    return -ENOENT;
  }
  cache_hash_text(hash, base_of(library->l_name));
  cache_hash_number(hash, (uint64_t)info.st_size);
  cache_hash_number(hash, (uint64_t)info.st_mtim.tv_sec);
  cache_hash_number(hash, (uint64_t)info.st_mtim.tv_nsec);
  return 0;
}

int cache_libraries_add(cache_hash *hash, const char *path) {
  struct link_map *own = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
  if (own == NULL) {
    return -ENOENT;
  }
  closure found = { 0 };
  take(&found, own);
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < found.n; i++) {
    rc = take_needed(&found, found.all[i]);
  }
  for (uint32_t i = 1; rc == 0 && i < found.n; i++) { /* the plugin's own bytes are hashed as a whole */
    rc = add_library(hash, found.all[i]);
  }
  dlclose(own); /* only counts: it stays */
  return rc;
}
