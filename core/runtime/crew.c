/* SPDX-License-Identifier: Apache-2.0 */

/* A worker's life. It looks at the segment furthest down the graph first, so that what was begun gets finished; when
 * nothing is ready it flushes batches that nothing more can come to, and sleeps. */
#include "runtime/crew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/outcome.h"
#include "runtime/sink.h"
#include "runtime/work.h"

enum { LOOK_MIN_MS = 5, LOOK_MAX_MS = 100, LOST_ROUNDS = 100 };

static bool run_some(worker *self) {
  runtime *rt = self->crew->runtime;
  for (uint32_t i = rt->n_segments; i-- > 0;) {
    segment *at = &rt->segments[i];
    if (at->work != NULL && at->work->turn(self, at)) {
      flow_flush(&self->flow);
      return true;
    }
  }
  flow_flush(&self->flow); /* a turn that ran nothing may have settled what only kept its place */
  return false;
}

static bool some_ready(const runtime *self) {
  for (uint32_t i = 0; i < self->n_segments; i++) {
    const segment *at = &self->segments[i];
    if (at->work != NULL && at->work->ready(at)) {
      return true;
    }
  }
  return false;
}

/* Everything stands still: what waits for more to come has waited in vain. */
static void run_held(worker *self) {
  runtime *rt = self->crew->runtime;
  for (uint32_t i = rt->n_segments; i-- > 0;) {
    segment *at = &rt->segments[i];
    if (at->work != NULL && at->work->flush != NULL && at->work->flush(self, at)) {
      flow_flush(&self->flow);
      return;
    }
  }
}

/* How long to sleep at most; 0: until woken. */
static uint64_t sleep_ns(const runtime *self) {
  if (atomic_load(&self->activity.n_held) == 0) {
    return 0;
  }
  uint64_t due_ns = UINT64_MAX;
  for (uint32_t i = 0; i < self->n_segments; i++) {
    const segment *at = &self->segments[i];
    uint64_t next_ns = at->work != NULL && at->work->due_ns != NULL ? at->work->due_ns(at) : UINT64_MAX;
    due_ns = next_ns < due_ns ? next_ns : due_ns;
  }
  uint64_t now_ns = metrics_now_ns();
  return due_ns == UINT64_MAX ? 0 : due_ns > now_ns ? due_ns - now_ns : 1;
}

/* Sleeps until there may be something to do; the last to fall asleep runs what is held instead. */
static void rest(worker *self) {
  crew *team = self->crew;
  activity *all = &team->runtime->activity;
  activity_rest(all);
  uint32_t key = park_prepare(&team->runtime->work_park);
  bool held = atomic_load(&all->n_held) > 0 && activity_stands_still(all);
  if (held || atomic_load(&team->stopping) || some_ready(team->runtime)) {
    park_cancel(&team->runtime->work_park);
  } else {
    park_wait(&team->runtime->work_park, key, sleep_ns(team->runtime));
  }
  activity_begin(all);
  if (held) {
    run_held(self);
  }
}

static void work_on(worker *self) {
  crew *team = self->crew;
  while (!atomic_load(&team->stopping) && !self->is_lost) {
    if (run_some(self)) {
      continue;
    }
    uint32_t round = 0;
    while (!some_ready(team->runtime) && park_pause(round++)) {
    }
    rest(self);
  }
}

/* --- starting and ending --- */

int work_lane_open(runtime *rt, const segment *seg, builder *building, record_encoder *encoder, uint32_t actor,
                   watch *watching, lane *ret_lane, qn_error *error) {
  uint32_t n_stages = seg->planned->n_stages;
  lane_stage *stages = calloc(n_stages + 1, sizeof *stages);
  if (stages == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a worker's stages");
  }
  for (uint32_t i = 0; i < n_stages; i++) {
    instance *stage = &rt->instances[seg->planned->stages[i]];
    stages[i] = (lane_stage){
      .env = stage->env,
      .table = stage->table,
      .instance = stage->self,
      .layout = &stage->planned->layout,
      .cell = metrics_cell_of(rt->metrics, actor, stage->index),
      .stage = stage->index,
      .sink_slot = stage->planned->sink_slot,
      .unprepared = stage->planned->info->role == ROLE_SINK && !instance_prepares(stage),
      .timeout_ms = stage->planned->info->role == ROLE_TRANSFORM ? stage->planned->timeout_ms : 0,
    };
  }
  int rc = lane_open(ret_lane, stages, n_stages, building, encoder, watching, error);
  free(stages);
  return rc;
}

uint32_t work_actor(const runtime *rt, const segment *seg) {
  return work_worker_rows(rt) + rt->plan->n_stages + seg->index;
}

