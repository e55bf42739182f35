/* SPDX-License-Identifier: Apache-2.0 */

/* The extensions "qanat.block/1" and "qanat.credit/1": documents that arrive as blocks, and sources that can wait for credit a
 * little at a time. */
#include <errno.h>
#include <string.h>

#include "plugin/carry.h"
#include "qanat/block.h"
#include "qanat/credit.h"
#include "runtime/emitter.h"
#include "runtime/runtime.h"

static emitter *emitter_of(qn_call *call) {
  instance *stage = call->env->owner;
  return stage->emitter;
}

static int block_emit(qn_call *call, const void *block, size_t len, qn_str *ret_reason) {
  emitter *self = emitter_of(call);
  host_call *body = (host_call *)call;
  if (self == NULL || self->stage->planned->info->role != ROLE_SOURCE) {
    return -EINVAL;
  }
  emitter_abandon(self);
  uint64_t credit = emitter_credit_for(len);
  int rc = self->kind->take_credit(self, credit);
  if (rc != 0) {
    return rc;
  }
  carry_promise promise = carry_promise_of(self->runtime->plan->schemas, &self->stage->planned->layout);
  document *made = NULL;
  rc = carry_read(self->runtime->pool, &promise, block, len, &made, &body->error);
  if (rc != 0) {
    self->kind->give_credit(self, credit);
    *ret_reason = (qn_str){ body->error.message, strlen(body->error.message) };
    return rc;
  }
  self->document = made;
  self->carried = true;
  self->credit_bytes = credit;
  self->room_bytes = 0;
  return 0;
}

static int credit_wait(qn_call *call, size_t bytes, uint32_t wait_ms) {
  emitter *self = emitter_of(call);
  return self != NULL && self->kind->wait_credit != NULL
             ? self->kind->wait_credit(self, emitter_credit_for(bytes), wait_ms)
             : -EINVAL;
}

static uint32_t credit_in_flight(qn_call *call) {
  const emitter *self = emitter_of(call);
  return self != NULL ? admission_documents(&self->runtime->admission) : 0;
}

const void *block_extension(void) {
  static const qn_block table = { .size = sizeof table, .prepare = carry_prepare, .emit = block_emit };
  return &table;
}

const void *credit_extension(void) {
  static const qn_credit table = { .size = sizeof table, .wait = credit_wait, .in_flight = credit_in_flight };
  return &table;
}
