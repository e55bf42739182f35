/* SPDX-License-Identifier: Apache-2.0 */

/* The stub's table is a constant like any stage's; what it works on is found from the stage's info, which is part of the
 * stub itself. What a test asks for and the manifest does not allow ends the run: that is a fault of the test. */
#include "command/case_stub.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/case_rows.h"
#include "document/layer.h"
#include "plugin/host.h"

enum { DELAY_STEP_MS = 5, MESSAGE_MAX = 1000 };

static const cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

static qn_status broken(qn_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

static qn_status broken(qn_call *call, const char *format, ...) {
  char text[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return call->host->fail(call, QN_STATUS_FATAL, "stub", text,
                          len < 0                     ? 0
                          : (size_t)len < sizeof text ? (size_t)len
                                                      : sizeof text - 1);
}

/* --- which rule --- */

static bool names(const cJSON *list, qn_str id) {
  const cJSON *name;
  cJSON_ArrayForEach(name, list) {
    if (strlen(name->valuestring) == id.len && memcmp(name->valuestring, id.data, id.len) == 0) {
      return true;
    }
  }
  return false;
}

static const cJSON *rule_for(const case_stub *self, qn_call *call) {
  qn_value id = { 0 };
  if (call->host->field_get(call, QN_LIT("id"), &id) != 0 || id.type != QN_VALUE_STR) {
    id.as.str = (qn_str){ NULL, 0 };
  }
  const cJSON *rule;
  cJSON_ArrayForEach(rule, self->rules) {
    const cJSON *documents = member(rule, "for");
    if (strcmp(member(rule, "stage")->valuestring, self->stage->id) == 0 &&
        (documents == NULL || names(documents, id.as.str))) {
      return rule;
    }
  }
  return NULL;
}

/* --- what it writes --- */

static qn_status write_fields(qn_call *call, const cJSON *fields) {
  const cJSON *field;
  cJSON_ArrayForEach(field, fields) {
    qn_str name = { field->string, strlen(field->string) };
    qn_value value;
    if (!case_value_read(field, &value)) {
      return broken(call,
                    "the stub sets the field \"%.100s\" to a list or an object; fields are strings, numbers, true "
                    "and false",
                    field->string);
    }
    int rc = call->host->field_set(call, name, &value);
    if (rc != 0) {
      return rc == -EPERM
                 ? broken(call, "the stub sets the field \"%.100s\", which the stage's manifest does not let it",
                          field->string)
                 : broken(call, "the field \"%.100s\" cannot be set: %s", field->string, strerror(-rc));
    }
  }
  return QN_STATUS_OK;
}

/* One run for the whole of a text of the test's own: nothing in it has a place of its own in the base. */
static int write_text(qn_call *call, const char *text, uint32_t base_len) {
  size_t len = strlen(text);
  qn_view_room room;
  int rc = len > UINT32_MAX ? -EFBIG : call->host->view_reserve(call, (uint32_t)len, 1, &room);
  if (rc != 0) {
    return rc;
  }
  memcpy(room.data, text, len);
  uint32_t n_runs = len > 0 || base_len > 0;
  if (n_runs > 0) {
    room.derived[0] = 0;
    room.base[0] = 0;
    room.kind[0] = QN_RUN_REPLACE;
  }
  return call->host->view_commit(call, (uint32_t)len, n_runs);
}

static qn_status write_view(const case_stub *self, qn_call *call, const cJSON *text) {
  if (self->stage->layout.view_provides == SCHEMA_VIEW_NONE) {
    return text == NULL ? QN_STATUS_OK
                        : broken(call, "the stub provides a view, which the stage's manifest does not let it");
  }
  qn_view base;
  int rc = call->host->view_get(call, &base);
  if (rc == 0) {
    rc = text != NULL ? write_text(call, text->valuestring, base.len)
                      : call->host->view_alias(call, (qn_span){ 0, base.len });
  }
  return rc == 0 ? QN_STATUS_OK : broken(call, "the stub's view cannot be built: %s", strerror(-rc));
}

/* The manifest index of a layer that the stage may write; the layout's n_layers if there is none. */
static uint32_t find_layer(const case_stub *self, const char *name) {
  const stage_layout *layout = &self->stage->layout;
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    bool writes = layout->layer_access[i] == LAYER_PROVIDES || layout->layer_access[i] == LAYER_MODIFIES;
    if (writes && strcmp(schema_set_at(self->schemas, layout->layer_slot[i])->name, name) == 0) {
      return i;
    }
  }
  return layout->n_layers;
}

static int fill(qn_call *call, uint32_t index, bool edits, const case_rows *rows) {
  qn_rows room;
  int rc = edits ? call->host->layer_edit(call, index, rows->n, rows->heap_bytes, &room)
                 : call->host->layer_reserve(call, index, rows->n, rows->heap_bytes, &room);
  if (rc != 0) {
    return rc;
  }
  uint32_t heap_used = 0;
  case_rows_fill(rows, &room, &heap_used);
  return edits ? call->host->layer_replace(call, index, rows->n, room.heap_base + heap_used)
               : call->host->layer_commit(call, index, rows->n, heap_used);
}

static qn_status write_layer(const case_stub *self, qn_call *call, const cJSON *layer) {
  uint32_t index = find_layer(self, layer->string);
  if (index == self->stage->layout.n_layers) {
    return broken(call, "the stub writes the layer \"%.100s\", which the stage's manifest does not let it",
                  layer->string);
  }
  qn_view view;
  if (call->host->view_get(call, &view) != 0) {
    return broken(call, "the stub writes the layer \"%.100s\", but the stage's view is not there", layer->string);
  }
  case_rows rows;
  qn_error error = { 0 };
  int rc =
      case_rows_read(schema_set_at(self->schemas, self->stage->layout.layer_slot[index]), layer, &view, &rows, &error);
  if (rc != 0) {
    return broken(call, "%s", error.message);
  }
  rc = fill(call, index, self->stage->layout.layer_access[index] == LAYER_MODIFIES, &rows);
  case_rows_done(&rows);
  return rc == 0 ? QN_STATUS_OK
                 : broken(call, "the stub's rows of \"%.100s\" cannot be built: %s", layer->string, strerror(-rc));
}

static qn_status write_all(const case_stub *self, qn_call *call, const cJSON *rule) {
  qn_status status = write_view(self, call, member(rule, "view"));
  if (status == QN_STATUS_OK) {
    status = write_fields(call, member(rule, "fields"));
  }
  const cJSON *layer;
  cJSON_ArrayForEach(layer, member(rule, "layers")) {
    if (status == QN_STATUS_OK) {
      status = write_layer(self, call, layer);
    }
  }
  return status;
}

/* --- what it says --- */

static void wait(qn_call *call, const cJSON *delay) {
  const struct timespec step = { 0, DELAY_STEP_MS * 1000000L };
  double left_ms = cJSON_IsNumber(delay) ? delay->valuedouble : 0;
  for (; left_ms > 0 && !call->host->cancelled(call); left_ms -= DELAY_STEP_MS) {
    nanosleep(&step, NULL);
  }
}

static qn_status status_of(const cJSON *rule, uint32_t attempt) {
  static const struct {
    const char *word;
    qn_status status;
  } words[] = { { "drop", QN_STATUS_DROP },
                { "reject", QN_STATUS_REJECT },
                { "retry", QN_STATUS_RETRY },
                { "fatal", QN_STATUS_FATAL } };
  const char *outcome = cJSON_GetStringValue(member(rule, "outcome"));
  for (size_t i = 0; outcome != NULL && i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(words[i].word, outcome) == 0) {
      const cJSON *times = words[i].status == QN_STATUS_RETRY ? member(rule, "times") : NULL;
      return times != NULL && attempt > times->valuedouble ? QN_STATUS_OK : words[i].status;
    }
  }
  return QN_STATUS_OK;
}

