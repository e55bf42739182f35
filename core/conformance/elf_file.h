/* SPDX-License-Identifier: Apache-2.0 */

/* What a plugin's file must be before any of its code runs: read by libelf alone. Floor 4. */
#ifndef CORE_CONFORMANCE_ELF_FILE_H
#define CORE_CONFORMANCE_ELF_FILE_H

#include "conformance/teller.h"

/* Tells every rule of QN-FILE that can be seen from outside and is broken. */
void elf_file_check(const char *path, teller *teller);

#endif
