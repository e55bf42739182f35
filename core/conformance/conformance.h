/* SPDX-License-Identifier: Apache-2.0 */

/* The conformance checker: holds one plugin file to the rules of plugins (rule.h).
 *
 * The calling process loads nothing of it: the file is read by libelf, and each check runs in a child that has a limit of time.
 * So a crash or a hang is one finding among others. Call it while the process has one thread. Floor 4. */
#ifndef CORE_CONFORMANCE_CONFORMANCE_H
#define CORE_CONFORMANCE_CONFORMANCE_H

#include <cjson/cJSON.h>

#include "conformance/report.h"
#include "conformance/sample.h"
#include "plugin/manifest.h"

typedef struct conformance_options {
  const char *path;  /* of the plugin */
  const char *stage; /* NULL: all of them */
  const char *check; /* NULL: all of them */
  const cJSON
      *config; /* of the stage; NULL: one is made from its schema. ${SCRATCH} stands for a folder of the checker's */
  const char *base_folder; /* values of type "file" are relative to it */
  uint64_t seed;
  bool is_long;
  uint32_t limit_ms;  /* of each check */
  const sample *only; /* this document alone, or NULL */
} conformance_options;

/* Checks. 0 whatever it finds; -EINVAL (no such stage or check, a configuration that the schema forbids), or what the checker
 * itself lacks. ret_manifest, which ret_report refers to, is the caller's to free after the report; NULL if there is none. */
int conformance_run(const conformance_options *options, report *ret_report, manifest **ret_manifest, qn_error *error);

#endif
