/* SPDX-License-Identifier: Apache-2.0 */

/* The thread that watches over one pipeline. What it asks of the loop it asks through service_on_loop; everything that others may look
 * at is under its mutex. */
#include "serve/supervisor_body.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "serve/thread.h"

enum { DELAY_MAX_MS = 60000, GRACE_MS = 5000, HEALTHY_MS = 60000 };

uint64_t supervisor_clock_ms(void) {
  return metrics_now_ns() / 1000000;
}

void supervisor_say(const supervisor *self, uint32_t level, const char *format, ...) {
  char text[1400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const service_options *options = self->parts->options;
  options->log(options->arg, self->name, NULL, level, text, strlen(text));
}

static void log_stage(void *arg, const char *stage, uint32_t level, const char *text, size_t len) {
  const supervisor *self = arg;
  const service_options *options = self->parts->options;
  options->log(options->arg, self->name, stage, level, text, len);
}

static void log_source(void *arg, const char *pipeline, const char *stage, uint32_t level, const char *text,
                       size_t len) {
  const supervisor *self = arg;
  (void)pipeline;
  log_stage((void *)(uintptr_t)self, stage, level, text, len);
}

static void on_source_ended(void *arg, intake *of) {
  const supervisor *self = arg;
  (void)of;
  service_wake(self->parts->service);
}

static void on_generation_ended(void *arg) {
  supervisor *self = arg;
  pthread_mutex_lock(&self->mutex);
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

void supervisor_tell_orphans(const supervisor *self) {
  const char *sources[PLAN_STAGES_MAX];
  const edition *of = self->edition;
  for (uint32_t i = 0; i < of->n_journaled; i++) {
    sources[i] = of->plan->stages[of->journaled[i].stage].id;
  }
  uint64_t n = journal_orphans(self->parts->journal, self->name, sources, of->n_journaled);
  if (n > 0) {
    supervisor_say(self, QN_LOG_WARNING,
                   "%llu documents wait in the journal for a source that the pipeline no longer has; give one its id "
                   "again, or take them out with qanat journal export",
                   (unsigned long long)n);
  }
}

/* --- generations [its thread] --- */

int supervisor_build(supervisor *self, edition *of, generation **ret_generation, qn_error *error) {
  intake_port *ports[PLAN_STAGES_MAX];
  sources_ports(self->sources, of, ports);
  const service_options *options = self->parts->options;
  const generation_options wanted = { .edition = of,
                                      .number = self->n_generations + 1,
                                      .registry = options->registry,
                                      .registry_mutex = self->parts->registry_mutex,
                                      .journal = self->parts->journal,
                                      .ports = ports,
                                      .letters = letters_store(self->letters),
                                      .pool = self->pool,
                                      .listeners = self->parts->listeners,
                                      .stage_host = options->stage_host,
                                      .tracer = options->tracer,
                                      .n_workers = options->n_workers,
                                      .log = log_stage,
                                      .ended = on_generation_ended,
                                      .arg = self };
  return generation_new(&wanted, ret_generation, error);
}

void supervisor_add_counts(runtime_counts *sum, const generation *of) {
  runtime_counts counts;
  runtime_counts_get(generation_runtime(of), &counts);
  sum->admitted += counts.admitted;
  sum->delivered += counts.delivered;
  sum->dropped += counts.dropped;
  sum->dead_lettered += counts.dead_lettered;
  sum->unfinished += counts.unfinished;
  sum->in_flight += counts.in_flight;
  sum->parts += counts.parts;
  sum->bytes_admitted += counts.bytes_admitted;
  sum->bytes_settled += counts.bytes_settled;
}

/* Nobody looks at it any more: it was taken out under the mutex. */
void supervisor_bury(supervisor *self, generation *of) {
  pthread_mutex_lock(&self->mutex);
  supervisor_add_counts(&self->past, of);
  self->past.in_flight = 0;
  pthread_mutex_unlock(&self->mutex);
  if (!generation_free(of)) {
    atomic_store(&self->is_stuck, true);
  }
}

/* Makes it the one that runs. */
int supervisor_launch(supervisor *self, generation *of, qn_error *error) {
  int rc = generation_start(of, error);
  pthread_mutex_lock(&self->mutex);
  if (rc == 0) {
    edition *before = self->edition;
    self->edition = edition_ref(generation_edition(of));
    edition_unref(before);
    self->running = of;
    self->n_generations++;
    self->started_ms = supervisor_clock_ms();
    self->due_ms = 0;
    self->state = PIPELINE_RUNNING;
  }
  pthread_mutex_unlock(&self->mutex);
  if (rc != 0) {
    generation_free(of);
  }
  return rc;
}

/* [locked] */
static uint64_t deadline(const supervisor *self, uint64_t until_ms) {
  return self->stopping && self->stop_by_ms < until_ms ? self->stop_by_ms : until_ms;
}

uint64_t supervisor_deadline(supervisor *self, uint64_t until_ms) {
  pthread_mutex_lock(&self->mutex);
  until_ms = deadline(self, until_ms);
  pthread_mutex_unlock(&self->mutex);
  return until_ms;
}

/* Waits until it has ended, or that moment; if it heeds the end and the worker is told to end meanwhile, until it must have. */
static bool wait_ended(supervisor *self, const generation *of, uint64_t until_ms, bool heeds_end) {
  pthread_mutex_lock(&self->mutex);
  while (!generation_has_ended(of) && supervisor_clock_ms() < (heeds_end ? deadline(self, until_ms) : until_ms)) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    pthread_cond_timedwait(&self->changed, &self->mutex, &until);
  }
  pthread_mutex_unlock(&self->mutex);
  return generation_has_ended(of);
}

/* Lets it finish until then; what is left goes back to the journal. False: it does not even end then. */
static bool drain_until(supervisor *self, generation *of, uint64_t until_ms) {
  generation_stop(of);
  if (wait_ended(self, of, until_ms, true)) {
    return true;
  }
  runtime_counts counts;
  runtime_counts_get(generation_runtime(of), &counts);
  supervisor_say(self, QN_LOG_WARNING,
                 "%u documents have not come out after %u ms; they go back to where they came from", counts.in_flight,
                 self->parts->options->drain_ms);
  generation_abandon(of);
  if (wait_ended(self, of, supervisor_clock_ms() + GRACE_MS, false)) {
    return true;
  }
  supervisor_say(self, QN_LOG_ERROR, "a stage does not return from a document; the process has to end");
  atomic_store(&self->is_stuck, true);
  return false;
}

bool supervisor_drain(supervisor *self, generation *of) {
  return drain_until(self, of, supervisor_clock_ms() + self->parts->options->drain_ms);
}

generation *supervisor_take_running(supervisor *self, pipeline_state state) {
  pthread_mutex_lock(&self->mutex);
  generation *of = self->running;
  self->running = NULL;
  self->state = state;
  pthread_mutex_unlock(&self->mutex);
  return of;
}

/* --- failures [its thread] --- */

static uint32_t delay_after(uint32_t n_failures) {
  uint32_t delay_ms = DELAY_MIN_MS;
  for (uint32_t i = 1; i < n_failures && delay_ms < DELAY_MAX_MS; i++) {
    delay_ms *= 2;
  }
  return delay_ms < DELAY_MAX_MS ? delay_ms : DELAY_MAX_MS;
}

static void wait_to_restart(supervisor *self, const char *why) {
  pthread_mutex_lock(&self->mutex);
  uint32_t delay_ms = delay_after(++self->n_failures);
  self->state = PIPELINE_WAITING;
  self->due_ms = supervisor_clock_ms() + delay_ms;
  pthread_mutex_unlock(&self->mutex);
  supervisor_say(self, QN_LOG_ERROR, "the pipeline stopped: %s; its documents wait, and it is started again in %u s",
                 why, delay_ms / 1000);
  letters_note(self->letters, "pipeline", "stopped", why);
}

static void forgive_old_failures(supervisor *self) {
  pthread_mutex_lock(&self->mutex);
  if (supervisor_clock_ms() - self->started_ms > HEALTHY_MS) {
    self->n_failures = 0;
  }
  pthread_mutex_unlock(&self->mutex);
}

static void look_after_running(supervisor *self) {
  generation *of = supervisor_take_running(self, PIPELINE_ENDED);
  const qn_error *error;
  int rc = generation_code(of, &error);
  if (rc == 0) {
    supervisor_say(self, QN_LOG_INFO, "all sources have ended, and everything has come out");
  } else {
    forgive_old_failures(self);
    wait_to_restart(self, error->message);
  }
  supervisor_bury(self, of);
}

static void restart(supervisor *self) {
  generation *made = NULL;
  qn_error error = { 0 };
  int rc = supervisor_build(self, self->edition, &made, &error);
  rc = rc == 0 ? supervisor_launch(self, made, &error) : rc;
  if (rc != 0) {
    wait_to_restart(self, error.message);
  } else {
    supervisor_say(self, QN_LOG_WARNING, "the pipeline is started again");
  }
}

static void bury_drained(supervisor *self) {
  for (;;) {
    generation *ended = NULL;
    pthread_mutex_lock(&self->mutex);
    for (uint32_t i = 0; ended == NULL && i < self->n_draining; i++) {
      if (generation_has_ended(self->draining[i])) {
        ended = self->draining[i];
        self->draining[i] = self->draining[--self->n_draining];
      }
    }
    pthread_mutex_unlock(&self->mutex);
    if (ended == NULL) {
      return;
    }
    supervisor_bury(self, ended);
    instance_pool_trim(self->pool);
  }
}

/* --- its thread --- */

typedef enum task { TASK_STOP, TASK_RELOAD, TASK_RUNNING_ENDED, TASK_DRAINED, TASK_RESTART } task;

/* [locked] Whether there is something to do. */
static bool find_task(const supervisor *self, task *ret_task) {
  bool drained = false;
  for (uint32_t i = 0; i < self->n_draining; i++) {
    drained |= generation_has_ended(self->draining[i]);
  }
  if (self->stopping || atomic_load(&self->is_stuck)) {
    *ret_task = TASK_STOP;
  } else if (drained) {
    *ret_task = TASK_DRAINED;
  } else if (self->running != NULL && generation_has_ended(self->running)) {
    *ret_task = TASK_RUNNING_ENDED;
  } else if (self->requests != NULL) {
    *ret_task = TASK_RELOAD;
  } else if (self->due_ms != 0 && supervisor_clock_ms() >= self->due_ms) {
    *ret_task = TASK_RESTART;
  } else {
    return false;
  }
  return true;
}

static task wait_task(supervisor *self) {
  task found = TASK_STOP;
  pthread_mutex_lock(&self->mutex);
  while (!find_task(self, &found)) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    pthread_cond_timedwait(&self->changed, &self->mutex, &until);
  }
  pthread_mutex_unlock(&self->mutex);
  return found;
}

