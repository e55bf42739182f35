/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.progress/1": how far a source is in its input. */
#include "qanat/progress.h"
#include "runtime/state.h"

static void tell(qn_env *env, uint64_t done, uint64_t total) {
  instance *stage = env->owner;
  atomic_store_explicit(&stage->input_done, done, memory_order_relaxed);
  atomic_store_explicit(&stage->input_total, total, memory_order_relaxed);
}

const void *progress_extension(void) {
  static const qn_progress table = { .size = sizeof table, .tell = tell };
  return &table;
}
