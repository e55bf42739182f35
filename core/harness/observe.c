/* SPDX-License-Identifier: Apache-2.0 */

/* What a test may ask a harness about its stage, and the contexts of its threads. */
#include <errno.h>
#include <string.h>

#include "harness/harness_body.h"

static const char *const stage_prefix = "stage.";

void qn_harness_stage_get(const qn_harness *self, qn_harness_stage *ret_stage) {
  static const uint32_t roles[] = {
    [ROLE_SOURCE] = QN_HARNESS_SOURCE, [ROLE_TRANSFORM] = QN_HARNESS_TRANSFORM, [ROLE_SINK] = QN_HARNESS_SINK
  };
  static const uint32_t calls[] = { [CALL_ONE] = QN_HARNESS_ONE,
                                    [CALL_BATCH] = QN_HARNESS_BATCH,
                                    [CALL_ASYNC] = QN_HARNESS_ASYNC,
                                    [CALL_SYNC] = QN_HARNESS_SYNC };
  *ret_stage = (qn_harness_stage){ .name = self->info->name,
                                   .role = roles[self->info->role],
                                   .call = calls[self->info->call],
                                   .splits = self->info->splits,
                                   .batch_size = self->info->batch_size };
}

int qn_harness_fault_set(qn_harness *self, const qn_harness_fault *fault) {
  int function = fault != NULL && fault->function != NULL && fault->nth > 0 ? lent_find(fault->function) : -1;
  if (function < 0 && fault != NULL && fault->function != NULL && fault->nth > 0) {
    return -ENOENT;
  }
  atomic_store(&self->fault.function, -1);
  atomic_store(&self->fault.struck, false);
  if (function >= 0) {
    atomic_store(&self->fault.left, fault->nth);
    atomic_store(&self->fault.for_good, fault->for_good != 0);
    atomic_store(&self->fault.code, fault->code != 0 ? fault->code : -ENOMEM);
    atomic_store_explicit(&self->fault.function, function == LENT_resize ? LENT_alloc : function, memory_order_release);
  }
  return 0;
}

int qn_harness_fault_struck(const qn_harness *self) {
  return atomic_load(&self->fault.struck);
}

uint64_t qn_harness_calls(const qn_harness *self, const char *function) {
  if (strncmp(function, stage_prefix, strlen(stage_prefix)) == 0) {
    int own = stage_function_find(function);
    return own < 0 ? 0 : atomic_load(&self->counts.of_stage[own]);
  }
  int lent = lent_find(function);
  return lent < 0 ? 0 : atomic_load(&self->counts.of_host[lent]);
}

size_t qn_harness_memory(const qn_harness *self) {
  return atomic_load(&self->env.memory);
}

uint64_t qn_harness_stray_completions(const qn_harness *self) {
  return atomic_load(&self->n_strays);
}

/* --- contexts --- */

static int (*context_open_of(const qn_stage *table))(void *, qn_env *, const qn_host *, void **) {
  return table->transform != NULL ? table->transform->context_open
         : table->sink != NULL    ? table->sink->context_open
                                  : NULL;
}

int harness_context_open(qn_harness *self, void **ret_context) {
  int (*open)(void *, qn_env *, const qn_host *, void **) = context_open_of(self->table);
  if (open == NULL) {
    *ret_context = NULL;
    return 0;
  }
  run_count(self, STAGE_CONTEXT_OPEN);
  return open(self->instance, &self->env, self->lent, ret_context);
}

void harness_context_close(qn_harness *self, void *context) {
  void (*close)(void *) = self->table->transform != NULL ? self->table->transform->context_close
                          : self->table->sink != NULL    ? self->table->sink->context_close
                                                         : NULL;
  if (close != NULL) {
    run_count(self, STAGE_CONTEXT_CLOSE);
    close(context);
  }
}
