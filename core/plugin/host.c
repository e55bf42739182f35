/* SPDX-License-Identifier: Apache-2.0 */

/* The host table, and the two ends of every call.
 *
 * host_call_begin and host_call_end run around every function of a stage, so the common way through them (OK, nothing
 * said) is a few stores and the builder's own begin and seal. */
#include "plugin/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "document/utf8.h"
#include "observe/log.h"
#include "plugin/host_parts.h"
#include "plugin/predicate.h"

static host_call *body_of(qn_call *call) {
  return (host_call *)(void *)call;
}

/* A call that the rules forbid here: refused, and counted for the checker. */
static int alien(host_call *body) {
  body->alien_uses++;
  return -EINVAL;
}

void host_words_copy(qn_error *error, int code, const char *slug, const char *fallback_slug, const char *text,
                     size_t len) {
  enum { SHOWN_MAX = 1000 };
  uint8_t clean[3 * SHOWN_MAX + 1];
  size_t shown = text == NULL ? 0 : len;
  if (shown > SHOWN_MAX) {
    shown = SHOWN_MAX;
    while (shown > SHOWN_MAX - 4 && !utf8_is_border((uint8_t)text[shown])) {
      shown--;
    }
  }
  size_t n = shown > 0 ? utf8_repair((const uint8_t *)text, shown, clean) : 0;
  for (size_t i = 0; i < n; i++) {
    clean[i] = clean[i] < 0x20 || clean[i] == 0x7F ? ' ' : clean[i];
  }
  while (n > 0 && clean[n - 1] == ' ') {
    n--;
  }
  size_t slug_len = slug != NULL ? strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
  bool slug_ok = slug_len > 0 && slug_len < sizeof error->slug && slug[slug_len] == '\0';
  error_set(error, code, slug_ok ? slug : fallback_slug, "%.*s", (int)n, (const char *)clean);
}

/* --- for any stage --- */

static void host_log(qn_env *env, uint32_t level, const char *text, size_t len) {
  if (env->hooks->log != NULL) {
    env->hooks->log(env->hooks->arg, env, level, text, len);
  } else {
    log_target target = log_target_standard();
    log_write(&target, level, env->id, text, len);
  }
}

static const void *host_extension(qn_env *env, const char *name) {
  return env->hooks->extension != NULL && name != NULL ? env->hooks->extension(env, name) : NULL;
}

/* --- inside a call --- */

static qn_status host_fail(qn_call *call, qn_status status, const char *slug, const char *text, size_t len) {
  host_call *body = body_of(call);
  host_words_copy(&body->error, -ECANCELED, slug, "failed", text, len);
  return status;
}

static int host_cancelled(const qn_call *call) {
  const host_call *body = (const host_call *)(const void *)call;
  return atomic_load_explicit(&body->cancelled, memory_order_relaxed);
}

static int host_view_get(qn_call *call, qn_view *ret_view) {
  host_call *body = body_of(call);
  if (body->builder != NULL) {
    return builder_view_get(body->builder, ret_view);
  }
  if (body->document == NULL || body->layout == NULL) {
    return alien(body);
  }
  return document_view_get(body->document, stage_layout_view(body->layout, body->document), ret_view);
}

static int host_layer_get(qn_call *call, uint32_t layer, qn_layer *ret_layer) {
  host_call *body = body_of(call);
  if (body->builder != NULL) {
    return builder_layer_get(body->builder, layer, ret_layer);
  }
  const stage_layout *layout = body->layout;
  if (body->document == NULL || layout == NULL || layer >= layout->n_layers) {
    return alien(body);
  }
  uint32_t slot = layout->layer_slot[layer];
  return slot == UINT8_MAX
             ? -ENOENT
             : document_layer_get(body->document, slot, stage_layout_view(layout, body->document), ret_layer);
}

static int host_field_get(qn_call *call, qn_str name, qn_value *ret_value) {
  host_call *body = body_of(call);
  if (body->builder != NULL) {
    return builder_field_get(body->builder, name, ret_value);
  }
  if (body->document == NULL || body->layout == NULL) {
    return alien(body);
  }
  qn_value value;
  int rc = document_field_get(body->document, name, &value);
  if (rc == 0 && value.type == QN_VALUE_SPAN) {
    rc = document_span_map(body->document, SCHEMA_VIEW_TEXT, stage_layout_view(body->layout, body->document),
                           value.as.span, &value.as.span);
  }
  if (rc == 0) {
    *ret_value = value;
  }
  return rc;
}

/* Everything that builds is the builder's own business, where there is one. */
#define BUILDING(call, function, ...)                                                                                  \
  host_call *body = body_of(call);                                                                                     \
  int rc = body->builder != NULL ? function(body->builder, __VA_ARGS__) : -EINVAL;                                     \
  return rc == -EINVAL || rc == -EPERM ? (body->alien_uses++, rc) : rc

static int host_view_reserve(qn_call *call, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room) {
  BUILDING(call, builder_view_reserve, bytes, n_runs, ret_room);
}

