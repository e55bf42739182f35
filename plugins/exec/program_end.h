/* SPDX-License-Identifier: Apache-2.0 */

/* How a process ends, and what becomes of the documents it had. Between program.c and program_end.c. */
#ifndef EXEC_PROGRAM_END_H
#define EXEC_PROGRAM_END_H

#include "exec/program.h"

/* It ended by itself (why is NULL), or must, for this reason. Kills, reaps, closes, hands back. */
void program_end(program *program, const char *why);
/* True if it has, by itself: it only waits to be reaped. */
bool program_has_ended(const program *program);
/* It was silent for too long: the oldest document is charged. */
void program_end_silent(program *program);
/* It was started, if at all, only to fail at once: nothing was given to it. */
void program_end_unborn(program *program);

/* Of program.c: takes what its pipes hold. program_read_said is false once there will be nothing more; program_end_said
 * takes the line that has no end. */
bool program_read_said(program *program);
void program_end_said(program *program);
void program_drain_answers(program *program);

#endif
