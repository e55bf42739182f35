/* SPDX-License-Identifier: Apache-2.0 */

/* What the checker found: findings and the checks they came from, for people and for programs. Floor 4. */
#ifndef CORE_CONFORMANCE_REPORT_H
#define CORE_CONFORMANCE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "conformance/rule.h"

enum { FINDINGS_EACH_MAX = 4 };

typedef struct finding {
  rule_id rule;
  const char *stage; /* NULL: of the whole file */
  const char *check;
  uint32_t document;   /* sample, or NO_DOCUMENT */
  char *document_name; /* NULL: none */
  char *message;
  char *reproducer; /* path; NULL: none was written */
} finding;

typedef struct check_result {
  const char *stage;
  const char *check;
  uint32_t n_findings;
  uint32_t elapsed_ms;
  char *skipped; /* why, or NULL */
} check_result;

/* A layer that a stage provides, and of which no check saw a row. */
typedef struct unmade_layer {
  const char *stage;
  char *layer;
} unmade_layer;

typedef struct report {
  char *path, *plugin, *version; /* plugin and version NULL: the manifest could not be read */
  uint64_t seed;
  uint32_t n_findings;
  finding *findings;
  uint32_t n_results;
  check_result *results;
  uint32_t n_unmade;
  unmade_layer *unmade;
  bool no_memory;
} report;

/* stage, check and others are copied where they are not constants of the program or of the manifest, which outlives the report. */
void report_add_finding(report *self, rule_id rule, const char *stage, const char *check, uint32_t document,
                        const char *document_name, const char *message);
/* Opens the result of a check; findings that come next belong to it. */
void report_begin_check(report *self, const char *stage, const char *check);
void report_end_check(report *self, uint32_t elapsed_ms);
void report_skip_check(report *self, const char *why);
/* layer is copied. */
void report_add_unmade(report *self, const char *stage, const char *layer);
/* Whether a rule was found broken, of this stage or of the file. */
bool report_has(const report *self, const char *stage, rule_id rule);
/* A check that could not be done since the stage was not to be had; NULL: there is none. */
const check_result *report_unchecked(const report *self);
void report_done(report *self);

/* What the reason of such a skip begins with. */
#define REPORT_NO_STAGE "create fails: "

void report_print(const report *self, FILE *stream, bool verbose);
/* docs/conformance.md says what stands in it. NULL: no memory. */
cJSON *report_json(const report *self);

#endif
