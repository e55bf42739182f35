/* SPDX-License-Identifier: Apache-2.0 */

/* The host's side: its functions with a look at what they are given. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/watch.h"
#include "document/utf8.h"

enum { SLUG_MAX = 48, LOG_MAX = 4096, PAYLOAD_GUARD = 64, SOURCE_MAX = 4096, ID_MAX = 256 };

/* --- words --- */

static bool slug_ok(const char *slug) {
  size_t len = slug != NULL ? strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
  return len > 0 && len <= SLUG_MAX && slug[len] == '\0';
}

/* Why a text is no line for people; NULL: it is. */
static const char *text_fault(const char *text, size_t len) {
  if (text == NULL && len > 0) {
    return "its text is NULL and its length is not 0";
  }
  if (utf8_fault((const uint8_t *)text, len) != len) {
    return "its text is not UTF-8";
  }
  for (size_t i = 0; i < len; i++) {
    if ((uint8_t)text[i] < 0x20 || text[i] == 0x7F) {
      return "its text has control characters";
    }
  }
  return NULL;
}

void watch_words(watch *self, const char *what, const char *slug, bool has_slug, const char *text, size_t len) {
  if (has_slug && !slug_ok(slug)) {
    char shown[3 * SLUG_MAX + 1] = "";
    size_t n = slug != NULL ? utf8_repair((const uint8_t *)slug, strnlen(slug, SLUG_MAX), (uint8_t *)shown) : 0;
    shown[n] = '\0';
    teller_find(self->teller, RULE_SAY_SLUG, "%s has the slug \"%s\"", what, shown);
  }
  const char *fault = text_fault(text, len);
  if (fault != NULL) {
    teller_find(self->teller, RULE_SAY_TEXT, "%s: %s", what, fault);
  }
}

static void on_log(qn_env *env, uint32_t level, const char *text, size_t len) {
  watch *self = watch_of(env);
  const char *fault = len > LOG_MAX ? "its text is longer than 4 KiB" : text_fault(text, len);
  if (fault != NULL || level > QN_LOG_DEBUG) {
    teller_find(self->teller, RULE_SAY_LOG, "log(): %s", fault != NULL ? fault : "there is no such level");
  }
  self->next.log(env, level, text, len);
}

static qn_status on_fail(qn_call *call, qn_status status, const char *slug, const char *text, size_t len) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  watch_words(self, "fail()", slug, true, text, len);
  if (at != NULL) {
    at->has_said = true;
    at->said = status;
  }
  return self->next.fail(call, status, slug, text, len);
}

static int on_create_fail(qn_create *create, const char *text, size_t len) {
  watch *self = watch_of(create->env);
  self->create_said = true;
  watch_words(self, "create_fail()", NULL, false, text, len);
  return self->next.create_fail(create, text, len);
}

/* --- memory --- */

static void *on_resize(qn_env *env, void *memory, size_t bytes) {
  watch *self = watch_of(env);
  void *larger = self->next.resize(env, memory, bytes);
  atomic_fetch_add(&self->n_blocks, memory == NULL && larger != NULL);
  return larger;
}

static void *on_alloc(qn_env *env, size_t bytes) {
  watch *self = watch_of(env);
  void *memory = self->next.alloc(env, bytes);
  if (memory != NULL) {
    memset(memory, self->fill, bytes);
    atomic_fetch_add(&self->n_blocks, 1);
  }
  return memory;
}

static void on_release(qn_env *env, void *memory) {
  watch *self = watch_of(env);
  atomic_fetch_sub(&self->n_blocks, memory != NULL);
  self->next.release(env, memory);
}

/* --- configuration --- */

/* One step down a schema by a part of a pointer; NULL: it has no such place. */
static const cJSON *schema_step(const cJSON *schema, const char *part, size_t len) {
  char key[256];
  const cJSON *items = cJSON_GetObjectItemCaseSensitive(schema, "items");
  if (items != NULL && len > 0 && strspn(part, "0123456789") >= len) {
    return items;
  }
  size_t n = 0;
  for (size_t i = 0; i < len && n + 1 < sizeof key; i++) {
    bool escape = part[i] == '~' && i + 1 < len;
    key[n++] = escape ? (part[++i] == '1' ? '/' : '~') : part[i];
  }
  key[n] = '\0';
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(schema, "properties"), key);
  return found != NULL ? found : cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
}

