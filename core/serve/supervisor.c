/* SPDX-License-Identifier: Apache-2.0 */

/* The thread that watches over one pipeline. What it asks of the loop it asks through service_on_loop; everything that others may look
 * at is under its mutex. */
#include "serve/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/pool.h"
#include "serve/letters.h"
#include "serve/thread.h"

enum { DRAINING_MAX = 8, DELAY_MIN_MS = 1000, DELAY_MAX_MS = 60000, GRACE_MS = 5000, HEALTHY_MS = 60000 };

/* Somebody's wish for a reload. */
typedef struct reload_request {
  struct reload_request *next;
  bool is_waited_for; /* its asker frees it */
  bool done;
  int code;
  char message[1024];
} reload_request;

struct supervisor {
  const service_parts *parts;
  char *path, *name;
  intake_world world;
  sources *sources; /* [loop's thread] */
  letters *letters;
  instance_pool *pool; /* [its thread] */
  pthread_t thread;
  bool has_thread;
  _Atomic bool has_ended, is_stuck;

  pthread_mutex_t mutex; /* all that follows */
  pthread_cond_t changed;
  bool stopping;
  reload_request *requests;
  edition *edition; /* that runs, or is to run again */
  generation *running;
  uint32_t n_draining;
  generation *draining[DRAINING_MAX];
  pipeline_state state;
  uint32_t n_generations;
  uint32_t n_failures;
  uint64_t started_ms, due_ms; /* of the running one; when to start another, 0: not */
  bool last_reload_ok;
  int64_t last_reload_ms;
  char reload_message[1024];
  runtime_counts past; /* of generations that are gone */
};

static uint64_t clock_ms(void) {
  return metrics_now_ns() / 1000000;
}