/* Everything that runs drains at once, under one deadline. */
static void end(supervisor *self) {
  generation *all[DRAINING_MAX + 1];
  uint32_t n = 0;
  generation *of = supervisor_take_running(self, PIPELINE_DRAINING);
  if (of != NULL) {
    all[n++] = of;
  }
  pthread_mutex_lock(&self->mutex);
  for (uint32_t i = 0; i < self->n_draining; i++) {
    all[n++] = self->draining[i];
  }
  self->n_draining = 0;
  pthread_mutex_unlock(&self->mutex);
  for (uint32_t i = 0; i < n; i++) {
    generation_stop(all[i]);
  }
  uint64_t until_ms = supervisor_deadline(self, UINT64_MAX);
  for (uint32_t i = 0; i < n && !atomic_load(&self->is_stuck); i++) {
    if (drain_until(self, all[i], until_ms)) {
      supervisor_bury(self, all[i]);
    }
  }
}

static void *watch_over(void *arg) {
  supervisor *self = arg;
  for (task next = wait_task(self); next != TASK_STOP; next = wait_task(self)) {
    switch (next) {
    case TASK_RELOAD:
      supervisor_answer_requests(self);
      break;
    case TASK_RUNNING_ENDED:
      look_after_running(self);
      break;
    case TASK_RESTART:
      restart(self);
      break;
    default:
      bury_drained(self);
      break;
    }
  }
  if (!atomic_load(&self->is_stuck)) {
    end(self);
  }
  supervisor_refuse_requests(self);
  atomic_store(&self->has_ended, true);
  service_wake(self->parts->service);
  return NULL;
}

