/* SPDX-License-Identifier: Apache-2.0 */

/* A file of tests: its text, its JSON, and where everything stands. Floor 5. */
#ifndef CORE_COMMAND_CASE_FILE_H
#define CORE_COMMAND_CASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "pipeline/faults.h"
#include "pipeline/positions.h"

typedef struct case_file {
  const char *path;
  char *folder; /* what its own file names are relative to */
  char *text;
  size_t len;
  positions *positions;
  cJSON *root;
  faults *faults;
} case_file;

/* Reads and checks the file. 0; -EINVAL or the errno of reading, with faults filled; -ENOMEM. case_file_done is due in any
 * case. path is borrowed. */
int case_file_read(case_file *file, const char *path);
void case_file_done(case_file *file);

/* The line that the value at pointer stands in, from 1. */
uint32_t case_file_line(const case_file *file, const char *pointer);

/* A file name in the test file, from where qanat runs. The caller frees it; NULL: no memory. */
char *case_file_path(const case_file *file, const char *name);

/* Reads a whole file of at most max bytes; a NUL stands behind it. The caller frees it. -EFBIG, or the errno of reading. */
int case_bytes_read(const char *path, size_t max, char **ret_bytes, size_t *ret_len);

/* The schema of test files, as JSON Schema draft 7. The caller deletes it; NULL: no memory. */
cJSON *case_file_schema(void);

#endif
