/* SPDX-License-Identifier: Apache-2.0 */

/* What a child may do, set by itself before any code of the plugin runs: limits, no new privileges, no processes, no
 * network; and once the stage is made, no files. Floor 4. */
#ifndef CORE_ISOLATION_SANDBOX_H
#define CORE_ISOLATION_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "document/error.h"

/* Sanitizers map terabytes that they never touch. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_LIMITS_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANDBOX_LIMITS_MEMORY 0
#endif
#endif
#ifndef SANDBOX_LIMITS_MEMORY
#define SANDBOX_LIMITS_MEMORY 1
#endif

typedef struct sandbox {
  size_t memory_bytes;
  bool network; /* the manifest needs it */
  bool files;   /* likewise: they stay readable and writable */
} sandbox;

/* Before the plugin is loaded: files may be read, nothing else. 0, or why the system can't do it. */
int sandbox_begin(const sandbox *rules, qn_error *error);
/* Once the stage is made: no file is opened any more. */
int sandbox_close(const sandbox *rules, qn_error *error);

#endif
