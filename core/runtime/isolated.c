/* SPDX-License-Identifier: Apache-2.0 */

/* Isolated stages: each worker has a child process of its own and hands it what stands at the border, up to a batch; a
 * serial or ordered stage has one child, used by whichever worker comes first. The worker waits meanwhile, since what it
 * would do otherwise is what the child does for it. */
#include <errno.h>
#include <stdlib.h>

#include "isolation/child.h"
#include "runtime/line.h"
#include "runtime/outcome.h"
#include "runtime/retry.h"
#include "runtime/trace.h"
#include "runtime/work.h"

enum { TAKE_MAX = 32 };

/* One child, and what it is given. */
typedef struct cell {
  _Atomic(child *) child;
  leaf **leaves;
  child_item items[TAKE_MAX];
} cell;

typedef struct isolated {
  _Atomic bool busy; /* alone: whoever sets it owns the cell and the line until it is cleared */
  bool alone;        /* serial or ordered: one cell for all */
  bool ordered;
  line line;
  uint32_t n_cells;
  cell *cells; /* one a worker, or one */
} isolated;

static bool hold(isolated *self) {
  return !self->alone || (!atomic_load(&self->busy) && !atomic_exchange(&self->busy, true));
}

static void leave(isolated *self) {
  if (self->alone) {
    atomic_store(&self->busy, false);
  }
}

/* --- taking --- */

/* Those that waited for another try, in the order in which they stood. */
static uint32_t take_line(isolated *self, cell *to) {
  uint32_t n = 0;
  for (leaf *it = line_take(&self->line); it != NULL; it = it->next) {
    uint32_t at = n++;
    for (; at > 0 && to->leaves[at - 1]->input > it->input; at--) {
      to->leaves[at] = to->leaves[at - 1];
    }
    to->leaves[at] = it;
  }
  return n;
}

static uint32_t take(worker *by, segment *seg, cell *to, bool *ret_passed) {
  isolated *self = seg->own;
  if (line_is_held(&self->line)) {
    return line_is_due(&self->line) ? take_line(self, to) : 0;
  }
  uint32_t n = 0;
  leaf *it;
  while (n < TAKE_MAX && border_take(&seg->border, &it, 1) == 1) {
    if (it->state != LEAF_LIVE) {
      flow_pass(&by->flow, it);
      *ret_passed = true;
    } else {
      to->leaves[n++] = it;
    }
  }
  return n;
}

/* --- running --- */

static void end_one(worker *by, segment *seg, leaf *it, uint32_t index, child_item *item, metrics_cell *counts) {
  runtime *rt = by->crew->runtime;
  isolated *self = seg->own;
  const instance *stage = &rt->instances[seg->planned->stages[0]];
  if (item->status < 0) {
    it->state = LEAF_UNFINISHED;
    flow_end(&by->flow, seg, it);
    return;
  }
  verdict decided = outcome_of(rt, it, stage, counts, item->status, &item->error);
  if (decided == VERDICT_AGAIN && self->ordered) {
    uint32_t delay_ms = outcome_delay_ms(stage, it);
    it->attempt++;
    it->input = index;
    line_send(&self->line);
    retries_add(rt->retries, it, delay_ms);
  } else {
    outcome_carry_out(&by->flow, seg, it, stage, decided);
  }
}

