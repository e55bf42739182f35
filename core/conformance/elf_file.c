/* SPDX-License-Identifier: Apache-2.0 */

/* A plugin's ELF file against the rules of QN-FILE. Sections are read, since what lists symbols has them; a file without
 * any is told of rather than believed. */
#include "conformance/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/elf_libraries.h"

enum { NEEDED_MAX = 64, LISTED_MAX = 8, NAMES_MAX = 400 };

typedef struct elf_file {
  const char *path;
  teller *teller;
  Elf *elf;
  uint32_t n_needed;
  const char *needed[NEEDED_MAX];
  const char *run_path;
  uint32_t n_wanted;
  wanted_symbol *wanted;
  unsigned n_exports;
  char exports[NAMES_MAX];
  bool has_plugin_symbol, has_symbols, static_tls, text_relocations;
} elf_file;

/* Adds a name to a list for people, as far as there is room. */
static void list_name(char *list, size_t capacity, unsigned n_listed, const char *name) {
  size_t len = strlen(list);
  if (n_listed < LISTED_MAX) {
    snprintf(list + len, capacity - len, "%s%.60s", len > 0 ? ", " : "", name);
  } else if (n_listed == LISTED_MAX) {
    snprintf(list + len, capacity - len, ", ...");
  }
}

static bool begins_with_any(const char *name, const char *const *prefixes) {
  for (; *prefixes != NULL; prefixes++) {
    if (strncmp(name, *prefixes, strlen(*prefixes)) == 0) {
      return true;
    }
  }
  return false;
}

/* What sanitizers and coverage add is not the author's doing. */
static bool is_of_tools(const char *name) {
  static const char *const prefixes[] = { "__asan_",  "__odr_asan", "__ubsan_",    "__tsan_",     "__msan_",
                                          "__lsan_",  "__sancov",   "__sanitizer", "__llvm_prof", "__gcov",
                                          "__start_", "__stop_",    NULL };
  return begins_with_any(name, prefixes);
}

/* Linkers of some ages export these of every shared object. */
static bool is_of_linker(const char *name) {
  static const char *const names[] = { "_init", "_fini", "_edata", "_end", "__bss_start" };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

static void symbol_look(elf_file *self, const GElf_Sym *symbol, const char *name) {
  unsigned binding = GELF_ST_BIND(symbol->st_info);
  if (name == NULL || name[0] == '\0' || binding == STB_LOCAL || is_of_tools(name)) {
    return;
  }
  if (symbol->st_shndx == SHN_UNDEF) {
    if (binding != STB_WEAK) {
      self->wanted[self->n_wanted++] = (wanted_symbol){ name, false };
    }
  } else if (strcmp(name, "qn_plugin_v1") == 0) {
    self->has_plugin_symbol = true;
  } else if (symbol->st_shndx != SHN_ABS && !is_of_linker(name)) { /* absolute: names of symbol versions */
    list_name(self->exports, sizeof self->exports, self->n_exports++, name);
  }
}

static void symbols_look(elf_file *self, Elf_Scn *section, const GElf_Shdr *header) {
  Elf_Data *data = elf_getdata(section, NULL);
  size_t n = header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;
  self->wanted = data != NULL && n < INT_MAX ? calloc(n + 1, sizeof *self->wanted) : NULL;
  if (self->wanted == NULL) {
    return;
  }
  self->has_symbols = true;
  for (size_t i = 0; i < n; i++) {
    GElf_Sym symbol;
    if (gelf_getsym(data, (int)i, &symbol) != NULL) {
      symbol_look(self, &symbol, elf_strptr(self->elf, header->sh_link, symbol.st_name));
    }
  }
}

static void dynamic_look(elf_file *self, Elf_Scn *section, const GElf_Shdr *header) {
  Elf_Data *data = elf_getdata(section, NULL);
  size_t n = header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;
  for (size_t i = 0; data != NULL && i < n && i <= INT_MAX; i++) {
    GElf_Dyn entry;
    if (gelf_getdyn(data, (int)i, &entry) == NULL) {
      continue;
    }
    const char *text = elf_strptr(self->elf, header->sh_link, entry.d_un.d_val);
    if (entry.d_tag == DT_NEEDED && text != NULL && self->n_needed < NEEDED_MAX) {
      self->needed[self->n_needed++] = text;
    } else if (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH) {
      self->run_path = text;
    } else if (entry.d_tag == DT_TEXTREL) {
      self->text_relocations = true;
    } else if (entry.d_tag == DT_FLAGS) {
      self->static_tls = (entry.d_un.d_val & DF_STATIC_TLS) != 0;
      self->text_relocations = self->text_relocations || (entry.d_un.d_val & DF_TEXTREL) != 0;
    }
  }
}

static void sections_look(elf_file *self) {
  for (Elf_Scn *section = elf_nextscn(self->elf, NULL); section != NULL; section = elf_nextscn(self->elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == NULL) {
      continue;
    }
    if (header.sh_type == SHT_DYNSYM && self->wanted == NULL) {
      symbols_look(self, section, &header);
    } else if (header.sh_type == SHT_DYNAMIC) {
      dynamic_look(self, section, &header);
    }
  }
}

static bool stack_is_executable(Elf *elf) {
  size_t n = 0;
  if (elf_getphdrnum(elf, &n) != 0) {
    return false;
  }
  for (size_t i = 0; i < n && i <= INT_MAX; i++) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf, (int)i, &segment) != NULL && segment.p_type == PT_GNU_STACK) {
      return (segment.p_flags & PF_X) != 0;
    }
  }
  return false;
}