static bool schema_has(const cJSON *schema, const char *pointer) {
  while (schema != NULL && *pointer == '/') {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
    if (cJSON_IsString(type) && strcmp(type->valuestring, "predicate") == 0) {
      return true;
    }
    size_t len = strcspn(pointer + 1, "/");
    schema = schema_step(schema, pointer + 1, len);
    pointer += 1 + len;
  }
  return schema != NULL && *pointer == '\0';
}

static void pointer_check(qn_create *create, const char *what, const char *pointer) {
  watch *self = watch_of(create->env);
  bool layers = pointer != NULL && strncmp(pointer, "/layers", 7) == 0; /* the host's own key, of any stage */
  if (pointer == NULL || (!layers && !schema_has(self->info->config, pointer))) {
    teller_find(self->teller, RULE_CONFIG_DECLARED, "%s of \"%.100s\"", what, pointer != NULL ? pointer : "(NULL)");
  }
}

static int on_config_get(qn_create *create, const char *pointer, qn_value *ret_value) {
  pointer_check(create, "config_get", pointer);
  return pointer != NULL ? watch_of(create->env)->next.config_get(create, pointer, ret_value) : -ENOENT;
}

static int on_config_key(qn_create *create, const char *pointer, uint32_t index, qn_str *ret_key) {
  pointer_check(create, "config_key", pointer);
  return pointer != NULL ? watch_of(create->env)->next.config_key(create, pointer, index, ret_key) : -ENOENT;
}

static int on_data_open(qn_create *create, const char *name, qn_str *ret_bytes) {
  watch *self = watch_of(create->env);
  const manifest *from = self->info->manifest;
  bool listed = false;
  for (uint32_t i = 0; name != NULL && i < from->n_data; i++) {
    listed = listed || strcmp(from->data[i], name) == 0;
  }
  if (!listed) {
    teller_find(self->teller, RULE_MANIFEST_OPENS, "data_open of \"%.100s\"", name != NULL ? name : "(NULL)");
  }
  return name != NULL ? self->next.data_open(create, name, ret_bytes) : -ENOENT;
}

static int on_file_open(qn_create *create, const char *pointer, qn_str *ret_bytes) {
  pointer_check(create, "file_open", pointer);
  return pointer != NULL ? watch_of(create->env)->next.file_open(create, pointer, ret_bytes) : -ENOENT;
}

static const void *on_extension(qn_env *env, const char *name) {
  watch *self = watch_of(env);
  return self->options.older_host ? NULL : self->next.extension(env, name);
}

/* --- reading and fields --- */

static int on_layer_get(qn_call *call, uint32_t layer, qn_layer *ret_layer) {
  watch *self = watch_of(call->env);
  if (layer >= self->layout->n_layers) {
    teller_find(self->teller, RULE_LAYER_DECLARED, "layer_get of layer %u, and its manifest has %u", layer,
                self->layout->n_layers);
    return -EINVAL;
  }
  return self->next.layer_get(call, layer, ret_layer);
}

static bool is_named(const char *const *names, uint32_t n, qn_str name) {
  for (uint32_t i = 0; i < n; i++) {
    if (strcmp(names[i], "*") == 0 || (strlen(names[i]) == name.len && memcmp(names[i], name.data, name.len) == 0)) {
      return true;
    }
  }
  return false;
}

static int on_field_get(qn_call *call, qn_str name, qn_value *ret_value) {
  watch *self = watch_of(call->env);
  const stage_info *info = self->info;
  if (!is_named(info->fields_read, info->n_fields_read, name) &&
      !is_named(info->fields_written, info->n_fields_written, name)) {
    teller_find(self->teller, RULE_FIELD_READS, "field_get of \"%.*s\"", (int)(name.len < 64 ? name.len : 64),
                name.data);
  }
  return self->next.field_get(call, name, ret_value);
}

static void field_check(watch *self, const char *what, qn_str name, const qn_value *value, int rc) {
  const stage_info *info = self->info;
  int shown = (int)(name.len < 64 ? name.len : 64);
  if (!is_named(info->fields_written, info->n_fields_written, name)) {
    teller_find(self->teller, RULE_FIELD_WRITES, "%s of \"%.*s\"", what, shown, name.data);
  } else if (rc == -EINVAL) {
    teller_find(self->teller, RULE_FIELD_VALUE, "%s of \"%.*s\" with a value of type %u was refused", what, shown,
                name.data, value != NULL ? value->type : 0);
  }
}

