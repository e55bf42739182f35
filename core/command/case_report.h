/* SPDX-License-Identifier: Apache-2.0 */

/* How cases ended, for people and for programs. Floor 5. */
#ifndef CORE_COMMAND_CASE_REPORT_H
#define CORE_COMMAND_CASE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "command/case_compare.h"
#include "command/case_file.h"

typedef enum case_status { CASE_PASSED = 0, CASE_FAILED = 1, CASE_BROKEN = 2, CASE_UPDATED = 3 } case_status;

typedef struct case_report {
  const case_file *file;
  const char *name;
  case_status status;
  double seconds;
  const case_differences *differences;
  const char *why; /* broken: the reason */
} case_report;

/* Names the case and, unless it passed, says what is wrong with it. On a terminal with colours, and with texts of either
 * direction kept apart from what stands around them. */
void case_report_print(const case_report *report, bool terminal, FILE *stream);

/* The same as an object. NULL: no memory. */
cJSON *case_report_json(const case_report *report);

#endif
