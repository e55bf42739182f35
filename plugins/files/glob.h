/* SPDX-License-Identifier: Apache-2.0 */

/* Patterns over paths: * ? [...] inside a component, ** for any number of components. Names that begin with a dot
 * are matched only by patterns that say the dot. */
#ifndef FILES_GLOB_H
#define FILES_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* True if text has a character that patterns give a meaning. */
bool glob_is_pattern(const char *text);

/* True if the pattern matches the whole path. */
bool glob_match(const char *pattern, const char *path);

/* True if something below the folder may match: what need not be entered, need not be read. */
bool glob_may_lead(const char *pattern, const char *folder);

/* Bytes of the components before the first one with a pattern, without the slash after them. */
size_t glob_literal_prefix(const char *pattern);

#endif