static int host_view_commit(qn_call *call, uint32_t bytes, uint32_t n_runs) {
  BUILDING(call, builder_view_commit, bytes, n_runs);
}

static int host_view_alias(qn_call *call, qn_span of_base) {
  BUILDING(call, builder_view_alias, of_base);
}

static int host_layer_reserve(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows) {
  BUILDING(call, builder_layer_reserve, layer, n_rows, heap_bytes, ret_rows);
}

static int host_layer_commit(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes) {
  BUILDING(call, builder_layer_commit, layer, n_rows, heap_bytes);
}

static int host_layer_edit(qn_call *call, uint32_t layer, uint32_t more_rows, uint32_t more_heap, qn_rows *ret_rows) {
  BUILDING(call, builder_layer_edit, layer, more_rows, more_heap, ret_rows);
}

static int host_layer_replace(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes) {
  BUILDING(call, builder_layer_replace, layer, n_rows, heap_bytes);
}

static int host_field_set(qn_call *call, qn_str name, const qn_value *value) {
  BUILDING(call, builder_field_set, name, value);
}

/* --- emitting --- */

static bool may_emit(const host_call *body) {
  const stage_info *info = body->call.env->info;
  return info->role == ROLE_SOURCE || info->splits;
}

static int host_emit_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload) {
  const host_hooks *hooks = call->env->hooks;
  if (!may_emit(body_of(call)) || hooks->emit_reserve == NULL) {
    return alien(body_of(call));
  }
  return hooks->emit_reserve(call, bytes, ret_payload);
}

static bool is_written(const stage_info *info, qn_str name) {
  for (uint32_t i = 0; i < info->n_fields_written; i++) {
    const char *written = info->fields_written[i];
    if (strcmp(written, "*") == 0 || (strlen(written) == name.len && memcmp(written, name.data, name.len) == 0)) {
      return true;
    }
  }
  return false;
}

static int host_emit_field(qn_call *call, qn_str name, const qn_value *value) {
  const host_hooks *hooks = call->env->hooks;
  if (!may_emit(body_of(call)) || hooks->emit_field == NULL) {
    return alien(body_of(call));
  }
  if (!is_written(call->env->info, name)) {
    body_of(call)->alien_uses++;
    return -EPERM;
  }
  return hooks->emit_field(call, name, value);
}

static int host_emit_commit(qn_call *call, size_t bytes, const qn_emit *emit) {
  const host_hooks *hooks = call->env->hooks;
  if (!may_emit(body_of(call)) || hooks->emit_commit == NULL) {
    return alien(body_of(call));
  }
  return hooks->emit_commit(call, bytes, emit);
}

static int host_emit_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len) {
  const host_hooks *hooks = call->env->hooks;
  if (!may_emit(body_of(call)) || hooks->emit_reject == NULL) {
    return alien(body_of(call));
  }
  qn_error error;
  host_words_copy(&error, -EIO, slug, "failed", text, len);
  const char *said = error.message[0] != '\0' ? error.message : "the source rejected it without saying why";
  return hooks->emit_reject(call, emit, error.slug, said, strlen(said));
}

/* --- sinks --- */

static int host_record_encode(qn_call *call, const qn_record_options *options, qn_str *ret_json) {
  host_call *body = body_of(call);
  if (body->encoder == NULL || body->document == NULL) {
    return alien(body);
  }
  return record_encode(body->encoder, body->document, options, ret_json);
}

static int host_prepared_set(qn_call *call, const void *bytes, size_t len) {
  host_call *body = body_of(call);
  if (body->document == NULL || call->env->info->role != ROLE_SINK) {
    return alien(body);
  }
  return document_prepared_set(body->document, body->sink_slot, bytes, len);
}

static void host_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text,
                          size_t len) {
  if (env->hooks->complete == NULL) {
    return;
  }
  if (status < QN_STATUS_RETRY) {
    env->hooks->complete(env, ticket, status, NULL, NULL, 0);
    return;
  }
  qn_error said;
  host_words_copy(&said, -EIO, slug, "failed", text, len);
  env->hooks->complete(env, ticket, status, said.slug, said.message, strlen(said.message));
}

static int host_predicate_holds(qn_call *call, const qn_predicate *condition) {
  host_call *body = body_of(call);
  return body->document != NULL && condition != NULL ? predicate_holds(condition, body->document) : alien(body);
}

static const qn_host table = {
  .size = sizeof table,
  .abi_major = QN_ABI_MAJOR,
  .abi_minor = QN_ABI_MINOR,
  .log = host_log,
  .alloc = host_alloc,
  .resize = host_resize,
  .release = host_release,
  .extension = host_extension,
  .config_get = host_config_get,
  .config_key = host_config_key,
  .data_open = host_data_open,
  .file_open = host_file_open,
  .create_fail = host_create_fail,
  .fail = host_fail,
  .cancelled = host_cancelled,
  .view_get = host_view_get,
  .view_reserve = host_view_reserve,
  .view_commit = host_view_commit,
  .view_alias = host_view_alias,
  .layer_get = host_layer_get,
  .layer_reserve = host_layer_reserve,
  .layer_commit = host_layer_commit,
  .layer_edit = host_layer_edit,
  .layer_replace = host_layer_replace,
  .field_get = host_field_get,
  .field_set = host_field_set,
  .emit_reserve = host_emit_reserve,
  .emit_field = host_emit_field,
  .emit_commit = host_emit_commit,
  .emit_reject = host_emit_reject,
  .record_encode = host_record_encode,
  .prepared_set = host_prepared_set,
  .complete = host_complete,
  .predicate_open = host_predicate_open,
  .predicate_holds = host_predicate_holds,
};

