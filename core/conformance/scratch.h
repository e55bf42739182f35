/* SPDX-License-Identifier: Apache-2.0 */

/* The folder that a stage under test may write into, with files for those that read any. Floor 4. */
#ifndef CORE_CONFORMANCE_SCRATCH_H
#define CORE_CONFORMANCE_SCRATCH_H

#include <limits.h>

#include <cjson/cJSON.h>

#include "document/error.h"

enum { SCRATCH_PATH_MAX = PATH_MAX - 64 };

/* Makes it, below TMPDIR. 0 or a negative errno. */
int scratch_make(char *ret_path, qn_error *error);
/* Empties it and puts in/ there again: a.txt, b.html, c.jsonl and sub/d.txt. */
int scratch_fill(const char *path, qn_error *error);
void scratch_remove(const char *path);

/* A copy of config with path for ${SCRATCH} in every string. Owned by the caller; NULL: no memory. */
cJSON *scratch_config(const cJSON *config, const char *path);

#endif
