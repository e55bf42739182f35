/* SPDX-License-Identifier: Apache-2.0 */

/* A report as one JSON document, for `qanat top`, the dashboard and scripts. docs/operating.md tells its shape, and
 * status.schema.json holds it to that. Floor 4. */
#ifndef CORE_SERVE_STATUS_H
#define CORE_SERVE_STATUS_H

#include "document/json_writer.h"
#include "serve/service.h"

/* Running out of memory is remembered by the writer. */
void status_write(const service_report *report, const char *version, json_writer *to);

/* Why the worker is not ready, in one sentence; NULL if it is. Into text. */
const char *status_reason(const service_report *report, char *text, size_t size);

const char *status_pipeline_state(pipeline_state state);

#endif
