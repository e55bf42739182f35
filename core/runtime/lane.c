/* SPDX-License-Identifier: Apache-2.0 */

/* The hop: point the call at the document, call the stage, seal what it built. No clock, no lock, no queue; stage
 * times come from documents that are sampled: all of the first, then every seventeenth, each weighing for those between. */
#include "runtime/lane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/subject.h"
#include "runtime/trace.h"

static const char *id_of(const lane_stage *stage) {
  return stage->env->id;
}

static int open_context(const lane_stage *stage, step *at, qn_error *error) {
  const qn_transform *transform = stage->table->transform;
  const qn_sink *out = stage->table->sink;
  int (*open)(void *, qn_env *, const qn_host *, void **) =
      transform != NULL ? transform->context_open : out->context_open;
  at->process = transform != NULL ? transform->process : out->prepare;
  at->instance = stage->instance;
  at->layout = stage->layout;
  at->cell = stage->cell;
  at->stage = stage->stage;
  if (open != NULL) {
    int rc = open(stage->instance, stage->env, host_table(), &at->context);
    if (rc != 0) {
      return error_set(error, rc < 0 ? rc : -EINVAL, "context-failed",
                       "stage '%s' cannot open a context for a worker: %s", id_of(stage),
                       strerror(rc < 0 ? -rc : EINVAL));
    }
  }
  at->context_close = transform != NULL ? transform->context_close : out->context_close;
  return 0;
}

int lane_open(lane *self, const lane_stage *stages, uint32_t n_stages, builder *building, record_encoder *encoder,
              watch *watching, qn_error *error) {
  memset(self, 0, sizeof *self);
  self->steps = calloc(n_stages + 1, sizeof *self->steps);
  self->calls = calloc(n_stages + 1, sizeof *self->calls);
  if (self->steps == NULL || self->calls == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a worker's stages");
  }
  for (uint32_t i = 0; i < n_stages; i++) {
    const lane_stage *stage = &stages[i];
    if (stage->unprepared) {
      continue;
    }
    step *at = &self->steps[self->n_steps];
    int rc = open_context(stage, at, error);
    if (rc != 0) {
      return rc;
    }
    at->prepares = stage->table->sink != NULL;
    at->call = &self->calls[self->n_steps];
    host_call_init(at->call, stage->env, building, encoder);
    at->call->sink_slot = stage->sink_slot;
    at->limit_ns = (uint64_t)stage->timeout_ms * 1000000;
    if (at->limit_ns > 0) {
      self->watch = watching;
    }
    self->n_steps++;
  }
  self->n_until_sample = 1;
  return 0;
}

void lane_close(lane *self) {
  for (uint32_t i = self->n_steps; i-- > 0;) {
    if (self->steps[i].context_close != NULL) {
      self->steps[i].context_close(self->steps[i].context);
    }
  }
  free(self->steps);
  free(self->calls);
  memset(self, 0, sizeof *self);
}

static void note_time(const step *self, uint64_t took_ns, uint64_t weight) {
  if (self->prepares) {
    metrics_add(&self->cell->time_ns, took_ns * weight);
  } else {
    metrics_took(self->cell, took_ns, 1, weight);
  }
}

static inline qn_status hop(const step *self, document *doc, int64_t now_ms, uint32_t attempt) {
  host_call *call = self->call;
  call->call.now_ms = now_ms;
  call->call.attempt = attempt;
  host_call_begin(call, doc, self->layout);
  subject_begin(call->document);
  qn_status status = self->process(self->instance, self->context, &call->call);
  subject_end();
  return host_call_end(call, status);
}

qn_status lane_timed_out(host_call *call, uint64_t limit_ns, uint64_t took_ns) {
  error_set(&call->error, -ETIMEDOUT, "timed-out", "took %llu ms, of at most %llu",
            (unsigned long long)(took_ns / 1000000), (unsigned long long)(limit_ns / 1000000));
  return QN_STATUS_REJECT;
}

/* A hop under the loop's eyes. What comes too late has failed, whatever it says. */
static qn_status hop_watched(watch *by, const step *self, leaf *it, uint32_t attempt) {
  host_call *call = self->call;
  call->call.now_ms = it->receipt->now_ms;
  call->call.attempt = attempt;
  host_call_begin(call, it->document, self->layout);
  uint64_t begin_ns = metrics_now_ns();
  watch_begin(by, it, call, 1, self->stage, begin_ns, self->limit_ns);
  subject_begin(call->document);
  qn_status status = self->process(self->instance, self->context, &call->call);
  subject_end();
  if (!watch_end(by)) {
    return LANE_LOST;
  }
  uint64_t took_ns = metrics_now_ns() - begin_ns;
  note_time(self, took_ns, 1);
  if (took_ns <= self->limit_ns) {
    return host_call_end(call, status);
  }
  host_call_end(call, QN_STATUS_DROP); /* nothing of what it built is kept */
  return lane_timed_out(call, self->limit_ns, took_ns);
}