static qn_status process(void *instance, void *context, qn_call *call) {
  const case_stub *self = instance;
  (void)context;
  const cJSON *rule = rule_for(self, call);
  wait(call, member(rule, "delay_ms"));
  qn_status status = status_of(rule, call->attempt);
  if (status == QN_STATUS_OK) {
    return write_all(self, call, rule);
  }
  if (status == QN_STATUS_DROP) {
    return status;
  }
  const char *slug = cJSON_GetStringValue(member(rule, "slug"));
  const char *message = cJSON_GetStringValue(member(rule, "message"));
  return qn_fail(call, status, slug != NULL ? slug : "stub", message != NULL ? message : "told to by the test");
}

static void process_batch(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                          qn_status *ret_statuses) {
  for (uint32_t i = 0; i < n_calls; i++) {
    ret_statuses[i] = process(instance, context, calls[i]);
  }
}

static int create(qn_create *call, void **ret_instance) {
  *ret_instance = (char *)(uintptr_t)call->env->info - offsetof(case_stub, info);
  return 0;
}

static void destroy(void *instance) {
  (void)instance; /* belongs to the command */
}

static const qn_transform transform_table = {
  .size = sizeof(qn_transform), .create = create, .destroy = destroy, .process = process, .process_batch = process_batch
};
const qn_stage case_stub_table = { .size = sizeof(qn_stage), .name = "stub", .transform = &transform_table };

void case_stub_init(case_stub *self, const plan *planned, plan_stage *stage, const cJSON *rules) {
  *self = (case_stub){ .info = *stage->info, .stage = stage, .schemas = planned->schemas, .rules = rules };
  stage->info = &self->info;
}
