/* SPDX-License-Identifier: Apache-2.0 */

/* One place for on_error, retries and the statuses a stage may not give. */
#include "runtime/outcome.h"

#include <errno.h>

#include "runtime/emitter.h"
#include "runtime/retry.h"
#include "runtime/source.h"

static verdict end_failed(runtime *self, leaf *it, const instance *stage, metrics_cell *cell, const qn_error *error) {
  metrics_failed(cell, error->slug);
  switch (stage->planned->on_error) {
  case ON_ERROR_DROP:
    it->state = LEAF_DROPPED;
    break;
  case ON_ERROR_STOP:
    runtime_fail(self, stage, error);
    leaf_fail(it, stage->index, error);
    break;
  case ON_ERROR_DEAD_LETTER:
  default:
    leaf_fail(it, stage->index, error);
    break;
  }
  return VERDICT_ENDED;
}

static verdict end_fatal(runtime *self, leaf *it, const instance *stage, metrics_cell *cell, qn_status status,
                         qn_error *error) {
  if (status != QN_STATUS_FATAL) {
    error_set(error, -EPROTO, "bad-status",
              "returned status %d, which a stage of its kind may not; a fault of the plugin", (int)status);
  }
  metrics_failed(cell, error->slug);
  it->state = LEAF_UNFINISHED;
  runtime_fail(self, stage, error);
  return VERDICT_ENDED;
}

static bool may_try_again(const runtime *self, const leaf *it, const instance *stage) {
  return it->attempt < stage->planned->retry.attempts && runtime_standing(self) < RUN_INTERRUPTED;
}

bool outcome_comes_again(const runtime *self, const leaf *it) {
  return self->options.serves && source_wants_receipts(self, it->receipt->source);
}

/* What ends in a run that is abandoned was cancelled, or may have been: it tells nothing of the document. */
static bool is_abandoned(const runtime *self, const leaf *it) {
  return runtime_standing(self) == RUN_FAILED && outcome_comes_again(self, it);
}

bool outcome_is_left(const runtime *self, const leaf *it, const instance *stage) {
  bool has_attempts = it->attempt < stage->planned->retry.attempts;
  return (self->options.serves && runtime_standing(self) >= RUN_INTERRUPTED && has_attempts) || is_abandoned(self, it);
}

verdict outcome_of(runtime *self, leaf *it, const instance *stage, metrics_cell *cell, qn_status status,
                   qn_error *error) {
  switch (status) {
  case QN_STATUS_OK:
    return VERDICT_PASSED;
  case QN_STATUS_DROP:
    metrics_add(&cell->dropped, 1);
    it->state = LEAF_DROPPED;
    return VERDICT_ENDED;
  case QN_STATUS_RETRY:
    if (may_try_again(self, it, stage)) {
      metrics_add(&cell->retried, 1);
      return VERDICT_AGAIN;
    }
    if (outcome_is_left(self, it, stage)) {
      it->state = LEAF_UNFINISHED;
      return VERDICT_ENDED;
    }
    return end_failed(self, it, stage, cell, error);
  case QN_STATUS_REJECT:
    if (is_abandoned(self, it)) {
      it->state = LEAF_UNFINISHED;
      return VERDICT_ENDED;
    }
    return end_failed(self, it, stage, cell, error);
  default:
    return end_fatal(self, it, stage, cell, status, error);
  }
}

uint32_t outcome_delay_ms(const instance *stage, const leaf *it) {
  return retry_delay_ms(&stage->planned->retry, it->attempt, it->receipt->sequence);
}

void outcome_charge(runtime *self, leaf *it) {
  uint64_t bytes = emitter_charge_of(it->document);
  if (bytes != it->charged_bytes) {
    admission_charge(&self->admission, (int64_t)bytes - (int64_t)it->charged_bytes);
    it->charged_bytes = bytes;
  }
}

void outcome_carry_out(flow *to, const segment *seg, leaf *it, const instance *stage, verdict decided) {
  switch (decided) {
  case VERDICT_PASSED:
    outcome_charge(to->runtime, it);
    flow_onward(to, seg, it);
    break;
  case VERDICT_AGAIN: {
    uint32_t delay_ms = outcome_delay_ms(stage, it);
    it->attempt++;
    retries_add(to->runtime->retries, it, delay_ms);
    break;
  }
  case VERDICT_ENDED:
  default:
    flow_end(to, seg, it);
    break;
  }
}