const qn_host *host_table(void) {
  return &table;
}

/* --- the two ends of a stage and of a call --- */

void host_env_init(qn_env *env, const stage_info *info, const char *id, const cJSON *config, const char *base_folder,
                   const host_hooks *hooks) {
  static const host_hooks none = { 0 };
  memset(env, 0, sizeof *env);
  env->info = info;
  env->id = id;
  env->config = config;
  env->base_folder = base_folder;
  env->hooks = hooks != NULL ? hooks : &none;
  env->host = &table;
}

void host_env_done(qn_env *env) {
  host_files_close(env);
  host_predicates_close(env);
  size_t kept = atomic_load(&env->memory);
  if (kept > 0) {
    char text[300];
    int len =
        snprintf(text, sizeof text, "kept %zu bytes of the host's memory after destroy, a fault of the plugin %.200s",
                 kept, env->info->manifest->path);
    host_log(env, QN_LOG_WARNING, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
  }
}

void host_call_init(host_call *call, qn_env *env, builder *building, record_encoder *encoder) {
  memset(call, 0, sizeof *call);
  call->call.size = sizeof call->call;
  call->call.attempt = 1;
  call->call.host = env->host;
  call->call.env = env;
  call->builder = building;
  call->encoder = encoder;
}

void host_call_begin(host_call *call, document *input, const stage_layout *layout) {
  call->document = input;
  call->layout = layout;
  call->error.code = 0;
  call->error.slug[0] = '\0';
  call->error.message[0] = '\0';
  atomic_store_explicit(&call->cancelled, 0, memory_order_relaxed);
  if (layout != NULL && call->builder != NULL) {
    builder_begin(call->builder, input, layout);
  }
}

static const char *status_name(qn_status status) {
  static const char *const names[] = { "OK", "MORE", "DROP", "PENDING", "RETRY", "REJECT", "FATAL" };
  return status >= QN_STATUS_OK && status <= QN_STATUS_FATAL ? names[status] : "an unknown status";
}

/* A rule of the ABI that the plugin broke: the document cannot be believed, so it is rejected. */
static qn_status plugin_fault(host_call *call, const char *slug, const char *what) {
  const manifest *from = call->call.env->info->manifest;
  error_set(&call->error, -EPROTO, slug, "%s; a fault of the plugin %s %s (%s)", what, from->name, from->version,
            from->path);
  return QN_STATUS_REJECT;
}

/* Want of memory is nobody's fault; everything else that a seal refuses is a rule broken. */
__attribute__((noinline, cold)) static qn_status seal_refused(host_call *call, int code) {
  qn_error *error = &call->error;
  if (code == -ENOMEM || code == -EFBIG) {
    return QN_STATUS_REJECT;
  }
  qn_error why = *error;
  return plugin_fault(call, why.slug[0] != '\0' ? why.slug : "broken-rule", why.message);
}

static qn_status seal(host_call *call) {
  if (call->builder == NULL || call->layout == NULL) {
    return QN_STATUS_OK;
  }
  int code = builder_seal(call->builder, &call->error);
  return __builtin_expect(code == 0, 1) ? QN_STATUS_OK : seal_refused(call, code);
}

/* Everything but OK, away from the common way. */
__attribute__((noinline, cold)) static qn_status end_otherwise(host_call *call, qn_status status) {
  const stage_info *info = call->call.env->info;
  char what[96];
  if (status == QN_STATUS_PENDING && info->call == CALL_ASYNC) {
    return status;
  }
  if (call->builder != NULL && call->layout != NULL) {
    builder_discard(call->builder);
  }
  bool is_failure = status >= QN_STATUS_RETRY && status <= QN_STATUS_FATAL;
  bool is_allowed =
      status == QN_STATUS_DROP || (status == QN_STATUS_MORE && (info->role == ROLE_SOURCE || info->splits));
  if (!is_failure && !is_allowed) {
    snprintf(what, sizeof what, "returned %s (%d), which its manifest does not allow", status_name(status),
             (int)status);
    return plugin_fault(call, "bad-status", what);
  }
  if (is_failure && call->error.message[0] == '\0') {
    snprintf(what, sizeof what, "it returned %s without saying why", status_name(status));
    plugin_fault(call, "no-message", what);
  }
  return status;
}

qn_status host_call_end(host_call *call, qn_status status) {
  return __builtin_expect(status == QN_STATUS_OK, 1) ? seal(call) : end_otherwise(call, status);
}
