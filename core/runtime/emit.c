/* SPDX-License-Identifier: Apache-2.0 */

/* Admission as a source sees it: credit, a document to write into, and its way into the first segment. */
#include <errno.h>
#include <string.h>

#include "runtime/route.h"
#include "runtime/source.h"

enum { SOURCE_NAME_MAX = 4096, ID_MAX = 256 };

/* Credit is counted in pieces, and taken with one to spare for names and fields, so that most documents need no
 * correction when they are admitted. */
enum { CREDIT_GRAIN = 4096 };

static uint64_t grains(uint64_t bytes) {
  return (bytes + CREDIT_GRAIN - 1) / CREDIT_GRAIN * CREDIT_GRAIN;
}

uint64_t emit_charge_of(const document *self) {
  return grains(document_bytes(self));
}

static source *source_of(qn_call *call) {
  instance *stage = call->env->owner;
  return stage->source;
}

static int take_quota(runtime *self) {
  if (self->options.limit_documents == 0 || atomic_fetch_sub(&self->quota, 1) > 0) {
    return 0;
  }
  atomic_fetch_add(&self->quota, 1);
  return -ECANCELED;
}

static void give_quota(runtime *self) {
  if (self->options.limit_documents != 0) {
    atomic_fetch_add(&self->quota, 1);
  }
}

/* An async source that is refused is told later; it looks once more after asking for that. */
static int take_now(source *self, uint64_t bytes) {
  admission *credits = &self->runtime->admission;
  int rc = admission_try(credits, bytes);
  if (rc != -EAGAIN || self->starved) {
    return rc;
  }
  admission_starve(credits);
  rc = admission_try(credits, bytes);
  if (rc == -EAGAIN) {
    self->starved = true;
  } else {
    admission_sated(credits);
  }
  return rc;
}

static int take_waiting(source *self, uint64_t bytes) {
  admission *credits = &self->runtime->admission;
  int rc = admission_try(credits, bytes);
  if (rc != -EAGAIN) {
    return rc;
  }
  uint64_t begin_ns = metrics_now_ns();
  rc = admission_wait(credits, bytes);
  self->waited_ns += metrics_now_ns() - begin_ns;
  return rc;
}

static int take_credit(source *self, uint64_t bytes) {
  int rc = take_quota(self->runtime);
  if (rc != 0) {
    return rc;
  }
  rc = self->async ? take_now(self, bytes) : take_waiting(self, bytes);
  if (rc != 0) {
    give_quota(self->runtime);
  }
  return rc;
}

void source_abandon(source *self) {
  if (self->document == NULL) {
    return;
  }
  document_unref(self->document);
  self->document = NULL;
  admission_release(&self->runtime->admission, 1, self->credit_bytes);
  give_quota(self->runtime);
}

/* Takes credit and starts a document with room for so many bytes. */
static int begin(source *self, size_t bytes, uint8_t **ret_payload) {
  uint64_t credit = grains(bytes) + CREDIT_GRAIN;
  int rc = take_credit(self, credit);
  if (rc != 0) {
    return rc;
  }
  self->credit_bytes = credit;
  rc = document_new(self->runtime->pool, &self->document);
  if (rc != 0) {
    self->document = NULL;
    admission_release(&self->runtime->admission, 1, credit);
    give_quota(self->runtime);
    return rc;
  }
  rc = document_payload_reserve(self->document, bytes, ret_payload);
  if (rc != 0) {
    source_abandon(self);
  }
  self->room_bytes = bytes;
  return rc;
}

int emit_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload) {
  source *in = source_of(call);
  if (in == NULL) {
    return -EINVAL;
  }
  if (bytes > in->runtime->plan->limits.document_bytes) {
    return -EFBIG;
  }
  source_abandon(in);
  return begin(in, bytes, ret_payload);
}

int emit_field(qn_call *call, qn_str name, const qn_value *value) {
  source *in = source_of(call);
  return in != NULL && in->document != NULL ? document_field_set(in->document, name, value) : -EINVAL;
}

static int set_str(document *self, qn_str name, qn_str text) {
  qn_value value = { .type = QN_VALUE_STR, .as.str = text };
  return text.len == 0 ? 0 : document_field_set(self, name, &value);
}

/* 64 bits of FNV-1a: only to keep long names apart. */
static uint64_t hash_of(qn_str text) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < text.len; i++) {
    hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(1099511628211);
  }
  return hash;
}

/* The id of a document whose source gave none: its source and place in it. Too long a source is cut at its front, at
 * a code point, and told apart by a hash. Runs for every document, so it does not print. */
