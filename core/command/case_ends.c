/* SPDX-License-Identifier: Apache-2.0 */

/* The tables are constants like any stage's; what they work on is found from the stage's info, which is part of it. */
#include "command/case_ends.h"

#include <errno.h>
#include <string.h>

#include "command/case_document.h"
#include "command/case_rows.h"
#include "plugin/host.h"

static void destroy(void *instance) {
  (void)instance; /* belongs to the command */
}

/* --- the source --- */

static int source_create(qn_create *call, void **ret_instance) {
  *ret_instance = (char *)(uintptr_t)call->env->info - offsetof(case_source, info);
  return 0;
}

static int emit_fields(qn_call *call, const cJSON *fields) {
  const cJSON *field;
  int rc = 0;
  cJSON_ArrayForEach(field, fields) {
    qn_value value;
    if (rc == 0) {
      rc = case_value_read(field, &value)
               ? call->host->emit_field(call, (qn_str){ field->string, strlen(field->string) }, &value)
               : -EINVAL;
    }
  }
  return rc;
}

static int emit(qn_call *call, const case_input *input, uint64_t index) {
  uint8_t *room;
  int rc = call->host->emit_reserve(call, input->len, &room);
  if (rc != 0) {
    return rc;
  }
  if (input->len > 0) {
    memcpy(room, input->bytes, input->len);
  }
  rc = emit_fields(call, input->fields);
  const qn_emit said = { .source = { input->source, strlen(input->source) },
                         .id = { input->id, strlen(input->id) },
                         .media_type = { input->media_type, strlen(input->media_type) },
                         .cookie = index };
  return rc == 0 ? call->host->emit_commit(call, input->len, &said) : rc;
}

static qn_status source_next(void *instance, qn_call *call) {
  case_source *self = instance;
  while (self->next < self->n_inputs && self->inputs[self->next].stage != self->stage) {
    self->next++;
  }
  if (self->next == self->n_inputs) {
    return QN_STATUS_OK;
  }
  const case_input *input = &self->inputs[self->next];
  int rc = emit(call, input, self->next++);
  if (rc == 0) {
    return QN_STATUS_MORE;
  }
  if (rc == -ECANCELED) {
    return QN_STATUS_OK;
  }
  char text[400];
  snprintf(text, sizeof text, "the input \"%.200s\" cannot be emitted: %s", input->id,
           rc == -EFBIG ? "it is larger than limits.document_bytes" : strerror(-rc));
  return qn_fail(call, QN_STATUS_FATAL, "input", text);
}

static void source_settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  case_source *self = instance;
  for (uint32_t i = 0; i < n_receipts; i++) {
    case_input *input = &self->inputs[receipts[i].cookie];
    input->settled = true;
    input->outcome = receipts[i].outcome;
  }
}

static const qn_source source_table = {
  .size = sizeof(qn_source), .create = source_create, .destroy = destroy, .next = source_next, .settled = source_settled
};
const qn_stage case_source_table = { .size = sizeof(qn_stage), .name = "test-input", .source = &source_table };

void case_source_init(case_source *self, plan *planned, uint32_t stage, case_input *inputs, uint32_t n_inputs) {
  static const char *const any_field[] = { "*" };
  *self = (case_source){ .info = *planned->stages[stage].info, .stage = stage, .inputs = inputs, .n_inputs = n_inputs };
  self->info.call = CALL_SYNC;
  self->info.n_fields_written = 1;
  self->info.fields_written = any_field;
  planned->stages[stage].info = &self->info;
}

/* --- the sink --- */

static int sink_create(qn_create *call, void **ret_instance) {
  *ret_instance = (char *)(uintptr_t)call->env->info - offsetof(case_sink, info);
  return 0;
}

/* All parts, since it is not known yet which the test looks at. */
static qn_status sink_prepare(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_record_options options = { .size = sizeof options };
  qn_str record;
  int rc = call->host->record_encode(call, &options, &record);
  rc = rc == 0 ? call->host->prepared_set(call, record.data, record.len) : rc;
  return rc == 0 ? QN_STATUS_OK : qn_fail(call, QN_STATUS_REJECT, "no-memory", "no memory to keep the document");
}

static void sink_write(void *instance, qn_item *const *items, uint32_t n_items) {
  case_sink *self = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    const host_call *call = (const host_call *)(const void *)items[i]->call;
    cJSON *document = case_document_json(call->document, items[i]->prepared);
    if (document == NULL || !cJSON_AddItemToArray(self->got, document)) {
      cJSON_Delete(document);
      items[i]->status = qn_fail(items[i]->call, QN_STATUS_FATAL, "no-memory", "no memory to keep the document");
    } else {
      items[i]->status = QN_STATUS_OK;
    }
  }
}

static const qn_sink sink_table = {
  .size = sizeof(qn_sink), .create = sink_create, .destroy = destroy, .prepare = sink_prepare, .write = sink_write
};
const qn_stage case_sink_table = { .size = sizeof(qn_stage), .name = "test-output", .sink = &sink_table };

int case_sink_init(case_sink *self, plan *planned, uint32_t stage) {
  *self =
      (case_sink){ .info = *planned->stages[stage].info, .stage = &planned->stages[stage], .got = cJSON_CreateArray() };
  self->info.call = CALL_SYNC;
  planned->stages[stage].info = &self->info;
  return self->got != NULL ? 0 : -ENOMEM;
}

void case_sink_done(case_sink *self) {
  cJSON_Delete(self->got);
  self->got = NULL;
}
