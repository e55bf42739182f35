/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.progress/1": what a source says is to come. */
#include "qanat/progress.h"
#include "runtime/state.h"

static void expect(qn_env *env, uint64_t n_documents, uint64_t n_bytes) {
  instance *stage = env->owner;
  atomic_store_explicit(&stage->expected_documents, n_documents, memory_order_relaxed);
  atomic_store_explicit(&stage->expected_bytes, n_bytes, memory_order_relaxed);
}

const void *expect_extension(void) {
  static const qn_progress table = { .size = sizeof table, .expect = expect };
  return &table;
}
