/* SPDX-License-Identifier: Apache-2.0 */

/* Whose word a plugin file is: code that others can replace is not run. Floor 2. */
#ifndef CORE_PLUGIN_TRUST_H
#define CORE_PLUGIN_TRUST_H

#include <sys/stat.h>

#include "document/error.h"

/* 0, or -EPERM if others than the owner may write the file. The owner's own (primary) group may. */
int trust_check(const struct stat *info, const char *path, qn_error *error);

#endif
