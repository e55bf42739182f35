/* SPDX-License-Identifier: Apache-2.0 */

/* The service's loop: signals, the journaled sources and their ends, errands of other threads, the way to a quiet end.
 *
 * What makes or unmakes a source runs between turns of the loop and not in its callbacks, since it may have to turn the loop itself. */
#include "serve/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/letter_rows.h"
#include "observe/metrics.h"
#include "runtime/listen.h"
#include "runtime/loop.h"
#include "serve/control_lend.h"
#include "serve/service_body.h"
#include "serve/thread.h"

enum { TURN_MS = 200, WATCH_MS = 1000, GRACE_MS = 7000, EXIT_SIGNALLED = 130 };

static uint64_t clock_ms(void) {
  return metrics_now_ns() / 1000000;
}

static void say(service *self, uint32_t level, const char *text) {
  self->options.log(self->options.arg, NULL, NULL, level, text, strlen(text));
}

static void on_journal(void *arg, uint32_t level, const char *text) {
  say(arg, level, text);
}

/* --- errands of other threads --- */

static void run_errands(service *self, bool refuse) {
  pthread_mutex_lock(&self->mutex);
  self->closed |= refuse;
  while (self->errands != NULL) {
    service_errand *next = self->errands;
    self->errands = next->next;
    pthread_mutex_unlock(&self->mutex);
    int code = refuse ? -ESHUTDOWN : next->run(next->arg);
    pthread_mutex_lock(&self->mutex);
    next->code = code;
    next->done = true;
    pthread_cond_broadcast(&self->answered);
  }
  pthread_mutex_unlock(&self->mutex);
}

int service_on_loop(service *self, int (*run)(void *arg), void *arg) {
  service_errand errand = { .run = run, .arg = arg };
  pthread_mutex_lock(&self->mutex);
  if (self->closed) {
    pthread_mutex_unlock(&self->mutex);
    return -ESHUTDOWN;
  }
  errand.next = self->errands;
  self->errands = &errand;
  loop_ring(&self->loop, &self->wake_bell);
  while (!errand.done) {
    pthread_cond_wait(&self->answered, &self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
  return errand.code;
}

void service_wake(service *self) {
  loop_ring(&self->loop, &self->wake_bell);
}

static void on_wake(void *arg) {
  (void)arg; /* that the loop has turned is all */
}

/* --- signals and timers --- */

static void on_end_signal(uv_signal_t *handle, int number) {
  service *self = handle->data;
  (void)number;
  if (atomic_load(&self->stopping)) {
    _exit(EXIT_SIGNALLED); /* the journal has all that matters */
  }
  service_stop(self);
}

static void on_hang_up(uv_signal_t *handle, int number) {
  (void)number;
  service_reload(handle->data, NULL);
}

static void on_file(uv_fs_poll_t *handle, int status, const uv_stat_t *before, const uv_stat_t *now) {
  (void)before, (void)now;
  const supervisor *of = handle->data;
  if (status == 0) {
    supervisor_reload((supervisor *)(uintptr_t)of, NULL, 0);
  }
}

static void on_turn(uv_timer_t *timer) {
  (void)timer; /* deadlines are looked at between turns */
}

static int start_signal(service *self, uv_signal_t *handle, void (*run)(uv_signal_t *, int), int number) {
  uv_signal_init(&self->loop.uv, handle);
  handle->data = self;
  return uv_signal_start(handle, run, number);
}

static void mask_signals(int how) {
  static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
  sigset_t ours;
  sigemptyset(&ours);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    sigaddset(&ours, numbers[i]);
  }
  pthread_sigmask(how, &ours, NULL);
}

/* One that comes while the pipelines are being built would end the process in the middle of it. */
void service_hold_signals(void) {
  mask_signals(SIG_BLOCK);
}

static int open_handles(service *self) {
  int rc = start_signal(self, &self->signals[0], on_end_signal, SIGTERM);
  int other = start_signal(self, &self->signals[1], on_end_signal, SIGINT);
  int third = start_signal(self, &self->signals[2], on_hang_up, SIGHUP);
  uv_timer_init(&self->loop.uv, &self->timer);
  uv_timer_start(&self->timer, on_turn, TURN_MS, TURN_MS);
  self->has_handles = true;
  for (uint32_t i = 0; self->options.watch && i < self->n_supervisors; i++) {
    uv_fs_poll_init(&self->loop.uv, &self->polls[i]);
    self->polls[i].data = self->supervisors[i];
    self->n_polls++;
    uv_fs_poll_start(&self->polls[i], on_file, supervisor_path(self->supervisors[i]), WATCH_MS);
  }
  mask_signals(SIG_UNBLOCK);
  return rc != 0 ? rc : other != 0 ? other : third;
}

static void close_handles(service *self) {
  if (!self->has_handles) {
    return;
  }
  for (size_t i = 0; i < sizeof self->signals / sizeof self->signals[0]; i++) {
    uv_close((uv_handle_t *)&self->signals[i], NULL);
  }
  uv_close((uv_handle_t *)&self->timer, NULL);
  for (uint32_t i = 0; i < self->n_polls; i++) {
    uv_close((uv_handle_t *)&self->polls[i], NULL);
  }
}

/* --- running --- */

void service_stop(service *self) {
  atomic_store(&self->stopping, true);
  service_wake(self);
}

static void begin_to_end(service *self) {
  self->ending = true;
  self->ending_ms = clock_ms();
  say(self, QN_LOG_INFO, "ending: what is in flight comes out first, the rest waits in the journal");
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    sources_stop(supervisor_sources(self->supervisors[i]));
    supervisor_stop(self->supervisors[i]);
  }
}

