/* SPDX-License-Identifier: Apache-2.0 */

/* Headers to fields and back. What the host says of a document itself (id, source, media_type) no header may change, and what
 * brokers note in headers for themselves (x-...) stays theirs. */
#include "broker/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_equal(qn_str a, qn_str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int broker_names_read(qn_create *create, const char *pointer, broker_names *ret_names) {
  broker_names names = { .n = 0 };
  for (uint32_t i = 0; i < BROKER_NAMES_MAX; i++) {
    char at[64];
    snprintf(at, sizeof at, "%s/%" PRIu32, pointer, i);
    qn_str name = qn_config_str(create, at);
    if (name.data == NULL) {
      break;
    }
    if (is_equal(name, QN_LIT("*"))) {
      names.is_any = true;
      continue;
    }
    names.names[names.n] = strndup(name.data, name.len);
    if (names.names[names.n] == NULL) {
      broker_names_done(&names);
      create->host->create_fail(create, "no memory for the names of headers",
                                strlen("no memory for the names of headers"));
      return -ENOMEM;
    }
    names.n++;
  }
  *ret_names = names;
  return 0;
}

void broker_names_done(broker_names *self) {
  for (uint32_t i = 0; i < self->n; i++) {
    free(self->names[i]);
  }
  self->n = 0;
}

bool broker_names_has(const broker_names *self, qn_str name) {
  for (uint32_t i = 0; !self->is_any && i < self->n; i++) {
    if (strlen(self->names[i]) == name.len && memcmp(self->names[i], name.data, name.len) == 0) {
      return true;
    }
  }
  return self->is_any;
}

bool broker_is_trace(qn_str name) {
  return is_equal(name, QN_LIT("traceparent")) || is_equal(name, QN_LIT("tracestate"));
}

static bool is_reserved(qn_str name) {
  return is_equal(name, QN_LIT("id")) || is_equal(name, QN_LIT("source")) || is_equal(name, QN_LIT("media_type")) ||
         (name.len >= 2 && memcmp(name.data, "x-", 2) == 0);
}

void broker_fields_emit(qn_call *call, const broker_names *wanted, const broker_message *message) {
  for (uint32_t i = 0; i < message->n_headers; i++) {
    const broker_header *header = &message->headers[i];
    if (broker_is_trace(header->name) || (!is_reserved(header->name) && broker_names_has(wanted, header->name))) {
      call->host->emit_field(call, header->name, &header->value);
    }
  }
  if (message->attempt > 1) {
    const qn_value attempts = { .type = QN_VALUE_I64, .as.i64 = message->attempt };
    call->host->emit_field(call, QN_LIT("delivery_attempts"), &attempts);
  }
}

static bool collect_one(qn_call *call, qn_str name, broker_header *ret_header) {
  qn_value value;
  if (call->host->field_get(call, name, &value) != 0 || value.type == QN_VALUE_NONE || value.type > QN_VALUE_STR) {
    return false;
  }
  *ret_header = (broker_header){ name, value };
  return true;
}

uint32_t broker_headers_collect(qn_call *call, const broker_names *wanted, broker_header *ret_headers) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < wanted->n; i++) {
    const qn_str name = { wanted->names[i], strlen(wanted->names[i]) };
    n += !broker_is_trace(name) && collect_one(call, name, &ret_headers[n]);
  }
  n += collect_one(call, QN_LIT("traceparent"), &ret_headers[n]);
  n += collect_one(call, QN_LIT("tracestate"), &ret_headers[n]);
  return n;
}

qn_str broker_field_str(qn_call *call, qn_str name) {
  qn_value value;
  bool found = call->host->field_get(call, name, &value) == 0 && value.type == QN_VALUE_STR;
  return found ? value.as.str : (qn_str){ NULL, 0 };
}

void broker_id_of_bytes(qn_str body, char *ret_id) {
  /* FNV-1a twice, from different beginnings: to tell messages apart, not to withstand anybody. */
  uint64_t a = UINT64_C(14695981039346656037);
  uint64_t b = UINT64_C(0x9E3779B97F4A7C15);
  for (size_t i = 0; i < body.len; i++) {
    a = (a ^ (unsigned char)body.data[i]) * UINT64_C(1099511628211);
    b = (b ^ (unsigned char)body.data[i]) * UINT64_C(0xD6E8FEB86659FD93);
  }
  snprintf(ret_id, 33, "%016" PRIx64 "%016" PRIx64, a, b);
}
