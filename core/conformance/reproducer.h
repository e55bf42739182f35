/* SPDX-License-Identifier: Apache-2.0 */

/* A finding written down so that it can be seen again: FOLDER/N.json, and FOLDER/N.bytes with its document. Floor 4. */
#ifndef CORE_CONFORMANCE_REPRODUCER_H
#define CORE_CONFORMANCE_REPRODUCER_H

#include <cjson/cJSON.h>

#include "conformance/report.h"
#include "document/error.h"

typedef struct reproducer {
  char *plugin, *stage, *check; /* stage and check NULL: of the file */
  uint64_t seed;
  bool is_long;
  uint32_t document; /* or NO_DOCUMENT */
  void *bytes;       /* of the document */
  size_t len;
  cJSON *config; /* as it was given, or NULL */
} reproducer;

/* Writes one for each finding, into folder, which it makes; sets their paths. config may be NULL. 0 or a negative errno. */
int reproducer_write_all(report *report, const char *folder, const cJSON *config, bool is_long, qn_error *error);

/* 0, -EINVAL (it is none), or the errno of reading it. */
int reproducer_read(const char *path, reproducer *ret_reproducer, qn_error *error);
void reproducer_done(reproducer *self);

#endif
