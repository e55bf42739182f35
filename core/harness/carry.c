/* SPDX-License-Identifier: Apache-2.0 */

/* The extensions "qanat.block/1" and "qanat.credit/1" under a harness: as in a pipeline whose only stage this is. */
#include <errno.h>
#include <string.h>

#include "harness/harness_body.h"
#include "harness/source.h"
#include "plugin/carry.h"
#include "qanat/block.h"
#include "qanat/credit.h"

/* What the configuration says that documents bring. */
static carry_promise promise_of(const qn_harness *harness) {
  const harness_settings *settings = &harness->settings;
  carry_promise promise = { .set = harness->schemas };
  for (uint32_t i = 0; i < settings->n_views; i++) {
    promise.views |= 1u << doc_view_slot(harness, settings->views[i]);
  }
  for (uint32_t i = 0; i < settings->n_layers; i++) {
    uint32_t slot = schema_set_find(harness->schemas, settings->layers[i].name);
    if (settings->layers[i].access == LAYER_PROVIDES && slot < SCHEMA_LAYERS_MAX) {
      promise.layers |= UINT64_C(1) << slot;
    }
  }
  return promise;
}

static int on_block(qn_call *call, const void *block, size_t len, qn_str *ret_reason) {
  qn_harness_run *run = run_of(call);
  if (run->harness->info->role != ROLE_SOURCE) {
    return -EINVAL;
  }
  emit_abandon(run);
  int rc = emit_credit(run);
  if (rc != 0) {
    return rc;
  }
  carry_promise promise = promise_of(run->harness);
  document *held = NULL;
  rc = carry_read(run->harness->pool, &promise, block, len, &held, &run->call.error);
  if (rc != 0) {
    source_credit_give(run->harness->source);
    *ret_reason = (qn_str){ run->call.error.message, strlen(run->call.error.message) };
    return rc;
  }
  emit_carried(run, held);
  return 0;
}

static int on_wait(qn_call *call, size_t bytes, uint32_t wait_ms) {
  qn_harness_run *run = run_of(call);
  (void)bytes;
  if (run->harness->info->role != ROLE_SOURCE) {
    return -EINVAL;
  }
  int rc = run->has_credit ? 0 : source_credit_take_within(run->harness->source, wait_ms);
  run->has_credit = rc == 0;
  return rc;
}

const void *block_lent(void) {
  static const qn_block table = { .size = sizeof table, .prepare = carry_prepare, .emit = on_block };
  return &table;
}

const void *credit_lent(void) {
  static const qn_credit table = { .size = sizeof table, .wait = on_wait };
  return &table;
}