static int open_worker(worker *self) {
  runtime *rt = self->crew->runtime;
  if (builder_new(&self->builder) != 0 || record_encoder_new(&self->encoder) != 0 || flow_init(&self->flow, rt) != 0) {
    return error_set(&self->error, -ENOMEM, "no-memory", "no memory for a worker");
  }
  for (uint32_t i = 0; i < rt->n_segments; i++) {
    segment *at = &rt->segments[i];
    int rc = at->work != NULL && at->work->open != NULL ? at->work->open(self, at, &self->error) : 0;
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
  flow_done(&self->flow);
  record_encoder_free(self->encoder);
  builder_free(self->builder);
}

static void *worker_main(void *arg) {
  worker *self = arg;
  crew *team = self->crew;
  activity_begin(&team->runtime->activity);
  self->opened = open_worker(self);
  pthread_mutex_lock(&team->mutex);
  team->n_opened++;
  self->is_open = self->opened == 0;
  pthread_cond_signal(&team->opened);
  pthread_mutex_unlock(&team->mutex);
  if (self->opened == 0) {
    work_on(self);
  }
  pthread_mutex_lock(&team->mutex);
  self->is_open = false;
  pthread_mutex_unlock(&team->mutex);
  close_worker(self);
  atomic_store(&self->is_gone, true);
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

/* What workers share of each segment; and that its border wakes them. */
static int build_shared(crew *self, qn_error *error) {
  runtime *rt = self->runtime;
  rt->activity.park = &rt->work_park;
  for (uint32_t i = 0; i < rt->n_segments; i++) {
    segment *at = &rt->segments[i];
    if (at->work == NULL) {
      continue;
    }
    at->border.park = &rt->work_park;
    int rc = at->work->build != NULL ? at->work->build(rt, at, error) : 0;
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static int start_all(crew *self, qn_error *error) {
  int rc = 0;
  while (rc == 0 && self->n_started < self->n_workers) {
    rc = start_worker(self, self->n_started);
    self->n_started += rc == 0;
  }
  int opened = wait_opened(self, self->n_started, error);
  if (rc != 0 && opened == 0) {
    return error_set(error, rc, "no-threads", "cannot start worker %u of %u: %s", self->n_started + 1, self->n_workers,
                     strerror(-rc));
  }
  return opened;
}

/* --- time limits [loop] --- */

/* Takes its document from a thread that does not come back. */
static void give_up_document(crew *self, worker *from, watch *at) {
  runtime *rt = self->runtime;
  leaf *it = at->leaf;
  instance *stage = &rt->instances[at->stage];
  segment *seg = &rt->segments[it->segment];
  qn_error error = { 0 };
  error_set(&error, -ETIMEDOUT, "timed-out",
            "has not returned after %u ms, nor when it was told that nobody waits; its thread is given up",
            stage->planned->timeout_ms);
  if (from != NULL) {
    from->pinned = document_ref(it->document);
  } else {
    document_ref(it->document); /* for ever: the process is about to end */
  }
  runtime_log(rt, stage->planned->id, QN_LOG_ERROR, "%s", error.message);
  metrics_cell *cell = metrics_cell_of(rt->metrics, work_actor(rt, seg), stage->index);
  outcome_carry_out(&self->flow, seg, it, stage, outcome_of(rt, it, stage, cell, QN_STATUS_REJECT, &error));
  flow_flush(&self->flow);
  activity_end(&rt->activity);
}

static void fail_stuck(runtime *rt, const instance *stage, const char *why) {
  qn_error error = { 0 };
  error_set(&error, -ETIMEDOUT, "stuck", "does not return from its documents, and %s; the run cannot go on", why);
  rt->stuck = true;
  runtime_fail(rt, stage, &error);
}

static void replace_worker(crew *self, uint32_t index) {
  runtime *rt = self->runtime;
  instance *stage = &rt->instances[self->workers[index].watch.stage];
  atomic_fetch_add_explicit(&stage->n_given_up, 1, memory_order_relaxed);
  give_up_document(self, &self->workers[index], &self->workers[index].watch);
  self->n_lost++;
  int rc = self->n_lost < CREW_LOST_MAX ? start_worker(self, self->n_started) : -EAGAIN;
  if (rc == 0) {
    self->n_started++;
  } else {
    fail_stuck(rt, stage, "too many threads have been given up for it");
  }
}

static void look(crew *self) {
  runtime *rt = self->runtime;
  uint64_t now_ns = metrics_now_ns();
  uint32_t n_started = self->n_started;
  for (uint32_t i = 0; i < n_started; i++) {
    watch *own = &self->workers[i].watch;
    if (!watch_look(own, now_ns)) {
      continue;
    }
    if (own->leaf != NULL) {
      replace_worker(self, i);
    } else {
      fail_stuck(rt, &rt->instances[own->stage], "it has more than one of them in hand");
    }
  }
  for (uint32_t i = 0; i < rt->n_segments; i++) {
    segment *at = &rt->segments[i];
    watch *own = at->work != NULL && at->work->watch != NULL ? at->work->watch(at) : NULL;
    if (own != NULL && watch_look(own, now_ns)) {
      give_up_document(self, NULL, own);
      fail_stuck(rt, &rt->instances[own->stage], "it runs one document at a time");
    }
  }
  for (uint32_t i = 0; i < rt->n_sinks; i++) {
    if (!rt->stuck && sink_is_stuck(&rt->sinks[i], now_ns)) {
      fail_stuck(rt, rt->sinks[i].stage, "it may have written them or not");
    }
  }
}

static void on_look(uv_timer_t *timer) {
  look(timer->data);
}

static int start_looking(crew *self) {
  runtime *rt = self->runtime;
  uint32_t least_ms = UINT32_MAX;
  for (uint32_t i = 0; i < rt->plan->n_stages; i++) {
    uint32_t timeout_ms = rt->plan->stages[i].timeout_ms;
    least_ms = timeout_ms > 0 && timeout_ms < least_ms ? timeout_ms : least_ms;
  }
  if (least_ms == UINT32_MAX) {
    return 0;
  }
  uint32_t every_ms = least_ms / 8 < LOOK_MIN_MS   ? LOOK_MIN_MS
                      : least_ms / 8 > LOOK_MAX_MS ? LOOK_MAX_MS
                                                   : least_ms / 8;
  uv_timer_init(&rt->loop.uv, &self->look);
  self->look.data = self;
  self->has_look = true;
  return uv_timer_start(&self->look, on_look, every_ms, every_ms);
}

int crew_new(runtime *self, uint32_t n_workers, crew **ret_crew, qn_error *error) {
  crew *made = calloc(1, sizeof *made);
  worker *workers = calloc(n_workers + CREW_LOST_MAX, sizeof *workers);
  if (made == NULL || workers == NULL) {
    free(made);
    free(workers);
    return error_set(error, -ENOMEM, "no-memory", "no memory for %u workers", n_workers);
  }
  made->runtime = self;
  made->workers = workers;
  made->n_workers = n_workers;
  pthread_mutex_init(&made->mutex, NULL);
  pthread_cond_init(&made->opened, NULL);
  int rc = flow_init(&made->flow, self);
  if (rc != 0) {
    error_set(error, rc, "no-memory", "no memory for %u workers", n_workers);
  }
  rc = rc == 0 ? build_shared(made, error) : rc;
  rc = rc == 0 ? start_all(made, error) : rc;
  rc = rc == 0 ? start_looking(made) : rc;
  if (rc != 0) {
    crew_free(made);
    return rc;
  }
  *ret_crew = made;
  return 0;
}

/* Given-up threads have a last moment to come back. */
static bool wait_for_lost(const crew *self) {
  for (uint32_t round = 0; round < LOST_ROUNDS && crew_is_stuck(self); round++) {
    struct timespec nap = { .tv_nsec = 10 * 1000000 };
    nanosleep(&nap, NULL);
  }
  return !crew_is_stuck(self);
}

bool crew_is_stuck(const crew *self) {
  for (uint32_t i = 0; i < self->n_started; i++) {
    const worker *w = &self->workers[i];
    if ((atomic_load(&w->watch.state) & WATCH_LOST) != 0 && !atomic_load(&w->is_gone)) {
      return true;
    }
  }
  return self->runtime->stuck;
}

bool crew_free(crew *self) {
  if (self == NULL) {
    return true;
  }
  atomic_store(&self->stopping, true);
  park_wake_all(&self->runtime->work_park);
  if (!wait_for_lost(self)) {
    return false;
  }
  for (uint32_t i = 0; i < self->n_started; i++) {
    if (self->workers[i].has_thread) {
      pthread_join(self->workers[i].thread, NULL);
    }
    document_unref(self->workers[i].pinned);
    free(self->workers[i].lanes);
  }
  runtime *rt = self->runtime;
  for (uint32_t i = rt->n_segments; i-- > 0;) {
    segment *at = &rt->segments[i];
    if (at->work != NULL && at->work->close != NULL) {
      at->work->close(rt, at);
    }
  }
  if (self->has_look) {
    uv_close((uv_handle_t *)&self->look, NULL);
    uv_run(&rt->loop.uv, UV_RUN_NOWAIT); /* the handle lies in what is freed here */
  }
  flow_done(&self->flow);
  pthread_cond_destroy(&self->opened);
  pthread_mutex_destroy(&self->mutex);
  free(self->workers);
  free(self);
  return true;
}

void crew_cancel(crew *self) {
  runtime *rt = self->runtime;
  bool failed = runtime_standing(rt) == RUN_FAILED;
  pthread_mutex_lock(&self->mutex); /* one that was given up may come back, and close what it has, at any time */
  for (uint32_t i = 0; i < rt->n_segments; i++) {
    segment *at = &rt->segments[i];
    for (uint32_t w = 0; failed && w < self->n_started; w++) {
      if (self->workers[w].is_open) {
        lane_cancel(&self->workers[w].lanes[i]);
      }
    }
    if (at->work != NULL && at->work->cancel != NULL) {
      at->work->cancel(rt, at);
    }
  }
  pthread_mutex_unlock(&self->mutex);
}

void runtime_wake_workers(runtime *self) {
  park_wake(&self->work_park);
}
