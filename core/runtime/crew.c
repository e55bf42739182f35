/* SPDX-License-Identifier: Apache-2.0 */

/* A worker's life. It takes from the segment furthest down the line first, so that what was begun gets finished, and
 * takes as many leaves at once as fit a tenth of a millisecond: one wake downstream a batch. */
#include "runtime/crew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/retry.h"
#include "runtime/route.h"
#include "runtime/source.h"

enum { BATCH_MAX = 32, BATCH_NS = 100000 };

/* --- what becomes of a leaf that a stage did not let through --- */

static void end_failed(runtime *self, leaf *it, const step *at) {
  const instance *stage = &self->instances[at->stage];
  metrics_add(&at->cell->failed, 1);
  switch (stage->planned->on_error) {
  case ON_ERROR_DROP:
    it->state = LEAF_DROPPED;
    break;
  case ON_ERROR_STOP:
    runtime_fail(self, stage, &at->call->error);
    leaf_fail(it, at->stage, &at->call->error);
    break;
  case ON_ERROR_DEAD_LETTER:
  default:
    leaf_fail(it, at->stage, &at->call->error);
    break;
  }
}

static void end_fatal(runtime *self, leaf *it, const step *at, qn_status status) {
  qn_error *error = &at->call->error;
  if (status != QN_STATUS_FATAL) {
    error_set(error, -EPROTO, "bad-status",
              "returned status %d, which a stage of its kind may not; a fault of the plugin", (int)status);
  }
  metrics_add(&at->cell->failed, 1);
  it->state = LEAF_UNFINISHED;
  runtime_fail(self, &self->instances[at->stage], error);
}

/* True if the leaf waits for another try and is no longer ours. */
static bool try_again(runtime *self, leaf *it, const step *at) {
  const plan_retry *retry = &self->instances[at->stage].planned->retry;
  if (it->attempt >= retry->attempts || runtime_standing(self) >= RUN_INTERRUPTED) {
    return false;
  }
  metrics_add(&at->cell->retried, 1);
  uint32_t delay_ms = retry_delay_ms(retry, it->attempt, it->receipt->sequence);
  it->attempt++;
  retries_add(self->retries, it, delay_ms);
  return true;
}

/* Gives the leaf its end. False if it waits for another try. */
static bool end_leaf(runtime *self, leaf *it, const step *at, qn_status status) {
  switch (status) {
  case QN_STATUS_DROP:
    metrics_add(&at->cell->dropped, 1);
    it->state = LEAF_DROPPED;
    return true;
  case QN_STATUS_RETRY:
    if (try_again(self, it, at)) {
      return false;
    }
    end_failed(self, it, at);
    return true;
  case QN_STATUS_REJECT:
    end_failed(self, it, at);
    return true;
  default:
    end_fatal(self, it, at, status);
    return true;
  }
}

/* --- running --- */

/* Tells admission what the document has grown to. */
static void charge(runtime *self, leaf *it) {
  uint64_t bytes = emit_charge_of(it->document);
  if (bytes != it->charged_bytes) {
    admission_charge(&self->admission, (int64_t)bytes - (int64_t)it->charged_bytes);
    it->charged_bytes = bytes;
  }
}

/* Runs one leaf through its segment. Returns the border it went to, or NULL if it waits. */
static border *run_leaf(runtime *self, const segment *seg, lane *own, leaf *it) {
  if (runtime_standing(self) == RUN_FAILED) {
    it->state = LEAF_UNFINISHED;
    return route_ended(seg, it);
  }
  qn_status status = lane_run(own, it);
  if (status == QN_STATUS_OK) {
    charge(self, it);
    return route_onward(seg, it);
  }
  return end_leaf(self, it, &own->steps[it->step], status) ? route_ended(seg, it) : NULL;
}

/* How many leaves to take: few while they are dear or others could share them. */
static uint32_t batch_for(const crew *self, const segment *seg, const lane *own) {
  uint64_t by_time = own->document_ns == 0 ? 1 : BATCH_NS / own->document_ns;
  uint32_t by_share = ring_count(&seg->border.ring) / self->n_workers + 1;
  uint64_t n = by_time < by_share ? by_time : by_share;
  return n == 0 ? 1 : n > BATCH_MAX ? BATCH_MAX : (uint32_t)n;
}

static bool run_segment(worker *self, segment *seg) {
  crew *team = self->crew;
  lane *own = &self->lanes[seg->index];
  leaf *leaves[BATCH_MAX];
  uint32_t n = border_take(&seg->border, leaves, batch_for(team, seg, own));
  if (n == 0) {
    return false;
  }
  if (border_ready(&seg->border)) {
    park_wake(&team->park); /* whoever put these may have woken only us */
  }
  border *woken = NULL;
  for (uint32_t i = 0; i < n; i++) {
    border *to = run_leaf(team->runtime, seg, own, leaves[i]);
    if (to != woken && woken != NULL) {
      border_wake(woken);
    }
    woken = to != NULL ? to : woken;
  }
  if (woken != NULL) {
    border_wake(woken);
  }
  return true;
}

static bool is_ours(const segment *self) {
  return self->planned->kind == SEGMENT_PARALLEL;
}

static bool run_some(worker *self) {
  runtime *rt = self->crew->runtime;
  for (uint32_t i = rt->n_segments; i-- > 0;) {
    if (is_ours(&rt->segments[i]) && run_segment(self, &rt->segments[i])) {
      return true;
    }
  }
  return false;
}

static bool some_ready(const runtime *self) {
  for (uint32_t i = 0; i < self->n_segments; i++) {
    if (is_ours(&self->segments[i]) && border_ready(&self->segments[i].border)) {
      return true;
    }
  }
  return false;
}

