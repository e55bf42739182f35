/* SPDX-License-Identifier: Apache-2.0 */

/* Writes JSON as people would: what fits on a line stands on one. Floor 5. */
#ifndef CORE_COMMAND_CASE_WRITE_H
#define CORE_COMMAND_CASE_WRITE_H

#include <stdio.h>

#include <cjson/cJSON.h>

/* 0, -ENOMEM. What stream thinks of it is the caller's to ask. */
int case_json_print(const cJSON *json, FILE *stream);

/* The same on one line, with spaces; the caller frees it with free. NULL: no memory. */
char *case_json_line(const cJSON *json);

/* Writes json into the file's place, whole or not at all. 0, or a negative errno. */
int case_json_save(const cJSON *json, const char *path);

#endif