static void run(worker *by, segment *seg, cell *in, uint32_t n) {
  runtime *rt = by->crew->runtime;
  isolated *self = seg->own;
  instance *stage = &rt->instances[seg->planned->stages[0]];
  uint32_t actor = self->alone ? work_actor(rt, seg) : by->index;
  metrics_cell *counts = metrics_cell_of(rt->metrics, actor, stage->index);
  uint64_t n_first = 0;
  for (uint32_t i = 0; i < n; i++) {
    const leaf *it = in->leaves[i];
    in->items[i].document = it->document;
    in->items[i].now_ms = it->receipt->now_ms;
    in->items[i].attempt = it->attempt;
    in->items[i].status = -1;
    n_first += it->attempt == 1;
  }
  if (runtime_standing(rt) != RUN_FAILED) {
    qn_error error = { 0 };
    uint64_t begin_ns = metrics_now_ns();
    int rc = child_run_batch(atomic_load(&in->child), in->items, n, &error);
    uint64_t end_ns = metrics_now_ns();
    metrics_took(counts, end_ns - begin_ns, n, 1);
    for (uint32_t i = 0; i < n; i++) {
      trace_note(in->leaves[i]->receipt, stage->index, TRACE_PROCESS, in->leaves[i]->attempt, in->items[i].status,
                 begin_ns, end_ns);
    }
    metrics_add(&counts->documents, n_first);
    if (rc != 0 && rc != -ECANCELED) {
      runtime_fail(rt, stage, &error);
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    end_one(by, seg, in->leaves[i], i, &in->items[i], counts);
  }
}

static bool ready(const segment *seg) {
  const isolated *self = seg->own;
  if (self->alone && atomic_load(&self->busy)) {
    return false; /* whoever is at it looks again when it leaves */
  }
  return line_is_held(&self->line) ? line_is_due(&self->line) : border_ready(&seg->border);
}

static bool turn(worker *by, segment *seg) {
  isolated *self = seg->own;
  bool ran = false;
  do {
    if (!hold(self)) {
      break;
    }
    cell *in = &self->cells[self->alone ? 0 : by->index];
    uint32_t n = take(by, seg, in, &ran);
    if (n > 0) {
      run(by, seg, in, n);
      ran = true;
    }
    leave(self);
  } while (!ran && ready(seg));
  return ran;
}

static void take_back(segment *seg, leaf *it) {
  isolated *self = seg->own;
  if (self->ordered) {
    line_return(&self->line, it);
  } else {
    border_put(&seg->border, it);
  }
}

/* --- its life --- */

static void log_child(void *arg, uint32_t level, const char *text, size_t len) {
  const instance *stage = arg;
  runtime_log_text(stage->runtime, stage->planned->id, level, text, len);
}

static int start_child(runtime *rt, segment *seg, cell *in, qn_error *error) {
  instance *stage = &rt->instances[seg->planned->stages[0]];
  const plan_stage *planned = stage->planned;
  const plan_limits *limits = &rt->plan->limits;
  const child_options options = { .stage = { .info = planned->info,
                                             .id = planned->id,
                                             .config = planned->config,
                                             .base_folder = rt->plan->base_folder,
                                             .layout = &planned->layout,
                                             .schemas = rt->plan->schemas,
                                             .limits = { limits->document_bytes, limits->document_memory },
                                             .isolation = planned->isolation },
                                  .timeout_ms = planned->timeout_ms,
                                  .program = rt->options.stage_host,
                                  .log = log_child,
                                  .arg = stage };
  child *made = NULL;
  int rc = child_new(&options, &made, error);
  if (rc == 0) {
    atomic_store(&in->child, made);
  }
  return rc;
}

static int build(runtime *rt, segment *seg, qn_error *error) {
  const plan_stage *planned = rt->instances[seg->planned->stages[0]].planned;
  if (rt->options.stage_host == NULL) {
    return error_set(error, -ENOTSUP, "no-stage-host",
                     "stage \"%s\" is to be isolated, which this program can't; run the pipeline with qanat run",
                     planned->id);
  }
  isolated *self = calloc(1, sizeof *self);
  seg->own = self;
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for an isolated stage");
  }
  self->alone = planned->info->concurrency != CONCURRENCY_PARALLEL;
  self->ordered = seg->border.ordered;
  self->n_cells = self->alone ? 1 : work_worker_rows(rt);
  self->cells = calloc(self->n_cells, sizeof *self->cells);
  bool complete = self->cells != NULL;
  for (uint32_t i = 0; complete && i < self->n_cells; i++) {
    self->cells[i].leaves = calloc(TAKE_MAX, sizeof(leaf *));
    complete = self->cells[i].leaves != NULL;
  }
  if (!complete) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for an isolated stage");
  }
  return self->alone ? start_child(rt, seg, &self->cells[0], error) : 0;
}

static int open_child(worker *by, segment *seg, qn_error *error) {
  isolated *self = seg->own;
  return self->alone ? 0 : start_child(by->crew->runtime, seg, &self->cells[by->index], error);
}

static void close_children(runtime *rt, segment *seg) {
  (void)rt;
  isolated *self = seg->own;
  for (uint32_t i = 0; self != NULL && self->cells != NULL && i < self->n_cells; i++) {
    child_free(atomic_load(&self->cells[i].child));
    free((void *)self->cells[i].leaves);
  }
  if (self != NULL) {
    free(self->cells);
    self->cells = NULL;
  }
}

static void cancel(runtime *rt, segment *seg) {
  isolated *self = seg->own;
  for (uint32_t i = 0; runtime_standing(rt) == RUN_FAILED && i < self->n_cells; i++) {
    child *at = atomic_load(&self->cells[i].child);
    if (at != NULL) {
      child_cancel(at);
    }
  }
}

static uint32_t restarts(const segment *seg) {
  const isolated *self = seg->own;
  uint64_t n = 0;
  for (uint32_t i = 0; self != NULL && self->cells != NULL && i < self->n_cells; i++) {
    const child *at = atomic_load(&self->cells[i].child);
    n += at != NULL ? child_n_restarts(at) : 0;
  }
  return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void memory(const segment *seg, host_memory *ret_memory) {
  const isolated *self = seg->own;
  *ret_memory = (host_memory){ 0 };
  for (uint32_t i = 0; self != NULL && self->cells != NULL && i < self->n_cells; i++) {
    const child *at = atomic_load(&self->cells[i].child);
    host_memory one = { 0 };
    if (at != NULL) {
      child_memory_get(at, &one);
    }
    ret_memory->held_bytes += one.held_bytes;
    ret_memory->most_bytes += one.most_bytes;
    ret_memory->file_bytes = one.file_bytes > ret_memory->file_bytes ? one.file_bytes : ret_memory->file_bytes;
  }
}

const work isolated_work = { .build = build,
                             .close = close_children,
                             .open = open_child,
                             .turn = turn,
                             .ready = ready,
                             .take_back = take_back,
                             .cancel = cancel,
                             .restarts = restarts,
                             .memory = memory };
