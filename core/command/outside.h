/* SPDX-License-Identifier: Apache-2.0 */

/* Commands that plugins bring: programs qanat-NAME in a plugin's data folder, run as `qanat NAME`. Floor 5. */
#ifndef CORE_COMMAND_OUTSIDE_H
#define CORE_COMMAND_OUTSIDE_H

#include <stdio.h>

/* Becomes the program of a command, argv[0] being the command's name; returns only if there is none (1), or if it cannot be
 * run (EXIT_FAILED as status in *ret_status, told on standard error; 0). Plugins are looked for where stages are. */
int outside_run(char **argv, int *ret_status);

/* Writes the names of these commands, one a line, indented; nothing if there is none. */
void outside_list(FILE *stream);

#endif