static int set_made_id(document *self, const qn_emit *emit) {
  char id[ID_MAX];
  qn_str origin = emit->source;
  size_t len = 0;
  if (origin.len > ID_MAX - 48) {
    uint64_t hash = hash_of(origin);
    for (; len < 16; len++, hash <<= 4) {
      id[len] = "0123456789abcdef"[hash >> 60];
    }
    id[len++] = ':';
    size_t from = origin.len - (ID_MAX - 48);
    while (from < origin.len && ((unsigned char)origin.data[from] & 0xC0) == 0x80) {
      from++;
    }
    origin = (qn_str){ origin.data + from, origin.len - from };
  }
  if (origin.len > 0) {
    memcpy(id + len, origin.data, origin.len);
    len += origin.len;
  }
  id[len++] = '#';
  char digits[20];
  size_t n_digits = 0;
  uint64_t ordinal = emit->ordinal;
  do {
    digits[n_digits++] = (char)('0' + ordinal % 10);
    ordinal /= 10;
  } while (ordinal > 0);
  while (n_digits > 0) {
    id[len++] = digits[--n_digits];
  }
  return set_str(self, QN_LIT("id"), (qn_str){ id, len });
}

static int set_fields(document *self, const qn_emit *emit) {
  if (emit->source.len > SOURCE_NAME_MAX || emit->id.len > ID_MAX) {
    return -EINVAL;
  }
  int rc = emit->id.len > 0 ? set_str(self, QN_LIT("id"), emit->id) : set_made_id(self, emit);
  if (rc == 0) {
    rc = set_str(self, QN_LIT("source"), emit->source);
  }
  return rc == 0 ? set_str(self, QN_LIT("media_type"), emit->media_type) : rc;
}

/* Sends the finished document on its way; from here on it is counted. error: it is failed already. */
static int admit(source *self, const qn_emit *emit, size_t payload_bytes, const qn_error *error) {
  runtime *rt = self->runtime;
  int rc = set_fields(self->document, emit);
  receipt *held = rc == 0 ? receipt_take(&rt->receipts, &self->local, self->document) : NULL;
  if (held == NULL) {
    source_abandon(self);
    return rc != 0 ? rc : -ENOMEM;
  }
  leaf *it = &held->first;
  it->charged_bytes = emit_charge_of(self->document);
  if (it->charged_bytes != self->credit_bytes) {
    admission_charge(&rt->admission, (int64_t)it->charged_bytes - (int64_t)self->credit_bytes);
  }
  self->document = NULL;
  held->cookie = emit->cookie;
  held->source = self->index;
  held->now_ms = runtime_now_ms(rt);
  held->payload_bytes = payload_bytes;
  uint64_t sequence = atomic_fetch_add(&rt->next_sequence, 1);
  held->sequence = sequence;
  atomic_fetch_add_explicit(&rt->bytes_admitted, payload_bytes, memory_order_relaxed);
  metrics_add(&self->cell->documents, 1);
  metrics_add(&self->cell->bytes, payload_bytes);
  /* Once it is put, the leaf belongs to another thread and its receipt may be gone. */
  if (error != NULL) {
    metrics_add(&self->cell->failed, 1);
    leaf_fail(it, self->stage->index, error);
    border_wake(route_ended(self->segment, it));
  } else {
    border_wake(route_onward(self->segment, it));
  }
  if (rt->options.limit_documents != 0 && sequence + 1 >= rt->options.limit_documents) {
    runtime_halt(rt, RUN_LIMIT);
  }
  return 0;
}

int emit_commit(qn_call *call, size_t bytes, const qn_emit *emit) {
  source *in = source_of(call);
  if (in == NULL || in->document == NULL || bytes > in->room_bytes) {
    return -EINVAL;
  }
  int rc = document_payload_commit(in->document, bytes);
  if (rc != 0) {
    source_abandon(in);
    return rc;
  }
  return admit(in, emit, bytes, NULL);
}

int emit_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len) {
  source *in = source_of(call);
  if (in == NULL) {
    return -EINVAL;
  }
  if (in->document == NULL) {
    uint8_t *payload;
    int rc = begin(in, 0, &payload);
    if (rc != 0) {
      return rc;
    }
  }
  int rc = document_payload_commit(in->document, 0);
  if (rc != 0) {
    source_abandon(in);
    return rc;
  }
  qn_error error = { 0 };
  error_set(&error, -EIO, slug, "%.*s", (int)(len < sizeof error.message ? len : sizeof error.message), text);
  return admit(in, emit, 0, &error);
}
