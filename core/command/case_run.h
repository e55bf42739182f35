/* SPDX-License-Identifier: Apache-2.0 */

/* Runs one case of a test file: plans the pipeline, puts inputs, collectors and stubs in their places, runs it, and tells
 * what became of the documents. Floor 5. */
#ifndef CORE_COMMAND_CASE_RUN_H
#define CORE_COMMAND_CASE_RUN_H

#include "command/case_file.h"
#include "plugin/registry.h"

typedef struct case_options {
  registry *registry;
  bool verbose; /* what stages log goes to standard error */
} case_options;

/* Runs the case. 0 with
 *   { "documents": [ { "id", "outcome", "stage", "slug", "message", "attempts", "sinks": [...], "at": { SINK: document } } ],
 *     "counts": {...}, "order": { SINK: [ids] }, "stops": { "slug", "message" } if the pipeline stopped }
 * which the caller deletes; documents are those of case_document_json. A negative errno if the case cannot run, with
 * *ret_why, which the caller frees and which may be NULL for want of memory. */
int case_run(const case_options *options, const case_file *file, const cJSON *json, cJSON **ret_result, char **ret_why);

#endif
