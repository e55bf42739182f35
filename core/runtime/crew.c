/* SPDX-License-Identifier: Apache-2.0 */

/* A worker's life. It looks at the segment furthest down the graph first, so that what was begun gets finished; when
 * nothing is ready it flushes batches that nothing more can come to, and sleeps. */
#include "runtime/crew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/work.h"

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
  while (!atomic_load(&team->stopping)) {
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
                   lane *ret_lane, qn_error *error) {
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
      .cell = metrics_cell_of(rt->metrics, actor, stage->index),
      .stage = stage->index,
      .sink_slot = stage->planned->sink_slot,
    };
  }
  int rc = lane_open(ret_lane, stages, n_stages, building, encoder, error);
  free(stages);
  return rc;
}

uint32_t work_actor(const runtime *rt, const segment *seg) {
  return rt->options.n_workers + rt->plan->n_stages + seg->index;
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
  pthread_cond_signal(&team->opened);
  pthread_mutex_unlock(&team->mutex);
  if (self->opened == 0) {
    work_on(self);
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
  uint32_t n_started = 0;
  int rc = 0;
  while (rc == 0 && n_started < self->n_workers) {
    rc = start_worker(self, n_started);
    n_started += rc == 0;
  }
  int opened = wait_opened(self, n_started, error);
  if (rc != 0 && opened == 0) {
    return error_set(error, rc, "no-threads", "cannot start worker %u of %u: %s", n_started + 1, self->n_workers,
                     strerror(-rc));
  }
  return opened;
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
  pthread_mutex_init(&made->mutex, NULL);
  pthread_cond_init(&made->opened, NULL);
  int rc = build_shared(made, error);
  rc = rc == 0 ? start_all(made, error) : rc;
  if (rc != 0) {
    crew_free(made);
    return rc;
  }
  *ret_crew = made;
  return 0;
}

void crew_free(crew *self) {
  if (self == NULL) {
    return;
  }
  atomic_store(&self->stopping, true);
  park_wake_all(&self->runtime->work_park);
  for (uint32_t i = 0; i < self->n_workers; i++) {
    if (self->workers[i].has_thread) {
      pthread_join(self->workers[i].thread, NULL);
    }
    free(self->workers[i].lanes);
  }
  runtime *rt = self->runtime;
  for (uint32_t i = rt->n_segments; i-- > 0;) {
    segment *at = &rt->segments[i];
    if (at->work != NULL && at->work->close != NULL) {
      at->work->close(rt, at);
    }
  }
  pthread_cond_destroy(&self->opened);
  pthread_mutex_destroy(&self->mutex);
  free(self->workers);
  free(self);
}

void crew_cancel(crew *self) {
  runtime *rt = self->runtime;
  bool failed = runtime_standing(rt) == RUN_FAILED;
  for (uint32_t i = 0; i < rt->n_segments; i++) {
    segment *at = &rt->segments[i];
    for (uint32_t w = 0; failed && w < self->n_workers; w++) {
      lane_cancel(&self->workers[w].lanes[i]);
    }
    if (at->work != NULL && at->work->cancel != NULL) {
      at->work->cancel(rt, at);
    }
  }
}

void runtime_wake_workers(runtime *self) {
  park_wake(&self->work_park);
}
