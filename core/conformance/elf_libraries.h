/* SPDX-License-Identifier: Apache-2.0 */

/* Which of a plugin's symbols are in the libraries it names, and in those they name. Private to core/conformance. */
#ifndef CORE_CONFORMANCE_ELF_LIBRARIES_H
#define CORE_CONFORMANCE_ELF_LIBRARIES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct wanted_symbol {
  const char *name;
  bool found;
} wanted_symbol;

/* Marks those of wanted (sorted by name) that the library defines, and what it needs itself. origin is the folder of the
 * plugin, path what its DT_RUNPATH or DT_RPATH says (or NULL). False: a library is not where this looks, so that what is
 * not found may still be there. */
bool elf_libraries_find(const char *const *needed, uint32_t n_needed, const char *origin, const char *path,
                        wanted_symbol *wanted, uint32_t n_wanted);

#endif
