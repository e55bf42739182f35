/* SPDX-License-Identifier: Apache-2.0 */

/* Admission as an emitter sees it: credit, a document to write into, and its way to the first segment. */
#include <errno.h>
#include <string.h>

#include "document/made_id.h"
#include "runtime/emitter.h"
#include "runtime/runtime.h"

enum { SOURCE_NAME_MAX = 4096, ID_MAX = MADE_ID_MAX };

/* Credit is counted in pieces, and taken with one to spare for names and fields, so that most documents need no
 * correction when they are admitted. */
enum { CREDIT_GRAIN = 4096 };

static uint64_t grains(uint64_t bytes) {
  return (bytes + CREDIT_GRAIN - 1) / CREDIT_GRAIN * CREDIT_GRAIN;
}

uint64_t emitter_charge_of(const document *self) {
  return grains(document_bytes(self));
}

uint64_t emitter_credit_for(size_t bytes) {
  return grains(bytes) + CREDIT_GRAIN;
}

static emitter *emitter_of(qn_call *call) {
  instance *stage = call->env->owner;
  return stage->emitter;
}

void emitter_abandon(emitter *self) {
  if (self->document == NULL) {
    return;
  }
  document_unref(self->document);
  self->document = NULL;
  self->carried = false;
  self->confirmed = 0;
  self->hand = NULL;
  self->wants_record = false;
  self->kind->give_credit(self, self->credit_bytes);
}

void emitter_done(emitter *self) {
  receipt_free_chain(self->local);
  self->local = NULL;
}

/* Takes credit and starts a document with room for so many bytes. */
static int begin(emitter *self, size_t bytes, uint8_t **ret_payload) {
  uint64_t credit = emitter_credit_for(bytes);
  int rc = self->kind->take_credit(self, credit);
  if (rc != 0) {
    return rc;
  }
  self->credit_bytes = credit;
  rc = document_new(self->runtime->pool, &self->document);
  if (rc != 0) {
    self->document = NULL;
    self->kind->give_credit(self, credit);
    return rc;
  }
  rc = document_payload_reserve(self->document, bytes, ret_payload);
  if (rc != 0) {
    emitter_abandon(self);
  }
  self->room_bytes = bytes;
  return rc;
}

int emit_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload) {
  emitter *self = emitter_of(call);
  if (self == NULL) {
    return -EINVAL;
  }
  if (bytes > self->runtime->plan->limits.document_bytes) {
    return -EFBIG;
  }
  emitter_abandon(self);
  return begin(self, bytes, ret_payload);
}

void runtime_confirm(qn_call *call, uint32_t stage) {
  emitter *self = emitter_of(call);
  self->confirmed |= UINT32_C(1) << self->runtime->plan->stages[stage].sink_slot;
}

void runtime_emit_hand(qn_call *call, hand *slot) {
  emitter_of(call)->hand = slot;
}

void runtime_emit_record(qn_call *call) {
  emitter_of(call)->wants_record = true;
}

int emit_field(qn_call *call, qn_str name, const qn_value *value) {
  emitter *self = emitter_of(call);
  return self != NULL && self->document != NULL ? document_field_set(self->document, name, value) : -EINVAL;
}

static int set_str(document *self, qn_str name, qn_str text) {
  qn_value value = { .type = QN_VALUE_STR, .as.str = text };
  return text.len == 0 ? 0 : document_field_set(self, name, &value);
}

static int set_made_id(document *self, qn_str origin, uint64_t ordinal) {
  char id[MADE_ID_MAX];
  size_t len = made_id(origin, ordinal, id);
  return set_str(self, QN_LIT("id"), (qn_str){ id, len });
}

/* A document out of a block is somebody already. */
static bool has_own_id(const emitter *self) {
  qn_value id;
  return self->carried && document_field_get(self->document, QN_LIT("id"), &id) == 0;
}

