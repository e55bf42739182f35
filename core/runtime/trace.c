/* SPDX-License-Identifier: Apache-2.0 */

/* Picking, noting and handing over. What a document is called is copied at once, since the document may be gone when it has settled. */
#include "runtime/trace.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document/utf8.h"
#include "observe/metrics.h"

enum { PARENT_LEN = TRACE_PARENT_BYTES - 1, FLAGS_AT = 53 };

static bool is_hex(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f'))) {
      return false;
    }
  }
  return true;
}

static bool is_zero(const char *text, size_t len) {
  return strspn(text, "0") >= len;
}

bool trace_is_parent(const char *text, size_t len) {
  return len == PARENT_LEN && memcmp(text, "00-", 3) == 0 && text[35] == '-' && text[52] == '-' &&
         is_hex(text + 3, 32) && is_hex(text + 36, 16) && is_hex(text + FLAGS_AT, 2) && !is_zero(text + 3, 32) &&
         !is_zero(text + 36, 16);
}

static bool get_text(const document *from, qn_str name, qn_str *ret_text) {
  qn_value value;
  if (document_field_get(from, name, &value) != 0 || value.type != QN_VALUE_STR) {
    return false;
  }
  *ret_text = value.as.str;
  return true;
}

static void copy_field(const document *from, qn_str name, char *to) {
  qn_str text;
  size_t len = get_text(from, name, &text) ? text.len : 0;
  if (len > TRACE_ID_BYTES - 1) {
    len = TRACE_ID_BYTES - 1;
    while (len > 0 && !utf8_is_border((uint8_t)text.data[len])) {
      len--;
    }
  }
  if (len > 0) {
    memcpy(to, text.data, len);
  }
  to[len] = '\0';
}

/* Spreads neighbours over the whole range, so that one in a hundred is not always the same one of a batch. */
static uint32_t scatter(uint64_t sequence) {
  uint64_t mixed = (sequence + 1) * UINT64_C(0x9E3779B97F4A7C15);
  mixed ^= mixed >> 32;
  mixed *= UINT64_C(0xD6E8FEB86659FD93);
  return (uint32_t)(mixed >> 32);
}

static uint64_t unix_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void trace_pick(const tracer *by, receipt *held, const document *doc, const struct plan *planned) {
  qn_str parent = { NULL, 0 };
  bool has_parent = get_text(doc, QN_LIT("traceparent"), &parent) && trace_is_parent(parent.data, parent.len);
  bool picked = by->share == UINT32_MAX || scatter(held->sequence) < by->share;
  if (has_parent) {
    char flags = parent.data[FLAGS_AT + 1];
    picked = ((flags <= '9' ? flags - '0' : flags - 'a' + 10) & 1) != 0; /* who sent it has decided */
  }
  trace *made = picked ? malloc(sizeof *made) : NULL;
  if (made == NULL) {
    return;
  }
  made->plan = planned;
  copy_field(doc, QN_LIT("id"), made->id);
  copy_field(doc, QN_LIT("source"), made->source);
  memcpy(made->parent, has_parent ? parent.data : "", has_parent ? PARENT_LEN : 0);
  made->parent[has_parent ? PARENT_LEN : 0] = '\0';
  made->payload_bytes = held->payload_bytes;
  made->begin_unix_ns = (int64_t)unix_ns();
  made->begin_ns = metrics_now_ns();
  made->end_ns = made->begin_ns;
  made->outcome = LEAF_LIVE;
  atomic_init(&made->n_spans, 0);
  held->trace = made;
}

void trace_add(trace *self, const trace_span *span) {
  uint32_t index = atomic_fetch_add_explicit(&self->n_spans, 1, memory_order_relaxed);
  if (index < TRACE_SPANS_MAX) {
    self->spans[index] = *span;
  }
}

void trace_end(const tracer *by, receipt *held, uint32_t outcome) {
  trace *taken = held->trace;
  held->trace = NULL;
  taken->end_ns = metrics_now_ns();
  taken->outcome = outcome;
  by->done(by->arg, taken);
}