/* --- its life --- */

static int make_parts(supervisor *self, qn_error *error) {
  const service_parts *parts = self->parts;
  self->name = strdup(self->edition->plan->name);
  if (self->name == NULL || instance_pool_new(log_stage, self, &self->pool) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a pipeline");
  }
  int rc = service_check_name(parts->service, self->name, self->path, error);
  rc = rc == 0 ? letters_new(parts->letters_path, self->name, &self->letters, error) : rc;
  if (rc != 0) {
    return rc;
  }
  self->world = parts->world;
  self->world.log = log_source;
  self->world.ended = on_source_ended;
  self->world.arg = self;
  if (sources_new(parts, &self->world, self->name, &self->sources) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a pipeline");
  }
  return sources_prepare(self->sources, self->edition, error);
}

int supervisor_new(const service_parts *parts, const char *path, supervisor **ret_supervisor, faults *found,
                   qn_error *error) {
  supervisor *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a pipeline");
  }
  made->parts = parts;
  made->last_reload_ok = true;
  pthread_mutex_init(&made->mutex, NULL);
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&made->changed, &clock);
  pthread_condattr_destroy(&clock);
  made->path = strdup(path);
  const service_options *options = parts->options;
  int rc = made->path != NULL
               ? edition_new(path, options->registry, options->sets, options->n_sets, &made->edition, found)
               : -ENOMEM;
  if (rc != 0) {
    error_set(error, rc, "pipeline", "%s is no pipeline to run", path);
  }
  rc = rc == 0 ? make_parts(made, error) : rc;
  rc = rc == 0 ? supervisor_build(made, made->edition, &made->first, error) : rc;
  if (rc != 0) {
    supervisor_free(made);
    return rc;
  }
  *ret_supervisor = made;
  return 0;
}