static bool all_ended(const service *self) {
  bool ended = true;
  uint32_t n_sources = 0;
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    ended &= supervisor_has_ended(self->supervisors[i]);
    n_sources += sources_n_running(supervisor_sources(self->supervisors[i]));
  }
  bool waited = clock_ms() - self->ending_ms > (uint64_t)self->options.drain_ms + GRACE_MS;
  return ended && (n_sources == 0 || waited);
}

static bool some_stuck(const service *self) {
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    if (supervisor_is_stuck(self->supervisors[i])) {
      return true;
    }
  }
  return false;
}

/* Between two turns. */
static void look_around(service *self) {
  run_errands(self, false);
  uint64_t now_ms = clock_ms();
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    sources_reap(supervisor_sources(self->supervisors[i]), now_ms);
  }
  listeners_sweep(self->listeners);
  if (some_stuck(self)) {
    atomic_store(&self->stopping, true);
  }
  if (atomic_load(&self->stopping) && !self->ending) {
    begin_to_end(self);
  }
}

static int start_all(service *self, qn_error *error) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < self->n_supervisors; i++) {
    rc = supervisor_start(self->supervisors[i], error);
  }
  return rc;
}

int service_run(service *self, qn_error *error) {
  int rc = open_handles(self);
  if (rc != 0) {
    return error_set(error, rc, "no-signals", "cannot watch for signals: %s", strerror(-rc));
  }
  rc = start_all(self, error);
  if (rc != 0) {
    atomic_store(&self->stopping, true);
  }
  atomic_store(&self->running, rc == 0);
  look_around(self);
  while (!self->ending || !all_ended(self)) {
    uv_run(&self->loop.uv, UV_RUN_ONCE);
    look_around(self);
  }
  run_errands(self, true);
  if (rc == 0 && some_stuck(self)) {
    return error_set(
        error, -ETIMEDOUT, "stuck",
        "a stage does not return from a document; the process ends, and what was in flight waits in the journal");
  }
  return rc;
}

/* --- reloading --- */

void service_reload(service *self, const char *pipeline) {
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    if (pipeline == NULL || strcmp(supervisor_name(self->supervisors[i]), pipeline) == 0) {
      supervisor_reload(self->supervisors[i], NULL, 0);
    }
  }
}

int service_reload_wait(service *self, const char *pipeline, char *message, size_t size) {
  int worst = pipeline == NULL ? 0 : -ENOENT;
  size_t used = 0;
  if (size > 0) {
    message[0] = '\0';
  }
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    supervisor *one = self->supervisors[i];
    if (pipeline != NULL && strcmp(supervisor_name(one), pipeline) != 0) {
      continue;
    }
    char said[1024] = "";
    int rc = supervisor_reload(one, said, sizeof said);
    worst = rc != 0 ? rc : worst == -ENOENT ? 0 : worst;
    if (rc != 0 && used < size) {
      int wrote = snprintf(message + used, size - used, "%s%s", used > 0 ? "\n" : "", said);
      used += wrote > 0 ? (size_t)wrote : 0;
    }
  }
  return worst;
}

/* --- its life --- */

static int make_folder(const char *path, qn_error *error) {
  if (mkdir(path, 0700) == 0 || errno == EEXIST) {
    return 0;
  }
  int rc = -errno;
  return error_set(error, rc, "state", "cannot make the state folder %s: %s", path, strerror(-rc));
}

/* Damaged dead letters must not keep the worker from starting; what can be had out of them waits for people. The lock is held. */
static int check_letters(service *self, qn_error *error) {
  letter_rows *rows = NULL;
  uint64_t n_letters, n_bytes;
  qn_error why = { 0 };
  char *name = NULL, *text = NULL;
  int rc = letter_rows_open(self->letters_path, LETTERS_CHANGE, &rows, &why);
  rc = rc == 0 ? letter_rows_totals(rows, &n_letters, &n_bytes, &why) : rc;
  letter_rows_close(rows);
  if (rc != -EUCLEAN) {
    return 0; /* what else is wrong with it is said where it is written */
  }
  rc = letter_database_set_aside(self->letters_path, &name, error);
  if (rc == 0 && asprintf(&text, "the dead letters were damaged: %s. They are %s now, and a new file is begun",
                          why.message, name) >= 0) {
    say(self, QN_LOG_ERROR, text);
    free(text);
  }
  free(name);
  return rc;
}

