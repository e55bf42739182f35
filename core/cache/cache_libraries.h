/* SPDX-License-Identifier: Apache-2.0 */

/* The shared libraries that a plugin runs on, for its key: another version of one may give another result. Floor 3. */
#ifndef CORE_CACHE_CACHE_LIBRARIES_H
#define CORE_CACHE_CACHE_LIBRARIES_H

#include "cache/cache_hash.h"

/* Adds to the hash every library that the loaded file at path needs, and those that they need: name, size and time of
 * change. path NULL: of the program itself. 0; -ENOENT: the file is not loaded, or a library of it cannot be found. */
int cache_libraries_add(cache_hash *hash, const char *path);

#endif
