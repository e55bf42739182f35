/* SPDX-License-Identifier: Apache-2.0 */

/* Traces to a collector by OTLP over HTTP, as JSON. Built on libcurl; without it, otlp_new says so. Floor 4.
 *
 * Documents never wait for it: what the collector does not take in time is dropped and counted. */
#ifndef CORE_SERVE_OTLP_H
#define CORE_SERVE_OTLP_H

#include "document/error.h"
#include "runtime/trace.h"

/* How much may wait to be sent, and how much goes in one request. */
enum { OTLP_WAITING_BYTES = 16 * 1024 * 1024, OTLP_BATCH_BYTES = 1024 * 1024, OTLP_BATCH_MS = 1000 };

typedef struct otlp otlp;

typedef struct otlp_options {
  const char *url; /* as --traces gives it; NULL: as the environment says */
  double ratio;    /* of documents, 0 to 1 */
  const char *version;
  /* What the operator has to know: that the collector is away, that it is back. [any] */
  void (*say)(void *arg, uint32_t level, const char *text);
  void *arg;
} otlp_options;

/* Reads OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT if no URL is given, OTEL_EXPORTER_OTLP_HEADERS, and
 * OTEL_SERVICE_NAME. *ret_otlp is NULL if nobody says where to. 0, or a negative errno with error filled. Before there are threads. */
int otlp_new(const otlp_options *options, otlp **ret_otlp, qn_error *error);
/* After the runs that it was given to. Tries to send what waits, for a moment. NULL is fine. */
void otlp_free(otlp *otlp);

const tracer *otlp_tracer(const otlp *otlp); /* NULL of NULL */
/* Spans so far. [any] */
void otlp_counts(const otlp *otlp, uint64_t *ret_sent, uint64_t *ret_dropped);

#endif