static void work(worker *self) {
  crew *team = self->crew;
  while (!atomic_load(&team->stopping)) {
    if (run_some(self)) {
      continue;
    }
    uint32_t round = 0;
    while (!some_ready(team->runtime) && park_pause(round++)) {
    }
    uint32_t key = park_prepare(&team->park);
    if (atomic_load(&team->stopping) || some_ready(team->runtime)) {
      park_cancel(&team->park);
    } else {
      park_wait(&team->park, key, 0);
    }
  }
}

/* --- starting and ending --- */

static int open_lane(worker *w, const segment *seg, qn_error *error) {
  runtime *rt = w->crew->runtime;
  uint32_t n_stages = seg->planned->n_stages;
  lane_stage *stages = calloc(n_stages + 1, sizeof *stages);
  if (stages == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a worker's stages");
  }
  for (uint32_t i = 0; i < n_stages; i++) {
    instance *stage = &rt->instances[seg->planned->stages[i]];
    stages[i] = (lane_stage){
      .env = &stage->env,
      .table = stage->table,
      .instance = stage->self,
      .layout = &stage->planned->layout,
      .cell = metrics_cell_of(rt->metrics, w->index, stage->index),
      .stage = stage->index,
      .sink_slot = stage->planned->sink_slot,
    };
  }
  int rc = lane_open(&w->lanes[seg->index], stages, n_stages, w->builder, w->encoder, error);
  free(stages);
  return rc;
}

static int open_worker(worker *self) {
  runtime *rt = self->crew->runtime;
  if (builder_new(&self->builder) != 0 || record_encoder_new(&self->encoder) != 0) {
    return error_set(&self->error, -ENOMEM, "no-memory", "no memory for a worker");
  }
  for (uint32_t i = 0; i < rt->n_segments; i++) {
    int rc = is_ours(&rt->segments[i]) ? open_lane(self, &rt->segments[i], &self->error) : 0;
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static void close_worker(worker *self) {
  for (uint32_t i = self->crew->runtime->n_segments; i-- > 0;) {
    lane_close(&self->lanes[i]);
  }
  record_encoder_free(self->encoder);
  builder_free(self->builder);
}

static void *worker_main(void *arg) {
  worker *self = arg;
  crew *team = self->crew;
  self->opened = open_worker(self);
  pthread_mutex_lock(&team->mutex);
  team->n_opened++;
  pthread_cond_signal(&team->opened);
  pthread_mutex_unlock(&team->mutex);
  if (self->opened == 0) {
    work(self);
  }
  close_worker(self);
  return NULL;
}

static int start_worker(crew *self, uint32_t index) {
  worker *w = &self->workers[index];
  w->crew = self;
  w->index = index;
  w->lanes = calloc(self->runtime->n_segments, sizeof *w->lanes);
  if (w->lanes == NULL) {
    return -ENOMEM;
  }
  char name[24];
  snprintf(name, sizeof name, "worker %u", index);
  int rc = runtime_thread(&w->thread, worker_main, w, name);
  w->has_thread = rc == 0;
  return rc;
}

/* Waits for all threads that were started; 0 if each has its contexts. */
static int wait_opened(crew *self, uint32_t n_started, qn_error *error) {
  pthread_mutex_lock(&self->mutex);
  while (self->n_opened < n_started) {
    pthread_cond_wait(&self->opened, &self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
  for (uint32_t i = 0; i < n_started; i++) {
    if (self->workers[i].opened != 0) {
      *error = self->workers[i].error;
      return self->workers[i].opened;
    }
  }
  return 0;
}

int crew_new(runtime *self, uint32_t n_workers, crew **ret_crew, qn_error *error) {
  crew *made = calloc(1, sizeof *made);
  worker *workers = calloc(n_workers, sizeof *workers);
  if (made == NULL || workers == NULL) {
    free(made);
    free(workers);
    return error_set(error, -ENOMEM, "no-memory", "no memory for %u workers", n_workers);
  }
  made->runtime = self;
  made->workers = workers;
  made->n_workers = n_workers;
  park_init(&made->park);
  pthread_mutex_init(&made->mutex, NULL);
  pthread_cond_init(&made->opened, NULL);
  for (uint32_t i = 0; i < self->n_segments; i++) {
    if (is_ours(&self->segments[i])) {
      self->segments[i].border.park = &made->park;
    }
  }
  uint32_t n_started = 0;
  int rc = 0;
  while (rc == 0 && n_started < n_workers) {
    rc = start_worker(made, n_started);
    n_started += rc == 0;
  }
  int opened = wait_opened(made, n_started, error);
  if (rc != 0 || opened != 0) {
    if (opened == 0) {
      error_set(error, rc, "no-threads", "cannot start worker %u of %u: %s", n_started + 1, n_workers, strerror(-rc));
    }
    crew_free(made);
    return opened != 0 ? opened : rc;
  }
  *ret_crew = made;
  return 0;
}

void crew_free(crew *self) {
  if (self == NULL) {
    return;
  }
  atomic_store(&self->stopping, true);
  park_wake_all(&self->park);
  for (uint32_t i = 0; i < self->n_workers; i++) {
    if (self->workers[i].has_thread) {
      pthread_join(self->workers[i].thread, NULL);
    }
    free(self->workers[i].lanes);
  }
  pthread_cond_destroy(&self->opened);
  pthread_mutex_destroy(&self->mutex);
  free(self->workers);
  free(self);
}

void crew_cancel(crew *self) {
  for (uint32_t w = 0; w < self->n_workers; w++) {
    for (uint32_t i = 0; i < self->runtime->n_segments; i++) {
      lane_cancel(&self->workers[w].lanes[i]);
    }
  }
}
