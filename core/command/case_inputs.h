/* SPDX-License-Identifier: Apache-2.0 */

/* The documents that a case puts in, with their bytes. Floor 5. */
#ifndef CORE_COMMAND_CASE_INPUTS_H
#define CORE_COMMAND_CASE_INPUTS_H

#include "command/case_ends.h"
#include "command/case_file.h"

typedef struct case_inputs {
  uint32_t n;
  case_input *all;
} case_inputs;

/* Strings stay the case's. 0, or a negative errno with an error that says which input. */
int case_inputs_read(const case_file *file, const plan *plan, const cJSON *json, case_inputs *ret_inputs,
                     qn_error *error);
void case_inputs_done(case_inputs *inputs);

#endif
