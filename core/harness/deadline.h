/* SPDX-License-Identifier: Apache-2.0 */

/* Sets the cancel flag of calls that take too long, from a thread of its own; it starts with the first call that has a
 * deadline. Private to core/harness. */
#ifndef CORE_HARNESS_DEADLINE_H
#define CORE_HARNESS_DEADLINE_H

#include <stdint.h>

struct qn_harness_run;
typedef struct deadlines deadlines;

int deadlines_new(deadlines **ret_deadlines);
void deadlines_free(deadlines *deadlines); /* NULL is fine */
void deadlines_arm(deadlines *deadlines, struct qn_harness_run *run, uint64_t due_ns);
void deadlines_disarm(deadlines *deadlines, struct qn_harness_run *run);

#endif