int supervisor_start(supervisor *self, qn_error *error) {
  generation *first = self->first;
  self->first = NULL;
  supervisor_tell_orphans(self);
  sources_commit(self->sources);
  int rc = supervisor_launch(self, first, error);
  if (rc != 0) {
    return rc;
  }
  rc = thread_start(&self->thread, watch_over, self, "supervisor");
  self->has_thread = rc == 0;
  return rc == 0 ? 0 : error_set(error, rc, "no-threads", "cannot start a thread for a pipeline: %s", strerror(-rc));
}

void supervisor_stop(supervisor *self) {
  pthread_mutex_lock(&self->mutex);
  self->stopping = true;
  self->stop_by_ms = supervisor_clock_ms() + self->parts->options->drain_ms;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

bool supervisor_has_ended(const supervisor *self) {
  return atomic_load(&self->has_ended) || !self->has_thread;
}

bool supervisor_is_stuck(const supervisor *self) {
  return atomic_load(&self->is_stuck);
}

bool supervisor_free(supervisor *self) {
  if (self == NULL) {
    return true;
  }
  if (self->has_thread) {
    pthread_join(self->thread, NULL);
  }
  if (atomic_load(&self->is_stuck)) {
    return false;
  }
  generation_free(self->first);
  if (self->running != NULL) { /* its thread could not be started */
    supervisor_drain(self, self->running);
    generation_free(self->running);
  }
  if (!sources_free(self->sources)) {
    atomic_store(&self->is_stuck, true);
    return false;
  }
  letters_free(self->letters);
  instance_pool_free(self->pool);
  edition_unref(self->edition);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->mutex);
  free(self->name);
  free(self->path);
  free(self);
  return true;
}

/* --- for others --- */

const char *supervisor_name(const supervisor *self) {
  return self->name;
}

const char *supervisor_path(const supervisor *self) {
  return self->path;
}

sources *supervisor_sources(const supervisor *self) {
  return self->sources;
}

int supervisor_try(supervisor *self, trial *of) {
  pthread_mutex_lock(&self->mutex);
  feed *to = self->running != NULL ? generation_feed(self->running) : NULL;
  int rc = self->running == NULL ? -ESHUTDOWN : to == NULL ? -ENOTSUP : 0;
  if (rc == 0) {
    feed_try(to, of);
  }
  pthread_mutex_unlock(&self->mutex);
  return rc;
}

journal_line *supervisor_line(supervisor *self, qn_str source) {
  journal_line *line = NULL;
  pthread_mutex_lock(&self->mutex);
  const edition *of = self->edition;
  for (uint32_t i = 0; line == NULL && i < of->n_journaled; i++) {
    const char *id = of->plan->stages[of->journaled[i].stage].id;
    qn_error error;
    if (strlen(id) == source.len && memcmp(id, source.data, source.len) == 0 &&
        journal_line_get(self->parts->journal, self->name, id, &line, &error) != 0) {
      line = NULL;
    }
  }
  pthread_mutex_unlock(&self->mutex);
  return line;
}