static void say(const supervisor *self, uint32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(const supervisor *self, uint32_t level, const char *format, ...) {
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

/* --- generations [its thread] --- */

static int build(supervisor *self, edition *of, generation **ret_generation, qn_error *error) {
  intake_port *ports[PLAN_STAGES_MAX];
  sources_ports(self->sources, of, ports);
  const service_options *options = self->parts->options;
  const generation_options wanted = { .edition = of,
                                      .number = self->n_generations + 1,
                                      .registry = options->registry,
                                      .journal = self->parts->journal,
                                      .ports = ports,
                                      .letters = letters_store(self->letters),
                                      .pool = self->pool,
                                      .listeners = self->parts->listeners,
                                      .stage_host = options->stage_host,
                                      .n_workers = options->n_workers,
                                      .log = log_stage,
                                      .ended = on_generation_ended,
                                      .arg = self };
  pthread_mutex_lock(self->parts->registry_mutex);
  int rc = generation_new(&wanted, ret_generation, error);
  pthread_mutex_unlock(self->parts->registry_mutex);
  return rc;
}

static void add_counts(runtime_counts *sum, const generation *of) {
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
static void bury(supervisor *self, generation *of) {
  pthread_mutex_lock(&self->mutex);
  add_counts(&self->past, of);
  self->past.in_flight = 0;
  pthread_mutex_unlock(&self->mutex);
  if (!generation_free(of)) {
    atomic_store(&self->is_stuck, true);
  }
}

/* Makes it the one that runs. */
static int launch(supervisor *self, generation *of, qn_error *error) {
  int rc = generation_start(of, error);
  pthread_mutex_lock(&self->mutex);
  if (rc == 0) {
    edition *before = self->edition;
    self->edition = edition_ref(generation_edition(of));
    edition_unref(before);
    self->running = of;
    self->n_generations++;
    self->started_ms = clock_ms();
    self->due_ms = 0;
    self->state = PIPELINE_RUNNING;
  }
  pthread_mutex_unlock(&self->mutex);
  if (rc != 0) {
    generation_free(of);
  }
  return rc;
}

/* Waits until it has ended, or the time is up. */
static bool wait_ended(supervisor *self, const generation *of, uint32_t timeout_ms) {
  uint64_t until_ms = clock_ms() + timeout_ms;
  pthread_mutex_lock(&self->mutex);
  while (!generation_has_ended(of) && clock_ms() < until_ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    pthread_cond_timedwait(&self->changed, &self->mutex, &until);
  }
  pthread_mutex_unlock(&self->mutex);
  return generation_has_ended(of);
}

/* Lets it finish under the deadline; what is left then goes back to the journal. False: it does not even end then. */
static bool drain(supervisor *self, generation *of) {
  generation_stop(of);
  if (wait_ended(self, of, self->parts->options->drain_ms)) {
    return true;
  }
  runtime_counts counts;
  runtime_counts_get(generation_runtime(of), &counts);
  say(self, QN_LOG_WARNING, "%u documents have not come out after %u ms; they go back to where they came from",
      counts.in_flight, self->parts->options->drain_ms);
  generation_abandon(of);
  if (wait_ended(self, of, GRACE_MS)) {
    return true;
  }
  say(self, QN_LOG_ERROR, "a stage does not return from a document; the process has to end");
  atomic_store(&self->is_stuck, true);
  return false;
}

static generation *take_running(supervisor *self, pipeline_state state) {
  pthread_mutex_lock(&self->mutex);
  generation *of = self->running;
  self->running = NULL;
  self->state = state;
  pthread_mutex_unlock(&self->mutex);
  return of;
}

/* --- reloading [its thread] --- */

typedef struct loop_errand {
  sources *sources;
  edition *edition;
  qn_error *error;
} loop_errand;

static int errand_prepare(void *arg) {
  const loop_errand *errand = arg;
  return sources_prepare(errand->sources, errand->edition, errand->error);
}

static int errand_commit(void *arg) {
  const loop_errand *errand = arg;
  sources_commit(errand->sources);
  return 0;
}

static int errand_abort(void *arg) {
  const loop_errand *errand = arg;
  sources_abort(errand->sources);
  return 0;
}

static int on_loop(const supervisor *self, int (*run)(void *arg), edition *of, qn_error *error) {
  loop_errand errand = { self->sources, of, error };
  int rc = service_on_loop(self->parts->service, run, &errand);
  return rc == -ESHUTDOWN ? error_set(error, rc, "ending", "the worker is ending") : rc;
}

static void describe_faults(const faults *found, char *message, size_t size) {
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream(&text, &len);
  if (stream != NULL) {
    faults_print(found, stream, false);
    fclose(stream);
  }
  snprintf(message, size, "%s", text != NULL ? text : "no memory");
  free(text);
}

/* The file as it is now. 0, or a negative errno with message filled. */
static int read_edition(const supervisor *self, edition **ret_edition, char *message, size_t size) {
  faults *found = NULL;
  if (faults_new(&found) != 0) {
    snprintf(message, size, "no memory");
    return -ENOMEM;
  }
  const service_options *options = self->parts->options;
  pthread_mutex_lock(self->parts->registry_mutex);
  int rc = edition_new(self->path, options->registry, options->sets, options->n_sets, ret_edition, found);
  pthread_mutex_unlock(self->parts->registry_mutex);
  if (rc != 0) {
    describe_faults(found, message, size);
  } else if (strcmp((*ret_edition)->plan->name, self->name) != 0) {
    snprintf(message, size,
             "the pipeline is now named \"%s\", and documents of \"%s\" may wait in the journal; restart the worker to "
             "rename it",
             (*ret_edition)->plan->name, self->name);
    edition_unref(*ret_edition);
    rc = -EINVAL;
  }
  faults_free(found);
  return rc;
}

static void keep_draining(supervisor *self, generation *of) {
  pthread_mutex_lock(&self->mutex);
  self->draining[self->n_draining++] = of;
  pthread_mutex_unlock(&self->mutex);
}

/* Until nothing more is taken from the journal by it, so that two do not take from one line. */
static void wait_sources(const generation *of) {
  static const _Atomic bool never = false;
  while (!generation_has_ended(of) && !runtime_sources_ended(generation_runtime(of))) {
    thread_nap(1, &never);
  }
}

/* Both can live at once: the new one is there before the old one's sources end. */
static int swap_beside(supervisor *self, edition *next, qn_error *error) {
  generation *made = NULL;
  int rc = build(self, next, &made, error);
  if (rc != 0) {
    return rc;
  }
  generation *old = take_running(self, PIPELINE_SWAPPING);
  if (old != NULL) {
    generation_stop(old);
    wait_sources(old);
    keep_draining(self, old);
  }
  return launch(self, made, error);
}

/* Both would own one output: the old one must be gone first, and comes back if the new one cannot be built. */
static int swap_after(supervisor *self, edition *next, qn_error *error) {
  generation *old = take_running(self, PIPELINE_SWAPPING);
  edition *before = edition_ref(generation_edition(old));
  if (!drain(self, old)) {
    edition_unref(before);
    return error_set(error, -ETIMEDOUT, "stuck", "the pipeline that ran does not end");
  }
  bury(self, old);
  generation *made = NULL;
  int rc = build(self, next, &made, error);
  rc = rc == 0 ? launch(self, made, error) : rc;
  if (rc != 0) {
    qn_error again = { 0 };
    int back = build(self, before, &made, &again);
    back = back == 0 ? launch(self, made, &again) : back;
    if (back != 0) {
      say(self, QN_LOG_ERROR, "the pipeline as it was cannot be started again: %s", again.message);
      pthread_mutex_lock(&self->mutex);
      self->state = PIPELINE_WAITING;
      self->due_ms = clock_ms() + DELAY_MIN_MS;
      pthread_mutex_unlock(&self->mutex);
    }
  }
  edition_unref(before);
  return rc;
}

static bool too_many_drain(supervisor *self) {
  pthread_mutex_lock(&self->mutex);
  bool result = self->n_draining == DRAINING_MAX;
  pthread_mutex_unlock(&self->mutex);
  return result;
}

static int swap(supervisor *self, edition *next, qn_error *error) {
  pthread_mutex_lock(&self->mutex);
  const generation *old = self->running;
  bool excludes = old != NULL && edition_excludes(generation_edition(old), next);
  for (uint32_t i = 0; i < self->n_draining; i++) {
    excludes |= old != NULL && edition_excludes(generation_edition(self->draining[i]), next);
  }
  pthread_mutex_unlock(&self->mutex);
  return excludes || (old != NULL && too_many_drain(self)) ? swap_after(self, next, error)
                                                           : swap_beside(self, next, error);
}

static int reload(supervisor *self, char *message, size_t size) {
  edition *next = NULL;
  qn_error error = { 0 };
  int rc = read_edition(self, &next, message, size);
  if (rc != 0) {
    return rc;
  }
  rc = on_loop(self, errand_prepare, next, &error);
  if (rc == 0) {
    rc = swap(self, next, &error);
    on_loop(self, rc == 0 ? errand_commit : errand_abort, next, &(qn_error){ 0 });
  }
  instance_pool_trim(self->pool);
  edition_unref(next);
  if (rc != 0) {
    snprintf(message, size, "%s", error.message);
  }
  return rc;
}

/* One picture of the file serves all who have asked so far. */
static void answer_requests(supervisor *self) {
  pthread_mutex_lock(&self->mutex);
  reload_request *asked = self->requests;
  self->requests = NULL;
  pthread_mutex_unlock(&self->mutex);
  char message[1024] = "";
  int rc = reload(self, message, sizeof message);
  if (rc == 0) {
    say(self, QN_LOG_INFO, "reloaded %s", self->path);
  } else {
    say(self, QN_LOG_ERROR, "not reloaded, and the pipeline goes on as it was: %s", message);
    letters_note(self->letters, "reload", "reload", message);
  }
  pthread_mutex_lock(&self->mutex);
  self->last_reload_ok = rc == 0;
  self->last_reload_ms = thread_now_ms();
  self->n_failures = rc == 0 ? 0 : self->n_failures;
  memcpy(self->reload_message, message, sizeof message);
  while (asked != NULL) {
    reload_request *next = asked->next;
    asked->code = rc;
    memcpy(asked->message, message, sizeof message);
    asked->done = true;
    if (!asked->is_waited_for) {
      free(asked);
    }
    asked = next;
  }
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
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
  if (clock_ms() - self->started_ms > HEALTHY_MS) {
    self->n_failures = 0;
  }
  uint32_t delay_ms = delay_after(++self->n_failures);
  self->state = PIPELINE_WAITING;
  self->due_ms = clock_ms() + delay_ms;
  pthread_mutex_unlock(&self->mutex);
  say(self, QN_LOG_ERROR, "the pipeline stopped: %s; its documents wait, and it is started again in %u s", why,
      delay_ms / 1000);
  letters_note(self->letters, "pipeline", "stopped", why);
}

static void look_after_running(supervisor *self) {
  generation *of = take_running(self, PIPELINE_ENDED);
  const qn_error *error;
  int rc = generation_code(of, &error);
  if (rc == 0) {
    say(self, QN_LOG_INFO, "all sources have ended, and everything has come out");
  } else {
    wait_to_restart(self, error->message);
  }
  bury(self, of);
}

static void restart(supervisor *self) {
  generation *made = NULL;
  qn_error error = { 0 };
  int rc = build(self, self->edition, &made, &error);
  rc = rc == 0 ? launch(self, made, &error) : rc;
  if (rc != 0) {
    wait_to_restart(self, error.message);
  } else {
    say(self, QN_LOG_WARNING, "the pipeline is started again");
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
    bury(self, ended);
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
  } else if (self->due_ms != 0 && clock_ms() >= self->due_ms) {
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

static void refuse_requests(supervisor *self) {
  pthread_mutex_lock(&self->mutex);
  while (self->requests != NULL) {
    reload_request *asked = self->requests;
    self->requests = asked->next;
    asked->code = -ESHUTDOWN;
    snprintf(asked->message, sizeof asked->message, "the worker is ending");
    asked->done = true;
    if (!asked->is_waited_for) {
      free(asked);
    }
  }
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

/* Everything that runs drains at once, under one deadline. */
static void end(supervisor *self) {
  generation *all[DRAINING_MAX + 1];
  uint32_t n = 0;
  generation *of = take_running(self, PIPELINE_DRAINING);
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
  for (uint32_t i = 0; i < n && !atomic_load(&self->is_stuck); i++) {
    if (drain(self, all[i])) {
      bury(self, all[i]);
    }
  }
}

static void *watch_over(void *arg) {
  supervisor *self = arg;
  for (task next = wait_task(self); next != TASK_STOP; next = wait_task(self)) {
    switch (next) {
    case TASK_RELOAD:
      answer_requests(self);
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
  refuse_requests(self);
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
  int rc = letters_new(parts->letters_path, self->name, &self->letters, error);
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
  rc = rc == 0 ? build(made, made->edition, &made->running, error) : rc;
  if (rc != 0) {
    supervisor_free(made);
    return rc;
  }
  *ret_supervisor = made;
  return 0;
}

int supervisor_start(supervisor *self, qn_error *error) {
  generation *first = self->running;
  self->running = NULL;
  sources_commit(self->sources);
  int rc = launch(self, first, error);
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
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

bool supervisor_has_ended(const supervisor *self) {
  return atomic_load(&self->has_ended) || !self->has_thread;
}

bool supervisor_is_stuck(const supervisor *self) {
  return atomic_load(&self->is_stuck);
}

void supervisor_free(supervisor *self) {
  if (self == NULL) {
    return;
  }
  if (self->has_thread) {
    pthread_join(self->thread, NULL);
  }
  if (atomic_load(&self->is_stuck)) {
    return;
  }
  if (self->running != NULL) { /* never started, or its thread could not be */
    if (self->n_generations > 0) {
      drain(self, self->running);
    }
    generation_free(self->running);
  }
  sources_free(self->sources);
  letters_free(self->letters);
  instance_pool_free(self->pool);
  edition_unref(self->edition);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->mutex);
  free(self->name);
  free(self->path);
  free(self);
}

/* --- for others --- */

int supervisor_reload(supervisor *self, char *message, size_t size) {
  reload_request *asked = calloc(1, sizeof *asked);
  if (asked == NULL) {
    return -ENOMEM;
  }
  asked->is_waited_for = message != NULL;
  pthread_mutex_lock(&self->mutex);
  if (self->stopping || atomic_load(&self->has_ended)) {
    pthread_mutex_unlock(&self->mutex);
    free(asked);
    return -ESHUTDOWN;
  }
  asked->next = self->requests;
  self->requests = asked;
  pthread_cond_broadcast(&self->changed);
  if (message == NULL) {
    pthread_mutex_unlock(&self->mutex);
    return 0;
  }
  while (!asked->done) {
    pthread_cond_wait(&self->changed, &self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
  int rc = asked->code;
  snprintf(message, size, "%s", asked->message);
  free(asked);
  return rc;
}

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

/* --- the picture --- */

static void add_line(journal_counts *sum, const journal_counts *one) {
  sum->accepted += one->accepted;
  sum->known += one->known;
  sum->refused += one->refused;
  sum->settled += one->settled;
  sum->quarantined += one->quarantined;
  sum->waiting += one->waiting;
  sum->taken += one->taken;
  sum->bytes += one->bytes;
  sum->oldest_ms =
      sum->oldest_ms == 0 || (one->oldest_ms != 0 && one->oldest_ms < sum->oldest_ms) ? one->oldest_ms : sum->oldest_ms;
}

/* [locked] */
static void report_lines(const supervisor *self, service_pipeline *to) {
  const edition *of = self->edition;
  for (uint32_t i = 0; i < of->n_journaled; i++) {
    journal_line *line;
    journal_counts counts = { 0 };
    qn_error error;
    const char *id = of->plan->stages[of->journaled[i].stage].id;
    if (journal_line_get(self->parts->journal, self->name, id, &line, &error) == 0) {
      journal_line_counts_get(line, &counts);
      add_line(&to->line, &counts);
    }
  }
}

/* [locked] */
static void report_runs(const supervisor *self, service_pipeline *to) {
  to->counts = self->past;
  const plan_limits *limits = &self->edition->plan->limits;
  to->limit_documents = limits->documents;
  to->limit_bytes = limits->bytes;
  for (uint32_t i = 0; i < self->n_draining; i++) {
    add_counts(&to->counts, self->draining[i]);
  }
  if (self->running == NULL) {
    return;
  }
  add_counts(&to->counts, self->running);
  runtime *run = generation_runtime(self->running);
  for (uint32_t i = 0; i < to->n_stages; i++) {
    runtime_stage_get(run, i, &to->stages[i].sum);
    to->stages[i].queue = runtime_queue_get(run, i);
    to->stages[i].restarts = runtime_restarts_get(run, i);
  }
  runtime_passage passage;
  runtime_passage_get(run, &passage);
  to->took = passage.took;
  to->oldest_ms = passage.oldest_ms;
  to->bytes_in_flight = passage.bytes_in_flight;
}

int supervisor_report(supervisor *self, service_pipeline *to, edition **ret_edition) {
  pthread_mutex_lock(&self->mutex);
  const plan *planned = self->edition->plan;
  to->stages = calloc(planned->n_stages + 1, sizeof *to->stages);
  to->troubles = calloc(SERVICE_TROUBLES, sizeof *to->troubles);
  if (to->stages == NULL || to->troubles == NULL) {
    pthread_mutex_unlock(&self->mutex);
    return -ENOMEM;
  }
  to->name = self->name;
  to->path = self->path;
  to->state = self->state;
  to->generation = self->n_generations;
  to->n_failures = self->n_failures;
  to->last_reload_ok = self->last_reload_ok;
  to->last_reload_ms = self->last_reload_ms;
  memcpy(to->reload_message, self->reload_message, sizeof to->reload_message);
  to->plan = planned;
  to->n_stages = planned->n_stages;
  for (uint32_t i = 0; i < planned->n_stages; i++) {
    to->stages[i].planned = &planned->stages[i];
  }
  report_lines(self, to);
  report_runs(self, to);
  *ret_edition = edition_ref(self->edition);
  pthread_mutex_unlock(&self->mutex);
  to->n_troubles = letters_troubles(self->letters, to->troubles);
  return 0;
}
