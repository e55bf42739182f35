/* SPDX-License-Identifier: Apache-2.0 */

/* Wrappers around the host's own functions. Those added to the host later than to this list are lent as they are: uncounted, and
 * never failing. */
#include "harness/lent_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness_body.h"

/* Counts the call; true if it is the one that fails. */
static bool strikes(qn_harness *harness, lent_function function) {
  lent_fault *fault = &harness->fault;
  atomic_fetch_add_explicit(&harness->counts.of_host[function], 1, memory_order_relaxed);
  lent_function asked = function == LENT_resize ? LENT_alloc : function;
  if (atomic_load_explicit(&fault->function, memory_order_acquire) != (int)asked) {
    return false;
  }
  uint32_t left = atomic_load(&fault->left);
  while (left > 1 && !atomic_compare_exchange_weak(&fault->left, &left, left - 1)) {
  }
  if (left > 1) {
    return false;
  }
  if (!atomic_load(&fault->for_good)) {
    atomic_store(&fault->function, -1);
  }
  atomic_store(&fault->struck, true);
  return true;
}

static qn_harness *of_env(const qn_env *env) {
  return env->owner;
}

static int code_of(const qn_harness *harness) {
  return atomic_load(&harness->fault.code);
}

#define HOST host_table()

/* A function that says how it went by an int, reached by its env. */
#define WRAP(name, env_of, params, args)                                                                               \
  static int lent_##name params {                                                                                      \
    qn_harness *harness = of_env(env_of);                                                                              \
    return strikes(harness, LENT_##name) ? code_of(harness) : HOST->name args;                                         \
  }

/* One that returns something else; what it returns when it fails is given. */
#define WRAP_OTHER(type, name, env_of, params, args, failed)                                                           \
  static type lent_##name params {                                                                                     \
    return strikes(of_env(env_of), LENT_##name) ? (failed) : HOST->name args;                                          \
  }

/* One that cannot fail. */
#define WRAP_VOID(name, env_of, params, args)                                                                          \
  static void lent_##name params {                                                                                     \
    (void)strikes(of_env(env_of), LENT_##name);                                                                        \
    HOST->name args;                                                                                                   \
  }

WRAP_VOID(log, env, (qn_env * env, uint32_t level, const char *text, size_t len), (env, level, text, len))
WRAP_OTHER(void *, alloc, env, (qn_env * env, size_t bytes), (env, bytes), NULL)
WRAP_OTHER(void *, resize, env, (qn_env * env, void *memory, size_t bytes), (env, memory, bytes), NULL)
WRAP_VOID(release, env, (qn_env * env, void *memory), (env, memory))
WRAP_OTHER(const void *, extension, env, (qn_env * env, const char *name), (env, name), NULL)
WRAP(config_get, create->env, (qn_create * create, const char *pointer, qn_value *ret_value),
     (create, pointer, ret_value))
WRAP(config_key, create->env, (qn_create * create, const char *pointer, uint32_t index, qn_str *ret_key),
     (create, pointer, index, ret_key))
WRAP(data_open, create->env, (qn_create * create, const char *name, qn_str *ret_bytes), (create, name, ret_bytes))
WRAP(file_open, create->env, (qn_create * create, const char *pointer, qn_str *ret_bytes), (create, pointer, ret_bytes))
WRAP_OTHER(int, create_fail, create->env, (qn_create * create, const char *text, size_t len), (create, text, len),
           -EINVAL)
WRAP_OTHER(qn_status, fail, call->env,
           (qn_call * call, qn_status status, const char *slug, const char *text, size_t len),
           (call, status, slug, text, len), status)
WRAP_OTHER(int, cancelled, call->env, (const qn_call *call), (call), 1)
WRAP(view_get, call->env, (qn_call * call, qn_view *ret_view), (call, ret_view))
WRAP(view_reserve, call->env, (qn_call * call, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room),
     (call, bytes, n_runs, ret_room))
WRAP(view_commit, call->env, (qn_call * call, uint32_t bytes, uint32_t n_runs), (call, bytes, n_runs))
WRAP(view_alias, call->env, (qn_call * call, qn_span of_base), (call, of_base))
WRAP(layer_get, call->env, (qn_call * call, uint32_t layer, qn_layer *ret_layer), (call, layer, ret_layer))
WRAP(layer_reserve, call->env,
     (qn_call * call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows),
     (call, layer, n_rows, heap_bytes, ret_rows))
