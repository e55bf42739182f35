/* SPDX-License-Identifier: Apache-2.0 */

/* Looks for libraries about as the dynamic linker does: run path, LD_LIBRARY_PATH, the folders of the libraries of this
 * very process, the usual ones. Reads their tables of symbols and loads nothing. */
#include "conformance/elf_libraries.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIBRARIES_MAX = 256 };

typedef struct library_search {
  const char *origin, *path;
  wanted_symbol *wanted;
  uint32_t n_wanted;
  uint32_t n_seen;
  char *seen[LIBRARIES_MAX]; /* names, each looked at once */
  bool complete;
} library_search;

static int by_name(const void *a, const void *b) {
  return strcmp(((const wanted_symbol *)a)->name, ((const wanted_symbol *)b)->name);
}

/* The next folder of a list between colons, with $ORIGIN; false at its end. */
static bool next_folder(const char **list, const char *origin, char *ret_folder, size_t capacity) {
  const char *at = *list;
  if (at == NULL || *at == '\0') {
    return false;
  }
  size_t len = strcspn(at, ":");
  *list = at[len] == ':' ? at + len + 1 : at + len;
  const char *rest = at;
  bool relative = len >= 7 && strncmp(at, "$ORIGIN", 7) == 0;
  if (relative) {
    rest += 7;
    len -= 7;
  }
  snprintf(ret_folder, capacity, "%s%.*s", relative ? origin : "", (int)len, rest);
  return true;
}

static int open_in(const char *folder, const char *name) {
  char path[PATH_MAX];
  int wrote = snprintf(path, sizeof path, "%s/%s", folder, name);
  return wrote > 0 && (size_t)wrote < sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

static int open_in_list(const char *list, const char *origin, const char *name) {
  char folder[PATH_MAX];
  int fd = -1;
  while (fd < 0 && next_folder(&list, origin, folder, sizeof folder)) {
    fd = open_in(folder, name);
  }
  return fd;
}

typedef struct own_search {
  const char *name;
  int fd;
} own_search;

/* Beside a library of this process: where the C library is, the others are. */
static int look_beside(struct dl_phdr_info *info, size_t size, void *arg) {
  own_search *self = arg;
  char folder[PATH_MAX];
  (void)size;
  const char *slash = info->dlpi_name != NULL ? strrchr(info->dlpi_name, '/') : NULL;
  if (slash == NULL ||
      snprintf(folder, sizeof folder, "%.*s", (int)(slash - info->dlpi_name), info->dlpi_name) >= PATH_MAX) {
    return 0;
  }
  self->fd = open_in(folder, self->name);
  return self->fd >= 0;
}

static int library_open(const library_search *self, const char *name) {
  static const char usual[] = "/lib:/usr/lib:/lib64:/usr/lib64:/usr/local/lib";
  own_search own = { name, -1 };
  if (strchr(name, '/') != NULL) {
    return open(name, O_RDONLY | O_CLOEXEC);
  }
  int fd = open_in_list(self->path, self->origin, name);
  fd = fd >= 0 ? fd : open_in_list(getenv("LD_LIBRARY_PATH"), self->origin, name);
  if (fd < 0) {
    dl_iterate_phdr(look_beside, &own);
    fd = own.fd;
  }
  return fd >= 0 ? fd : open_in_list(usual, self->origin, name);
}

static void mark_symbols(library_search *self, Elf *elf, Elf_Scn *section, const GElf_Shdr *header) {
  Elf_Data *data = elf_getdata(section, NULL);
  size_t n = header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;
  for (size_t i = 0; data != NULL && i < n && i <= INT_MAX; i++) {
    GElf_Sym symbol;
    if (gelf_getsym(data, (int)i, &symbol) == NULL || symbol.st_shndx == SHN_UNDEF) {
      continue;
    }
    wanted_symbol key = { elf_strptr(elf, header->sh_link, symbol.st_name), false };
    wanted_symbol *found =
        key.name != NULL ? bsearch(&key, self->wanted, self->n_wanted, sizeof *self->wanted, by_name) : NULL;
    if (found != NULL) {
      found->found = true;
    }
  }
}

static void library_look(library_search *self, const char *name);

static void follow_needed(library_search *self, Elf *elf, Elf_Scn *section, const GElf_Shdr *header) {
  Elf_Data *data = elf_getdata(section, NULL);
  size_t n = header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;
  for (size_t i = 0; data != NULL && i < n && i <= INT_MAX; i++) {
    GElf_Dyn entry;
    if (gelf_getdyn(data, (int)i, &entry) != NULL && entry.d_tag == DT_NEEDED) {
      const char *name = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
      if (name != NULL) {
        library_look(self, name);
      }
    }
  }
}

static bool is_new(library_search *self, const char *name) {
  for (uint32_t i = 0; i < self->n_seen; i++) {
    if (strcmp(self->seen[i], name) == 0) {
      return false;
    }
  }
  char *copy = self->n_seen < LIBRARIES_MAX ? strdup(name) : NULL;
  if (copy != NULL) {
    self->seen[self->n_seen++] = copy;
  }
  return copy != NULL;
}

static void library_look(library_search *self, const char *name) {
  if (!is_new(self, name)) {
    return;
  }
  int fd = library_open(self, name);
  Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
  if (elf == NULL || elf_kind(elf) != ELF_K_ELF) {
    self->complete = false;
  }
  for (Elf_Scn *section = elf_nextscn(elf, NULL); section != NULL; section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == NULL) {
      continue;
    }
    if (header.sh_type == SHT_DYNSYM) {
      mark_symbols(self, elf, section, &header);
    } else if (header.sh_type == SHT_DYNAMIC) {
      follow_needed(self, elf, section, &header);
    }
  }
  elf_end(elf);
  if (fd >= 0) {
    close(fd);
  }
}

bool elf_libraries_find(const char *const *needed, uint32_t n_needed, const char *origin, const char *path,
                        wanted_symbol *wanted, uint32_t n_wanted) {
  library_search self = { .origin = origin, .path = path, .wanted = wanted, .n_wanted = n_wanted, .complete = true };
  qsort(wanted, n_wanted, sizeof *wanted, by_name);
  for (uint32_t i = 0; i < n_needed; i++) {
    library_look(&self, needed[i]);
  }
  for (uint32_t i = 0; i < self.n_seen; i++) {
    free(self.seen[i]);
  }
  return self.complete;
}
