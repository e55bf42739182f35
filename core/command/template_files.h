/* SPDX-License-Identifier: Apache-2.0 */

/* The files of core/command/templates, embedded: what `qanat new` makes projects of. The first part of a path is the set it
 * belongs to, and ".in" at its end is not part of its name. Floor 5. */
#ifndef CORE_COMMAND_TEMPLATE_FILES_H
#define CORE_COMMAND_TEMPLATE_FILES_H

#include <stddef.h>

typedef struct template_files_entry {
  const char *path; /* NULL: past the last */
  const unsigned char *bytes;
  size_t len;
} template_files_entry;

extern const template_files_entry template_files[];

#endif
