/* SPDX-License-Identifier: Apache-2.0 */

/* How commands answer: JSON on standard output, faults on standard error, and whether all of it could be written.
 * Floor 5. */
#ifndef CORE_COMMAND_ANSWER_H
#define CORE_COMMAND_ANSWER_H

#include <cjson/cJSON.h>

#include "pipeline/plan.h"

/* Prints json, which it frees; NULL means that there was no memory for it. EXIT_DONE, or EXIT_FAILED, said so. */
int answer_json(const char *command, cJSON *json);

/* The faults of the pipeline at path, and how many there are. */
void answer_faults(const char *path, const faults *found);

/* status, or EXIT_FAILED after saying so if standard output has not taken everything. */
int answer_end(const char *command, int status);

#endif
