/* SPDX-License-Identifier: Apache-2.0 */

/* What librdkafka says of itself, on its way to the operator's log: once and in clear words, not a line for each try. */
#ifndef QANAT_KAFKA_REPORT_H
#define QANAT_KAFKA_REPORT_H

#include "broker/broker.h"
#include "kafka/faults.h"

typedef struct report {
  const qn_host *host;
  qn_env *env;
  broker_fault last;  /* what was said last of connections; code 0: nothing */
  uint64_t warned_ms; /* when the operator was told of that; 0: never */
} report;

/* A line of the library's log. [threads of the library] */
void report_line(const report *self, int level, const char *facility, const char *text);

/* Trouble with connections, which the library mends itself. is_told: nobody else tells the operator. */
void report_error(report *self, int code, const char *reason, bool is_told, uint64_t now_ms);

#endif
