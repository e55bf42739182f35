/* SPDX-License-Identifier: Apache-2.0 */

/* The trace is 32 digits of hex, a span 16; times are nanoseconds since 1970, as text, since a JSON number cannot hold them. */
#include "serve/otlp_spans.h"

#include <unistd.h>

#include "serve/safe_text.h"

/* What OTLP calls kinds and statuses. */
enum { KIND_INTERNAL = 1, KIND_CONSUMER = 5, STATUS_ERROR = 2 };

/* --- pieces --- */

static void put_hex(json_writer *to, const unsigned char *bytes, size_t len) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    json_char(to, digits[bytes[i] >> 4]);
    json_char(to, digits[bytes[i] & 15]);
  }
}

static void put_time(json_writer *to, const char *name, const trace *of, uint64_t ns) {
  json_key(to, name);
  json_char(to, '"');
  json_u64(to, (uint64_t)of->begin_unix_ns + (ns - of->begin_ns));
  JSON_RAW(to, "\",");
}

static void put_attribute(json_writer *to, const char *key, const char *value) {
  JSON_RAW(to, "{");
  safe_json_member(to, "key", key);
  JSON_RAW(to, "\"value\":{");
  safe_json_member(to, "stringValue", value);
  json_drop_comma(to);
  JSON_RAW(to, "}},");
}

static void put_number(json_writer *to, const char *key, uint64_t value) {
  JSON_RAW(to, "{");
  safe_json_member(to, "key", key);
  JSON_RAW(to, "\"value\":{\"intValue\":\"");
  json_u64(to, value);
  JSON_RAW(to, "\"}},");
}

static void put_trace_id(json_writer *to, const trace *of, const unsigned char *ids) {
  JSON_RAW(to, "\"traceId\":\"");
  if (of->parent[0] != '\0') {
    json_raw(to, of->parent + 3, 32);
  } else {
    put_hex(to, ids, 16);
  }
  JSON_RAW(to, "\",");
}

static void put_span_id(json_writer *to, const char *name, const unsigned char *ids, uint32_t index) {
  json_key(to, name);
  json_char(to, '"');
  put_hex(to, ids + 16 + 8 * (size_t)index, 8);
  JSON_RAW(to, "\",");
}

static void put_kind(json_writer *to, uint64_t kind) {
  JSON_RAW(to, "\"kind\":");
  json_u64(to, kind);
  json_char(to, ',');
}

static void put_error(json_writer *to, const char *message) {
  JSON_RAW(to, "\"status\":{\"code\":2,");
  safe_json_member(to, "message", message);
  json_drop_comma(to);
  JSON_RAW(to, "},");
}

/* --- spans --- */

static const char *outcome_name(uint32_t outcome) {
  switch (outcome) {
  case LEAF_DELIVERED:
    return "delivered";
  case LEAF_FAILED:
    return "dead-lettered";
  case LEAF_UNFINISHED:
    return "unfinished";
  default:
    return "dropped";
  }
}

static const char *status_name(qn_status status) {
  static const char *const names[] = { "ok", "more", "drop", "pending", "retry", "reject", "fatal" };
  return status >= 0 && status <= QN_STATUS_FATAL ? names[status] : "none";
}

static void put_document(json_writer *to, const trace *of, const unsigned char *ids, uint32_t n_lost) {
  json_char(to, '{');
  put_trace_id(to, of, ids);
  put_span_id(to, "spanId", ids, 0);
  if (of->parent[0] != '\0') {
    JSON_RAW(to, "\"parentSpanId\":\"");
    json_raw(to, of->parent + 36, 16);
    JSON_RAW(to, "\",");
  }
  safe_json_member(to, "name", of->plan->name);
  put_kind(to, KIND_CONSUMER);
  put_time(to, "startTimeUnixNano", of, of->begin_ns);
  put_time(to, "endTimeUnixNano", of, of->end_ns);
  JSON_RAW(to, "\"attributes\":[");
  put_attribute(to, "qanat.pipeline", of->plan->name);
  put_attribute(to, "qanat.document.id", of->id);
  put_attribute(to, "qanat.document.source", of->source);
  put_number(to, "qanat.document.bytes", of->payload_bytes);
  put_attribute(to, "qanat.outcome", outcome_name(of->outcome));
  if (n_lost > 0) {
    put_number(to, "qanat.spans_left_out", n_lost);
  }
  json_drop_comma(to);
  JSON_RAW(to, "],");
  if (of->outcome == LEAF_FAILED) {
    put_error(to, "dead-lettered");
  }
  json_drop_comma(to);
  JSON_RAW(to, "},");
}

static void put_stage(json_writer *to, const trace *of, const unsigned char *ids, uint32_t index) {
  static const char *const kinds[] = { "process", "prepare", "write" };
  const trace_span *span = &of->spans[index];
  const plan_stage *stage = &of->plan->stages[span->stage];
  bool failed = span->status < 0 || span->status >= QN_STATUS_RETRY;
  json_char(to, '{');
  put_trace_id(to, of, ids);
  put_span_id(to, "spanId", ids, index + 1);
  put_span_id(to, "parentSpanId", ids, 0);
  safe_json_member(to, "name", stage->id);
  put_kind(to, KIND_INTERNAL);
  put_time(to, "startTimeUnixNano", of, span->begin_ns);
  put_time(to, "endTimeUnixNano", of, span->end_ns);
  JSON_RAW(to, "\"attributes\":[");
  put_attribute(to, "qanat.stage", stage->id);
  put_attribute(to, "qanat.use", stage->info->name);
  put_attribute(to, "qanat.step", kinds[span->kind <= TRACE_WRITE ? span->kind : TRACE_PROCESS]);
  put_attribute(to, "qanat.status", status_name(span->status));
  put_number(to, "qanat.attempt", span->attempt);
  json_drop_comma(to);
  JSON_RAW(to, "],");
  if (failed) {
    put_error(to, status_name(span->status));
  }
  json_drop_comma(to);
  JSON_RAW(to, "},");
}

uint32_t otlp_spans_write(const trace *of, const unsigned char *ids, json_writer *to) {
  uint32_t n_all = atomic_load_explicit(&of->n_spans, memory_order_acquire);
  uint32_t n = n_all < TRACE_SPANS_MAX ? n_all : TRACE_SPANS_MAX;
  put_document(to, of, ids, n_all - n);
  for (uint32_t i = 0; i < n; i++) {
    put_stage(to, of, ids, i);
  }
  return n + 1;
}

/* --- around them --- */

void otlp_begin(json_writer *to, const char *service_name, const char *version) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  JSON_RAW(to, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
  put_attribute(to, "service.name", service_name);
  put_attribute(to, "service.version", version);
  put_attribute(to, "host.name", host);
  put_number(to, "process.pid", (uint64_t)getpid());
  json_drop_comma(to);
  JSON_RAW(to, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"qanat\"},\"spans\":[");
}

void otlp_end(json_writer *to) {
  json_drop_comma(to);
  JSON_RAW(to, "]}]}]}");
}
