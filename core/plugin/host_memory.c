/* SPDX-License-Identifier: Apache-2.0 */

/* Memory lent to stages: counted against the stage, and failing on request. */
#include <stdint.h>
#include <stdlib.h>

#include "plugin/host_parts.h"

/* Stands before every block; as large as the alignment that is promised. */
typedef union block_head {
  size_t bytes;
  _Alignas(16) char pad[16];
} block_head;

static bool may_allocate(qn_env *env) {
  size_t n = atomic_fetch_add_explicit(&env->n_allocs, 1, memory_order_relaxed) + 1;
  return env->fail_after == 0 || n < env->fail_after;
}

void *host_alloc(qn_env *env, size_t bytes) {
  return host_resize(env, NULL, bytes);
}

void *host_resize(qn_env *env, void *memory, size_t bytes) {
  block_head *head = memory != NULL ? (block_head *)memory - 1 : NULL;
  if (bytes > SIZE_MAX / 2 || !may_allocate(env)) {
    return NULL;
  }
  size_t before = head != NULL ? head->bytes : 0;
  block_head *larger = realloc(head, sizeof *head + bytes);
  if (larger == NULL) {
    return NULL;
  }
  larger->bytes = bytes;
  size_t held = atomic_fetch_add_explicit(&env->memory, bytes - before, memory_order_relaxed) + (bytes - before);
  size_t most = atomic_load_explicit(&env->memory_most, memory_order_relaxed);
  while (held > most && !atomic_compare_exchange_weak_explicit(&env->memory_most, &most, held, memory_order_relaxed,
                                                               memory_order_relaxed)) {
  }
  return larger + 1;
}

void host_release(qn_env *env, void *memory) {
  if (memory == NULL) {
    return;
  }
  block_head *head = (block_head *)memory - 1;
  atomic_fetch_sub_explicit(&env->memory, head->bytes, memory_order_relaxed);
  free(head);
}

void host_memory_get(const qn_env *env, host_memory *ret_memory) {
  *ret_memory = (host_memory){ .held_bytes = atomic_load_explicit(&env->memory, memory_order_relaxed),
                               .most_bytes = atomic_load_explicit(&env->memory_most, memory_order_relaxed),
                               .file_bytes = host_files_bytes(env) };
}
