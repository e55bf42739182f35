/* SPDX-License-Identifier: Apache-2.0 */

/* Replaces ${NAME}, ${NAME:-default} and ${file:PATH} in the strings of a pipeline file. Floor 3. */
#ifndef CORE_PIPELINE_SUBSTITUTE_H
#define CORE_PIPELINE_SUBSTITUTE_H

#include "pipeline/pipeline_file.h"

enum {
  SUBSTITUTE_STRING_MAX = 1024 * 1024,     /* bytes of one string afterwards */
  SUBSTITUTE_TOTAL_MAX = 16 * 1024 * 1024, /* of all together */
  SUBSTITUTE_SECRET_MAX = 64 * 1024,
  SUBSTITUTE_STRINGS = 4096 /* strings of one file that substitute something */
};

/* Works on every string value but "$schema". What can't be substituted is a fault and stays as it is. 0 (look at the
 * faults) or -ENOMEM. Reads the environment and files. [loop] */
int substitute_all(pipeline_file *file);

#endif
