/* SPDX-License-Identifier: Apache-2.0 */

/* Regular expressions (PCRE2) over bytes from outside: Unicode-aware, bounded in time and memory. Floor 2. */
#ifndef CORE_PLUGIN_PATTERN_H
#define CORE_PLUGIN_PATTERN_H

#include "document/error.h"
#include "qanat/doc.h"

enum { PATTERN_BYTES_MAX = 4096 };

typedef struct pattern pattern;

/* 0; -EINVAL (no pattern: error says what is wrong and at which character), -ENOMEM. */
int pattern_compile(const char *text, pattern **ret_pattern, qn_error *error);
void pattern_free(pattern *pattern);

/* Whether it occurs anywhere in subject, which may be any bytes: 1, 0, -ELOOP (it takes too many steps on this
 * subject), -ENOMEM. [any] Allocates nothing unless more threads than cores of a large machine ask at once. */
int pattern_matches(const pattern *pattern, qn_str subject);

#endif