static int on_field_set(qn_call *call, qn_str name, const qn_value *value) {
  watch *self = watch_of(call->env);
  int rc = self->next.field_set(call, name, value);
  field_check(self, "field_set", name, value, rc);
  return rc;
}

/* --- emitting --- */

static bool may_emit(watch *self, const char *what) {
  if (self->info->role == ROLE_SOURCE || self->info->splits) {
    return true;
  }
  teller_find(self->teller, RULE_CALL_ALLOWED, "%s, and it is neither a source nor does it split", what);
  return false;
}

static int on_emit_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!may_emit(self, "emit_reserve")) {
    return -EINVAL;
  }
  if (at == NULL || bytes > SIZE_MAX / 2) {
    return self->next.emit_reserve(call, bytes, ret_payload);
  }
  at->payload = NULL;
  if (self->is_scarce && self->info->splits && at->n_emits > 0) {
    return -EAGAIN;
  }
  atomic_fetch_add(&self->n_emitting, 1);
  int rc = self->next.emit_reserve(call, bytes + PAYLOAD_GUARD, ret_payload);
  atomic_fetch_sub(&self->n_emitting, 1);
  atomic_fetch_add(&self->n_cancelled, rc == -ECANCELED);
  if (rc == 0) {
    at->n_emits++;
    at->payload = *ret_payload;
    at->payload_bytes = bytes;
    memset(at->payload, at->fill, bytes + PAYLOAD_GUARD);
  }
  return rc;
}

static int on_emit_field(qn_call *call, qn_str name, const qn_value *value) {
  watch *self = watch_of(call->env);
  if (!may_emit(self, "emit_field")) {
    return -EINVAL;
  }
  int rc = self->next.emit_field(call, name, value);
  field_check(self, "emit_field", name, value, rc);
  return rc;
}

static void payload_check(watch *self, const watched_call *at) {
  for (size_t i = 0; at->payload != NULL && i < PAYLOAD_GUARD; i++) {
    if (at->payload[at->payload_bytes + i] != at->fill) {
      teller_find(self->teller, RULE_LAYER_ROOM, "it wrote behind the %zu bytes lent to it for a payload",
                  at->payload_bytes);
      return;
    }
  }
}

static void emit_names_check(watch *self, const qn_emit *emit) {
  if (emit == NULL || emit->source.len > SOURCE_MAX || emit->id.len > ID_MAX) {
    teller_find(self->teller, RULE_SOURCE_EMIT, "a document's source has %zu bytes and its id %zu; at most %d and %d",
                emit != NULL ? emit->source.len : 0, emit != NULL ? emit->id.len : 0, SOURCE_MAX, ID_MAX);
  }
}

static int on_emit_commit(qn_call *call, size_t bytes, const qn_emit *emit) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!may_emit(self, "emit_commit")) {
    return -EINVAL;
  }
  emit_names_check(self, emit);
  if (at != NULL) {
    payload_check(self, at);
    if (at->payload == NULL || bytes > at->payload_bytes) {
      teller_find(self->teller, RULE_SOURCE_EMIT, "emit_commit of %zu bytes, and %zu were reserved", bytes,
                  at->payload != NULL ? at->payload_bytes : 0);
      return -EINVAL;
    }
    at->payload = NULL;
  }
  return self->next.emit_commit(call, bytes, emit);
}

static int on_emit_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!may_emit(self, "emit_reject")) {
    return -EINVAL;
  }
  emit_names_check(self, emit);
  watch_words(self, "emit_reject()", slug, true, text, len);
  if (text == NULL || len == 0) {
    teller_find(self->teller, RULE_SAY_WHY, "emit_reject() without a message");
  }
  if (at != NULL) {
    at->payload = NULL;
  }
  return self->next.emit_reject(call, emit, slug, text, len);
}

/* --- the rest --- */

static int allowed(qn_call *call, const char *what, int rc) {
  watch *self = watch_of(call->env);
  if (rc == -EINVAL) {
    teller_find(self->teller, RULE_CALL_ALLOWED, "%s was refused: it is not for a %s, or not here", what,
                self->info->role == ROLE_SINK     ? "sink outside prepare"
                : self->info->role == ROLE_SOURCE ? "source"
                                                  : "transform");
  }
  return rc;
}

static int on_record_encode(qn_call *call, const qn_record_options *options, qn_str *ret_json) {
  return allowed(call, "record_encode", watch_of(call->env)->next.record_encode(call, options, ret_json));
}

