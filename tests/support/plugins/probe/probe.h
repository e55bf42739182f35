/* SPDX-License-Identifier: Apache-2.0 */

/* What the probe's stages share: numbers in payloads, and a log of their lives that tests count. */
#ifndef TESTS_SUPPORT_PLUGINS_PROBE_H
#define TESTS_SUPPORT_PLUGINS_PROBE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/io.h"
#include "qanat/stage.h"

extern const qn_source probe_source_table;
extern const qn_source probe_source_async_table;
extern const qn_transform probe_noop_table;
extern const qn_transform probe_step_table;
extern const qn_sink probe_sink_table;
extern const qn_sink probe_sink_async_table;
extern const qn_sink probe_sink_confirm_table;

static inline void probe_say(const qn_host *host, qn_env *env, const char *text) {
  host->log(env, QN_LOG_INFO, text, strlen(text));
}

static inline int probe_refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

/* The number a document was emitted with, or -1. */
static inline int64_t probe_number(qn_call *call) {
  qn_view view;
  int64_t number = 0;
  if (call->host->view_get(call, &view) != 0 || view.len == 0) {
    return -1;
  }
  for (uint32_t i = 0; i < view.len && view.data[i] >= '0' && view.data[i] <= '9'; i++) {
    number = number * 10 + (view.data[i] - '0');
  }
  return number;
}

/* Emits document number, padded to bytes. 0 or what the host said. */
static inline int probe_emit(qn_call *call, int64_t number, size_t bytes) {
  char digits[24];
  size_t len = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number);
  size_t size = bytes > len ? bytes : len;
  uint8_t *room;
  int rc = call->host->emit_reserve(call, size, &room);
  if (rc != 0) {
    return rc;
  }
  memcpy(room, digits, len);
  memset(room + len, ' ', size - len);
  qn_emit emit = { .source = QN_LIT("probe"), .ordinal = (uint64_t)number, .cookie = (uint64_t)number };
  return call->host->emit_commit(call, size, &emit);
}

/* True for every n-th number; never if n is 0. */
static inline int probe_nth(int64_t number, int64_t n) {
  return n > 0 && number % n == n - 1;
}

#endif
