/* SPDX-License-Identifier: Apache-2.0 */

/* A report as Prometheus reads it: the text exposition format, version 0.0.4. docs/metrics.md tells of every family. Floor 4. */
#ifndef CORE_SERVE_PROMETHEUS_H
#define CORE_SERVE_PROMETHEUS_H

#include "document/json_writer.h"
#include "serve/service.h"

#define PROMETHEUS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* What has to be known besides the report. */
typedef struct prometheus_more {
  const char *version;
  double cpu_seconds;
  uint64_t traces_dropped, traces_sent; /* spans */
} prometheus_more;

/* Running out of memory is remembered by the writer. */
void prometheus_write(const service_report *report, const prometheus_more *more, json_writer *to);

#endif