static int open_state(service *self, qn_error *error) {
  const char *folder = self->options.state;
  int rc = make_folder(folder, error);
  if (rc != 0) {
    return rc;
  }
  if (asprintf(&self->letters_path, "%s/dead-letters.db", folder) < 0) {
    self->letters_path = NULL;
    return error_set(error, -ENOMEM, "no-memory", "no memory for the worker");
  }
  self->options.journal.folder = folder;
  self->options.journal.say = on_journal;
  self->options.journal.arg = self;
  rc = journal_open(&self->options.journal, &self->journal, error);
  return rc == 0 ? check_letters(self, error) : rc;
}

static int adopt_sockets(service *self, qn_error *error) {
  for (uint32_t i = 0; i < self->options.n_sockets; i++) {
    const service_socket *given = &self->options.sockets[i];
    int rc = listeners_adopt(self->listeners, given->name, given->fd);
    if (rc != 0) {
      return error_set(error, rc, "bad-socket",
                       "the socket \"%s\" (descriptor %d) that was handed over is none that listens for streams: %s",
                       given->name, given->fd, strerror(-rc));
    }
  }
  return 0;
}

static int open_base(service *self, qn_error *error) {
  int rc = loop_init(&self->loop);
  if (rc != 0) {
    return error_set(error, rc, "no-loop", "cannot open an event loop: %s", strerror(-rc));
  }
  self->has_loop = true;
  if (listeners_new(&self->listeners) != 0 || control_lend_new(&self->loop, &self->lend) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the worker");
  }
  rc = adopt_sockets(self, error);
  rc = rc == 0 ? open_state(self, error) : rc;
  if (rc != 0) {
    return rc;
  }
  self->parts = (service_parts){
    .service = self,
    .options = &self->options,
    .journal = self->journal,
    .listeners = self->listeners,
    .letters_path = self->letters_path,
    .world = { .loop = &self->loop, .listeners = self->listeners, .journal = self->journal, .control = self->lend },
    .registry_mutex = &self->registry_mutex
  };
  return 0;
}

int service_check_name(const service *self, const char *name, const char *path, qn_error *error) {
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    if (strcmp(supervisor_name(self->supervisors[i]), name) == 0) {
      return error_set(error, -EINVAL, "same-name", "%s and %s are both named \"%s\"; give one another \"name\"",
                       supervisor_path(self->supervisors[i]), path, name);
    }
  }
  return 0;
}

static int open_pipelines(service *self, void (*tell_faults)(void *arg, const char *path, const faults *found),
                          qn_error *error) {
  self->supervisors = calloc(self->options.n_paths + 1, sizeof *self->supervisors);
  self->polls = calloc(self->options.n_paths + 1, sizeof *self->polls);
  if (self->supervisors == NULL || self->polls == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the worker");
  }
  for (uint32_t i = 0; i < self->options.n_paths; i++) {
    faults *found = NULL;
    const char *path = self->options.paths[i];
    int rc = faults_new(&found);
    if (rc != 0) {
      return error_set(error, rc, "no-memory", "no memory for the worker");
    }
    rc = supervisor_new(&self->parts, path, &self->supervisors[i], found, error);
    if (rc != 0 && faults_count(found) > 0) {
      tell_faults(self->options.arg, path, found);
    }
    faults_free(found);
    if (rc != 0) {
      return rc;
    }
    self->n_supervisors++;
  }
  return 0;
}

int service_new(const service_options *options, void (*tell_faults)(void *arg, const char *path, const faults *found),
                service **ret_service, qn_error *error) {
  service *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the worker");
  }
  made->options = *options;
  made->started_ms = thread_now_ms();
  pthread_mutex_init(&made->mutex, NULL);
  pthread_mutex_init(&made->registry_mutex, NULL);
  pthread_cond_init(&made->answered, NULL);
  bell_init(&made->wake_bell, on_wake, made);
  int rc = open_base(made, error);
  rc = rc == 0 ? open_pipelines(made, tell_faults, error) : rc;
  if (rc != 0) {
    service_free(made);
    return rc;
  }
  *ret_service = made;
  return 0;
}

struct control_lend *service_control_lend(service *self) {
  return self->lend;
}

void service_free(service *self) {
  if (self == NULL || some_stuck(self)) {
    return;
  }
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    if (!supervisor_free(self->supervisors[i])) {
      return; /* a thread of a source still works with all there is */
    }
  }
  journal_close(self->journal);
  close_handles(self);
  control_lend_free(self->lend);
  if (self->has_loop) {
    loop_done(&self->loop);
  }
  listeners_free(self->listeners);
  pthread_cond_destroy(&self->answered);
  pthread_mutex_destroy(&self->registry_mutex);
  pthread_mutex_destroy(&self->mutex);
  free(self->letters_path);
  free(self->supervisors);
  free(self->polls);
  free(self);
}