static int set_fields(emitter *self, const qn_emit *given) {
  qn_emit emit = *given;
  qn_str origin = { NULL, 0 };
  if (emit.source.len > SOURCE_NAME_MAX || emit.id.len > ID_MAX) {
    return -EINVAL;
  }
  self->kind->describe(self, &emit, &origin);
  document *doc = self->document;
  int rc = emit.id.len > 0    ? set_str(doc, QN_LIT("id"), emit.id)
           : has_own_id(self) ? 0
                              : set_made_id(doc, origin, emit.ordinal);
  if (rc == 0) {
    rc = set_str(doc, QN_LIT("source"), emit.source);
  }
  return rc == 0 ? set_str(doc, QN_LIT("media_type"), emit.media_type) : rc;
}

/* Sends the finished document on its way; from here on it is counted. error: it is failed already. */
static int admit(emitter *self, const qn_emit *emit, size_t payload_bytes, const qn_error *error) {
  runtime *rt = self->runtime;
  int rc = set_fields(self, emit);
  receipt *held = rc == 0 ? receipt_take(&rt->receipts, &self->local, self->document, self->segment->n_awaited) : NULL;
  if (held == NULL) {
    emitter_abandon(self);
    return rc != 0 ? rc : -ENOMEM;
  }
  leaf *it = &held->first;
  it->charged_bytes = emitter_charge_of(self->document);
  if (it->charged_bytes != self->credit_bytes) {
    admission_charge(&rt->admission, (int64_t)it->charged_bytes - (int64_t)self->credit_bytes);
  }
  self->document = NULL;
  self->carried = false;
  held->cookie = emit->cookie;
  held->payload_bytes = payload_bytes;
  atomic_store_explicit(&held->confirmed, self->confirmed, memory_order_relaxed);
  self->confirmed = 0;
  held->hand = self->hand;
  self->hand = NULL;
  atomic_store_explicit(&held->wants_record, self->wants_record, memory_order_relaxed);
  self->wants_record = false;
  self->kind->admitted(self, held);
  /* Once it is put, the leaf belongs to another thread and its receipt may be gone. */
  if (error != NULL) {
    metrics_failed(self->cell, error->slug);
    leaf_fail(it, self->stage->index, error);
    flow_end(self->flow, self->segment, it);
  } else {
    flow_onward(self->flow, self->segment, it);
  }
  self->kind->sent(self);
  return 0;
}

int emit_commit(qn_call *call, size_t bytes, const qn_emit *emit) {
  emitter *self = emitter_of(call);
  if (self == NULL || self->document == NULL || bytes > self->room_bytes) {
    return -EINVAL;
  }
  qn_view payload = { .len = (uint32_t)bytes };
  int rc = self->carried ? document_view_get(self->document, SCHEMA_VIEW_PAYLOAD, &payload)
                         : document_payload_commit(self->document, bytes);
  if (rc != 0) {
    emitter_abandon(self);
    return rc;
  }
  return admit(self, emit, payload.len, NULL);
}

int runtime_emit_failed(qn_call *call, size_t bytes, const qn_emit *emit, const char *slug, const char *text) {
  emitter *self = emitter_of(call);
  int rc = document_payload_commit(self->document, bytes);
  if (rc != 0) {
    emitter_abandon(self);
    return rc;
  }
  qn_error error = { 0 };
  error_set(&error, -EIO, slug, "%s", text);
  return admit(self, emit, bytes, &error);
}

int emit_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len) {
  emitter *self = emitter_of(call);
  if (self == NULL) {
    return -EINVAL;
  }
  if (self->carried) {
    emitter_abandon(self);
  }
  if (self->document == NULL) {
    uint8_t *payload;
    int rc = begin(self, 0, &payload);
    if (rc != 0) {
      return rc;
    }
  }
  int rc = document_payload_commit(self->document, 0);
  if (rc != 0) {
    emitter_abandon(self);
    return rc;
  }
  qn_error error = { 0 };
  error_set(&error, -EIO, slug, "%.*s", (int)(len < sizeof error.message ? len : sizeof error.message), text);
  return admit(self, emit, 0, &error);
}
