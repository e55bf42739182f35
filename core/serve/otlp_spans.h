/* SPDX-License-Identifier: Apache-2.0 */

/* A document's way as spans of OpenTelemetry, in the JSON of OTLP. Floor 4. */
#ifndef CORE_SERVE_OTLP_SPANS_H
#define CORE_SERVE_OTLP_SPANS_H

#include "document/json_writer.h"
#include "pipeline/plan.h"
#include "runtime/trace.h"

/* Writes the spans with a comma behind each: one for the document, and below it one for each thing that a stage did. ids are random; 16
 * bytes for the trace (not used if it continues another), then 8 for each span: OTLP_ID_BYTES. Returns how many spans. */
enum { OTLP_ID_BYTES = 16 + 8 * (TRACE_SPANS_MAX + 1) };
uint32_t otlp_spans_write(const trace *trace, const unsigned char *ids, json_writer *to);

/* Begins and ends what goes around spans: the resource, and the comma. */
void otlp_begin(json_writer *to, const char *service_name, const char *version);
void otlp_end(json_writer *to);

#endif
