/* SPDX-License-Identifier: Apache-2.0 */

/* What a child may do, set by itself: before any code of the plugin runs, limits, no new privileges, no processes and no
 * network but what was agreed; and once the plugin is loaded, no files but what was agreed. Floor 4. */
#ifndef CORE_ISOLATION_SANDBOX_H
#define CORE_ISOLATION_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "document/error.h"
#include "pipeline/plan.h"

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
  const plan_isolation *rules;
  int landlock; /* its version in this kernel; 0: none */
  unsigned n_threads;
} sandbox;

/* Before the plugin is loaded: files may be read, since libraries are, and no more. 0, or why the system can't do it.
 * rules are borrowed for ret_sandbox. */
int sandbox_begin(const plan_isolation *rules, sandbox *ret_sandbox, qn_error *error);
/* Once it is loaded, before the stage is made: only the files and folders of the rules can be opened. */
int sandbox_close(const sandbox *sandbox, qn_error *error);

#endif