/* A lane with a time limit somewhere: clocks are read all the time anyway. */
static qn_status run_watched(lane *self, leaf *it, uint32_t end) {
  qn_status status = QN_STATUS_OK;
  uint32_t attempt = it->attempt;
  uint32_t i = it->step;
  const receipt *it_traced = it->receipt->trace != NULL ? it->receipt : NULL;
  for (; i < end; i++, attempt = 1) {
    const step *at = &self->steps[i];
    uint64_t begin_ns = metrics_now_ns();
    metrics_add(&at->cell->documents, attempt == 1);
    if (at->limit_ns > 0) {
      status = hop_watched(self->watch, at, it, attempt);
    } else {
      status = hop(at, it->document, it->receipt->now_ms, attempt);
      note_time(at, metrics_now_ns() - begin_ns, 1);
    }
    if (it_traced != NULL && status != LANE_LOST) {
      trace_note(it_traced, at->stage, at->prepares ? TRACE_PREPARE : TRACE_PROCESS, attempt, status, begin_ns,
                 metrics_now_ns());
    }
    if (status != QN_STATUS_OK) {
      break;
    }
  }
  if (status != LANE_LOST) { /* else the leaf is another's */
    it->step = i;
    it->attempt = attempt;
  }
  return status;
}

static qn_status run_sampled(lane *self, leaf *it, uint32_t end, uint32_t weight) {
  int64_t now_ms = it->receipt->now_ms;
  uint64_t begin_ns = metrics_now_ns();
  uint64_t last_ns = begin_ns;
  qn_status status = QN_STATUS_OK;
  uint32_t attempt = it->attempt;
  uint32_t i = it->step;
  for (; i < end; i++, attempt = 1) {
    const step *at = &self->steps[i];
    metrics_add(&at->cell->documents, attempt == 1);
    status = hop(at, it->document, now_ms, attempt);
    uint64_t now_ns = metrics_now_ns();
    note_time(at, now_ns - last_ns, weight);
    trace_note(it->receipt, at->stage, at->prepares ? TRACE_PREPARE : TRACE_PROCESS, attempt, status, last_ns, now_ns);
    last_ns = now_ns;
    if (status != QN_STATUS_OK) {
      break;
    }
  }
  it->step = i;
  it->attempt = attempt;
  uint64_t took_ns = last_ns - begin_ns;
  self->document_ns = self->document_ns == 0 ? took_ns : (self->document_ns * 7 + took_ns) / 8;
  return status;
}

qn_status lane_run_to(lane *self, leaf *it, uint32_t end) {
  if (self->watch != NULL) {
    return run_watched(self, it, end);
  }
  self->n_documents++;
  if (--self->n_until_sample == 0) {
    uint32_t weight = self->n_documents <= METRICS_ALL_FIRST ? 1 : METRICS_SAMPLE_EVERY;
    self->n_until_sample = self->n_documents < METRICS_ALL_FIRST ? 1 : METRICS_SAMPLE_EVERY;
    return run_sampled(self, it, end, weight);
  }
  if (it->receipt->trace != NULL) {
    return run_sampled(self, it, end, 0); /* it counts for nothing: others are sampled */
  }
  int64_t now_ms = it->receipt->now_ms;
  qn_status status = QN_STATUS_OK;
  uint32_t attempt = it->attempt;
  uint32_t i = it->step;
  for (; i < end; i++, attempt = 1) {
    const step *at = &self->steps[i];
    metrics_add(&at->cell->documents, attempt == 1);
    status = hop(at, it->document, now_ms, attempt);
    if (status != QN_STATUS_OK) {
      break;
    }
  }
  it->step = i;
  it->attempt = attempt;
  return status;
}

qn_status lane_run(lane *self, leaf *it) {
  return lane_run_to(self, it, self->n_steps);
}

void lane_cancel(lane *self) {
  for (uint32_t i = 0; i < self->n_steps; i++) {
    atomic_store_explicit(&self->calls[i].cancelled, 1, memory_order_relaxed);
  }
}
