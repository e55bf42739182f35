/* SPDX-License-Identifier: Apache-2.0 */

/* A project made of template files, in a new folder. Floor 5. */
#ifndef CORE_COMMAND_NEW_PROJECT_H
#define CORE_COMMAND_NEW_PROJECT_H

#include "command/template.h"
#include "document/error.h"

/* Makes the folder with the files of the sets, all of it or nothing. 0; -EEXIST: there is something of that name; another
 * negative errno. */
int new_project_write(const char *folder, const char *const *sets, uint32_t n_sets, const template_terms *terms,
                      qn_error *error);

#endif