WRAP(layer_commit, call->env, (qn_call * call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes),
     (call, layer, n_rows, heap_bytes))
WRAP(layer_edit, call->env, (qn_call * call, uint32_t layer, uint32_t more_rows, uint32_t more_heap, qn_rows *ret_rows),
     (call, layer, more_rows, more_heap, ret_rows))
WRAP(layer_replace, call->env, (qn_call * call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes),
     (call, layer, n_rows, heap_bytes))
WRAP(field_get, call->env, (qn_call * call, qn_str name, qn_value *ret_value), (call, name, ret_value))
WRAP(field_set, call->env, (qn_call * call, qn_str name, const qn_value *value), (call, name, value))
WRAP(emit_reserve, call->env, (qn_call * call, size_t bytes, uint8_t **ret_payload), (call, bytes, ret_payload))
WRAP(emit_field, call->env, (qn_call * call, qn_str name, const qn_value *value), (call, name, value))
WRAP(emit_commit, call->env, (qn_call * call, size_t bytes, const qn_emit *emit), (call, bytes, emit))
WRAP(emit_reject, call->env, (qn_call * call, const qn_emit *emit, const char *slug, const char *text, size_t len),
     (call, emit, slug, text, len))
WRAP(record_encode, call->env, (qn_call * call, const qn_record_options *options, qn_str *ret_json),
     (call, options, ret_json))
WRAP(prepared_set, call->env, (qn_call * call, const void *bytes, size_t len), (call, bytes, len))
WRAP_VOID(complete, env,
          (qn_env * env, qn_ticket ticket, qn_status status, const char *slug, const char *text, size_t len),
          (env, ticket, status, slug, text, len))
WRAP(predicate_open, create->env, (qn_create * create, const char *pointer, const qn_predicate **ret_predicate),
     (create, pointer, ret_predicate))
WRAP(predicate_holds, call->env, (qn_call * call, const qn_predicate *predicate), (call, predicate))

qn_host *lent_table_new(uint32_t bytes, uint32_t abi_minor) {
  enum { LEAST = offsetof(qn_host, log) };
  qn_host full = *host_table();
#define LENT_SET(name) full.name = lent_##name;
  LENT_FUNCTIONS(LENT_SET)
#undef LENT_SET
  size_t size = bytes == 0 ? sizeof full : bytes < LEAST ? LEAST : bytes;
  full.size = (uint32_t)size;
  full.abi_minor = bytes == 0 ? full.abi_minor : (uint16_t)abi_minor;
  qn_host *lent = malloc(size);
  if (lent == NULL) {
    return NULL;
  }
  size_t known = size < sizeof full ? size : sizeof full;
  memcpy((void *)lent, &full, known);
  /* What a newer host would have there is no concern of the stage's; whoever calls it jumps nowhere good. */
  memset((char *)lent + known, 0xA5, size - known);
  return lent;
}

int lent_find(const char *name) {
  static const char *const names[] = {
#define LENT_NAME(function) #function,
    LENT_FUNCTIONS(LENT_NAME)
#undef LENT_NAME
  };
  for (int i = 0; i < LENT_N_FUNCTIONS; i++) {
    if (strcmp(names[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

int stage_function_find(const char *name) {
  static const char *const names[] = {
    [STAGE_CREATE] = "stage.create",
    [STAGE_DESTROY] = "stage.destroy",
    [STAGE_CONTEXT_OPEN] = "stage.context_open",
    [STAGE_CONTEXT_CLOSE] = "stage.context_close",
    [STAGE_PROCESS] = "stage.process",
    [STAGE_PROCESS_BATCH] = "stage.process_batch",
    [STAGE_CANCEL] = "stage.cancel",
    [STAGE_NEXT] = "stage.next",
    [STAGE_INTERRUPT] = "stage.interrupt",
    [STAGE_START] = "stage.start",
    [STAGE_CREDIT] = "stage.credit",
    [STAGE_STOP] = "stage.stop",
    [STAGE_SETTLED] = "stage.settled",
    [STAGE_PREPARE] = "stage.prepare",
    [STAGE_WRITE] = "stage.write",
    [STAGE_FLUSH] = "stage.flush",
    [STAGE_FINISH] = "stage.finish",
  };
  for (int i = 0; i < STAGE_N_FUNCTIONS; i++) {
    if (strcmp(names[i], name) == 0) {
      return i;
    }
  }
  return -1;
}
