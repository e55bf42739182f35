/* SPDX-License-Identifier: Apache-2.0 */

/* Emitting: documents of a source, and parts of a document that a transform splits. Both are begun, filled and committed alike;
 * where they go differs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/harness_body.h"
#include "harness/source.h"
#include "harness/worker.h"

enum { SOURCE_NAME_MAX = 4096, ID_MAX = 256 };

static bool is_source(const qn_harness_run *run) {
  return run->harness->info->role == ROLE_SOURCE;
}

void emit_abandon(qn_harness_run *run) {
  if (run->emitting != NULL) {
    document_unref(run->emitting);
    run->emitting = NULL;
    run->is_carried = false;
    if (is_source(run)) {
      worker_forget(run->harness->worker);
      source_credit_give(run->harness->source);
    }
  }
}

/* Credit for one document: a source's is what the test has not pulled, a part's is counted for each call. */
static int take_credit(qn_harness_run *run) {
  uint32_t most = run->harness->part_credits;
  if (run->has_credit) {
    run->has_credit = false;
    return 0;
  }
  if (is_source(run)) {
    return source_credit_take(run->harness->source);
  }
  if (most > 0 && run->n_emitted >= most) {
    return -EAGAIN;
  }
  run->n_emitted++;
  return 0;
}

int emit_credit(qn_harness_run *run) {
  return take_credit(run);
}

void emit_carried(qn_harness_run *run, document *held) {
  run->emitting = held;
  run->is_carried = true;
  run->room_bytes = 0;
}

static int begin(qn_harness_run *run, size_t bytes, uint8_t **ret_payload) {
  emit_abandon(run);
  int rc = take_credit(run);
  if (rc != 0) {
    return rc;
  }
  rc = document_new(run->harness->pool, &run->emitting);
  if (rc != 0) {
    run->emitting = NULL;
    if (is_source(run)) {
      source_credit_give(run->harness->source);
    }
    return rc;
  }
  rc = document_payload_reserve(run->emitting, bytes, ret_payload);
  run->room_bytes = bytes;
  if (rc != 0) {
    emit_abandon(run);
  }
  return rc;
}

static int on_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload) {
  return begin(run_of(call), bytes, ret_payload);
}

static int on_field(qn_call *call, qn_str name, const qn_value *value) {
  qn_harness_run *run = run_of(call);
  return run->emitting != NULL ? document_field_set(run->emitting, name, value) : -EINVAL;
}

static int set(document *held, qn_str name, qn_str text) {
  qn_value value = { .type = QN_VALUE_STR, .as.str = text };
  return text.len == 0 ? 0 : document_field_set(held, name, &value);
}

static qn_str parents(const qn_harness_run *run, qn_str name) {
  qn_value value;
  bool found = run->doc != NULL && document_field_get(run->doc->held, name, &value) == 0 && value.type == QN_VALUE_STR;
  return found ? value.as.str : (qn_str){ NULL, 0 };
}

/* As in a pipeline: where it came from, and its place there. */
static int set_made_id(document *held, qn_str origin, uint64_t ordinal) {
  char id[ID_MAX];
  size_t from = origin.len > ID_MAX - 48 ? origin.len - (ID_MAX - 48) : 0;
  while (from < origin.len && ((unsigned char)origin.data[from] & 0xC0) == 0x80) {
    from++;
  }
  const char *rest = from < origin.len ? origin.data + from : "";
  int len = snprintf(id, sizeof id, "%.*s#%llu", (int)(origin.len - from), rest, (unsigned long long)ordinal);
  return set(held, QN_LIT("id"), (qn_str){ id, (size_t)len });
}

static int set_names(const qn_harness_run *run, const qn_emit *emit) {
  document *held = run->emitting;
  if (emit->source.len > SOURCE_NAME_MAX || emit->id.len > ID_MAX) {
    return -EINVAL;
  }
  qn_str origin = is_source(run) ? emit->source : parents(run, QN_LIT("id"));
  qn_str source = emit->source.len > 0 ? emit->source : parents(run, QN_LIT("source"));
  qn_value own;
  bool has_id = run->is_carried && document_field_get(held, QN_LIT("id"), &own) == 0;
  int rc = emit->id.len > 0 ? set(held, QN_LIT("id"), emit->id) : has_id ? 0 : set_made_id(held, origin, emit->ordinal);
  rc = rc == 0 ? set(held, QN_LIT("source"), source) : rc;
  return rc == 0 ? set(held, QN_LIT("media_type"), emit->media_type) : rc;
}

/* The document goes where it belongs. */
static int hand_over(qn_harness_run *run, const qn_emit *emit, const qn_error *error) {
  int rc = set_names(run, emit);
  if (rc != 0) {
    emit_abandon(run);
    return rc;
  }
  document *held = run->emitting;
  run->emitting = NULL;
  run->is_carried = false;
  if (is_source(run) && error == NULL && worker_knows(run->harness->worker, held, emit)) {
    document_unref(held);
    source_credit_give(run->harness->source);
    return 0;
  }
  if (is_source(run)) {
    return source_put(run->harness->source, held, emit, error);
  }
  if (error != NULL) {
    document_unref(held); /* a part that could not be made: the harness has nothing to show of it */
    return 0;
  }
  return doc_wrap_part(run->doc, held) != NULL ? 0 : -ENOMEM;
}

static int on_commit(qn_call *call, size_t bytes, const qn_emit *emit) {
  qn_harness_run *run = run_of(call);
  if (run->emitting == NULL || bytes > run->room_bytes) {
    return -EINVAL;
  }
  int rc = run->is_carried ? 0 : document_payload_commit(run->emitting, bytes);
  if (rc != 0) {
    emit_abandon(run);
    return rc;
  }
  return hand_over(run, emit, NULL);
}

static int on_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len) {
  qn_harness_run *run = run_of(call);
  uint8_t *room;
  if (run->is_carried) {
    emit_abandon(run);
  }
  int rc = run->emitting == NULL ? begin(run, 0, &room) : 0;
  rc = rc == 0 ? document_payload_commit(run->emitting, 0) : rc;
  if (rc != 0) {
    emit_abandon(run);
    return rc;
  }
  qn_error error = { 0 };
  error_set(&error, -EIO, slug, "%.*s", (int)len, text);
  return hand_over(run, emit, &error);
}

void emit_hooks_set(host_hooks *hooks) {
  hooks->emit_reserve = on_reserve;
  hooks->emit_field = on_field;
  hooks->emit_commit = on_commit;
  hooks->emit_reject = on_reject;
}