/* A weak reference may stay open, any other may not. */
static void lacking_check(elf_file *self) {
  char names[NAMES_MAX] = "", origin[PATH_MAX];
  unsigned n = 0;
  const char *slash = strrchr(self->path, '/');
  snprintf(origin, sizeof origin, "%.*s", slash != NULL ? (int)(slash - self->path) : 1,
           slash != NULL ? self->path : ".");
  bool complete =
      elf_libraries_find(self->needed, self->n_needed, origin, self->run_path, self->wanted, self->n_wanted);
  for (uint32_t i = 0; i < self->n_wanted; i++) {
    if (!self->wanted[i].found) {
      list_name(names, sizeof names, n++, self->wanted[i].name);
    }
  }
  if (n > 0 && complete) {
    teller_find(self->teller, RULE_FILE_SYMBOLS, "%u symbol%s in none of the libraries it names: %s", n,
                n == 1 ? " is" : "s are", names);
  }
}

static void rules_check(elf_file *self) {
  if (!self->has_symbols) {
    teller_find(self->teller, RULE_FILE_SHARED,
                "it has no table of dynamic symbols; it was stripped of its section headers");
    return;
  }
  if (!self->has_plugin_symbol) {
    teller_find(self->teller, RULE_FILE_EXPORTS, "it does not export qn_plugin_v1");
  }
  if (self->n_exports > 0) {
    teller_find(self->teller, RULE_FILE_EXPORTS, "it exports %u more symbol%s: %s", self->n_exports,
                self->n_exports == 1 ? "" : "s", self->exports);
  }
  if (self->text_relocations) {
    teller_find(self->teller, RULE_FILE_TEXT_RELOCATIONS, "its code is changed when it is loaded (DT_TEXTREL)");
  }
  if (self->static_tls) {
    teller_find(self->teller, RULE_FILE_STATIC_TLS,
                "its thread-local variables need room that is set aside when a process starts");
  }
  if (stack_is_executable(self->elf)) {
    teller_find(self->teller, RULE_FILE_STACK,
                "loading it makes the stacks of the whole process executable (PT_GNU_STACK)");
  }
  for (uint32_t i = 0; i < self->n_needed; i++) {
    if (strncmp(self->needed[i], "libqanat", 8) == 0) {
      teller_find(self->teller, RULE_FILE_LINKS_QANAT, "it names the library %.100s", self->needed[i]);
    }
  }
  lacking_check(self);
}

void elf_file_check(const char *path, teller *to) {
  elf_file self = { .path = path, .teller = to };
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || elf_version(EV_CURRENT) == EV_NONE) {
    teller_find(to, RULE_FILE_SHARED, "it cannot be read: %s", strerror(errno));
    return;
  }
  self.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
  GElf_Ehdr header;
  if (self.elf == NULL || elf_kind(self.elf) != ELF_K_ELF || gelf_getehdr(self.elf, &header) == NULL ||
      header.e_type != ET_DYN) {
    teller_find(to, RULE_FILE_SHARED, "it is not a shared object");
  } else {
    sections_look(&self);
    rules_check(&self);
  }
  free(self.wanted);
  elf_end(self.elf);
  close(fd);
}
