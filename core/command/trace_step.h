/* SPDX-License-Identifier: Apache-2.0 */

/* What one stage did to a document, as an object that programs read and people are told from. Floor 5. */
#ifndef CORE_COMMAND_TRACE_STEP_H
#define CORE_COMMAND_TRACE_STEP_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "document/document.h"

enum { TRACE_FIELDS_MAX = 64 };

/* What a document held before a stage ran. */
typedef struct trace_before {
  size_t bytes;
  uint32_t n_fields;
  qn_str names[TRACE_FIELDS_MAX];
  qn_value values[TRACE_FIELDS_MAX];
  bool views[SCHEMA_VIEWS_MAX];
  bool layers[SCHEMA_LAYERS_MAX];
  qn_layer rows[SCHEMA_LAYERS_MAX]; /* of those that are there */
} trace_before;

void trace_before_take(trace_before *before, document *document);

/* Adds to step what the document holds now that it did not: "views", "fields", "removed", "layers" with their first
 * n_rows rows, "bytes". 0, -ENOMEM. */
int trace_step_compare(cJSON *step, const trace_before *before, document *document, uint32_t n_rows);

/* The step for people. */
void trace_step_print(const cJSON *step, FILE *stream);

#endif