static int on_prepared_set(qn_call *call, const void *bytes, size_t len) {
  return allowed(call, "prepared_set", watch_of(call->env)->next.prepared_set(call, bytes, len));
}

static int on_predicate_holds(qn_call *call, const qn_predicate *predicate) {
  return allowed(call, "predicate_holds", watch_of(call->env)->next.predicate_holds(call, predicate));
}

static void on_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text,
                        size_t len) {
  watch *self = watch_of(env);
  bool failed = status >= QN_STATUS_RETRY && status <= QN_STATUS_FATAL;
  if (status == QN_STATUS_PENDING || status < QN_STATUS_OK || status > QN_STATUS_FATAL ||
      (status == QN_STATUS_MORE && !self->info->splits)) {
    teller_find(self->teller, RULE_STATUS_ALLOWED, "complete() with status %d", (int)status);
  }
  if (failed) {
    watch_words(self, "complete()", slug, true, text, len);
    if (text == NULL || len == 0) {
      teller_find(self->teller, RULE_SAY_WHY, "complete() with status %d and no message", (int)status);
    }
  }
  watch_ticket_end(self, ticket, status);
  if (self->throws_away && status == QN_STATUS_OK) {
    static const char why[] = "what was built is thrown away";
    self->next.complete(env, ticket, QN_STATUS_RETRY, WATCH_THROWN, why, sizeof why - 1);
  } else {
    self->next.complete(env, ticket, status, slug, text, len);
  }
}

/* What a newer host has behind what this one knows: nobody calls it. */
static void no_such_function(void) {
  abort();
}

typedef struct longer_host {
  qn_host host;
  void (*more[WATCH_MORE_FUNCTIONS])(void);
} longer_host;

static void host_fill(qn_host *to) {
  to->log = on_log;
  to->alloc = on_alloc;
  to->resize = on_resize;
  to->release = on_release;
  to->extension = on_extension;
  to->config_get = on_config_get;
  to->config_key = on_config_key;
  to->data_open = on_data_open;
  to->file_open = on_file_open;
  to->create_fail = on_create_fail;
  to->fail = on_fail;
  to->view_reserve = watch_view_reserve;
  to->view_commit = watch_view_commit;
  to->view_alias = watch_view_alias;
  to->layer_get = on_layer_get;
  to->layer_reserve = watch_layer_reserve;
  to->layer_commit = watch_layer_commit;
  to->layer_edit = watch_layer_edit;
  to->layer_replace = watch_layer_replace;
  to->field_get = on_field_get;
  to->field_set = on_field_set;
  to->emit_reserve = on_emit_reserve;
  to->emit_field = on_emit_field;
  to->emit_commit = on_emit_commit;
  to->emit_reject = on_emit_reject;
  to->record_encode = on_record_encode;
  to->prepared_set = on_prepared_set;
  to->predicate_holds = on_predicate_holds;
  to->complete = on_complete;
}

/* The table as ABI 1.0 had it, and not a byte more behind it. */
static const qn_host *shorter_host(qn_harness *harness) {
  enum { BYTES_1_0 = offsetof(qn_host, predicate_holds) + sizeof harness->lent->predicate_holds };
  qn_host *shorter = malloc(BYTES_1_0);
  if (shorter == NULL) {
    return NULL;
  }
  memcpy(shorter, harness->lent, BYTES_1_0);
  shorter->size = BYTES_1_0;
  shorter->abi_minor = 0;
  free(harness->lent);
  harness->lent = shorter;
  return shorter;
}

const qn_host *watch_wrap_host(watch *self, qn_create *create) {
  qn_harness *harness = create->env->owner;
  self->next = *harness->lent;
  host_fill(harness->lent);
  if (self->options.older_host && self->info->manifest->abi_minor == 0) {
    return shorter_host(harness);
  }
  if (!self->options.newer_host) {
    return harness->lent;
  }
  longer_host *longer = malloc(sizeof *longer);
  if (longer == NULL) {
    return NULL;
  }
  longer->host = *harness->lent;
  longer->host.size = sizeof *longer;
  longer->host.abi_minor++;
  for (unsigned i = 0; i < WATCH_MORE_FUNCTIONS; i++) {
    longer->more[i] = no_such_function;
  }
  free(harness->lent);
  harness->lent = &longer->host;
  return harness->lent;
}
