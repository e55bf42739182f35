/* SPDX-License-Identifier: Apache-2.0 */

/* Lines of the library are cut down; troubles are told every ten seconds at most. */
#include "kafka/report.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 512, QUIET_MS = 10000 };

void report_line(const report *self, int level, const char *facility, const char *text) {
  char line[LINE_MAX_BYTES];
  bool is_connection = strcmp(facility, "FAIL") == 0 || strcmp(facility, "ERROR") == 0; /* come as errors, too */
  uint32_t loud = level > 5 || is_connection ? QN_LOG_DEBUG : level == 5 ? QN_LOG_INFO : QN_LOG_WARNING;
  int len = snprintf(line, sizeof line, "librdkafka: %.40s: %.400s", facility, text);
  self->host->log(self->env, loud, line, (size_t)len);
}

void report_error(report *self, int code, const char *reason, bool is_told, uint64_t now_ms) {
  faults_from(&self->last, (rd_kafka_resp_err_t)code, "connect", reason);
  bool is_news = code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || self->last.is_permanent;
  if (is_told && is_news && (self->warned_ms == 0 || now_ms - self->warned_ms >= QUIET_MS)) {
    self->warned_ms = now_ms;
    self->host->log(self->env, QN_LOG_WARNING, self->last.text, strlen(self->last.text));
  }
}
