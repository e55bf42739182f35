/* SPDX-License-Identifier: Apache-2.0 */

/* A journaled source's life, and the host functions it emits with: what a runtime's emitter does with credit and receipts, done with
 * the journal. */
#include "serve/intake_inside.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/host.h"
#include "runtime/io.h"
#include "serve/control_lend.h"
#include "serve/thread.h"

enum { SOURCE_RETRIES = 5 };

static intake *intake_of(const qn_env *env) {
  return env->owner;
}

static void say(const intake *self, uint32_t level, const char *text) {
  const intake_world *world = self->port->world;
  world->log(world->arg, self->port->pipeline, self->port->source, level, text, strlen(text));
}

/* --- the host's functions --- */

static void hook_log(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  const intake_port *port = arg;
  port->world->log(port->world->arg, port->pipeline, env->id, level, text, len);
}

static void abandon(intake *self) {
  journal_cancel(self->emitting);
  self->emitting = NULL;
  self->watched = 0;
}

/* Waits for room. The line's interruption may have been meant for another intake. */
static int reserve_waiting(intake *self, size_t bytes) {
  for (;;) {
    int rc = journal_reserve_wait(self->port->line, bytes, &self->emitting);
    if (rc != -ECANCELED || atomic_load(&self->stopping)) {
      return rc;
    }
    journal_interrupt_intake(self->port->line, false);
  }
}

/* Hungry before it asks: room may come between the answer and whatever follows it. */
static int reserve_now(intake *self, size_t bytes) {
  atomic_store(&self->starved, true);
  int rc = journal_reserve(self->port->line, bytes, &self->emitting);
  if (rc != -EAGAIN) {
    atomic_store(&self->starved, false);
  }
  return rc;
}

static int reserve(intake *self, size_t bytes) {
  abandon(self);
  if (atomic_load(&self->stopping)) {
    return -ECANCELED;
  }
  if (bytes > self->edition->plan->limits.document_bytes) {
    return -EFBIG;
  }
  self->room_bytes = bytes;
  return self->of->original->call == CALL_ASYNC ? reserve_now(self, bytes) : reserve_waiting(self, bytes);
}

static int hook_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload) {
  intake *self = intake_of(call->env);
  int rc = reserve(self, bytes);
  if (rc != 0) {
    self->emitting = NULL;
    return rc;
  }
  *ret_payload = self->emitting->payload;
  return 0;
}

static int hook_field(qn_call *call, qn_str name, const qn_value *value) {
  intake *self = intake_of(call->env);
  return self->emitting != NULL ? journal_set_field(self->emitting, name, value) : -EINVAL;
}

static int put(intake *self, const qn_emit *emit, size_t bytes) {
  int rc = journal_describe(self->emitting, emit);
  if (rc != 0) {
    abandon(self);
    return rc;
  }
  self->emitting->cookie = emit->cookie;
  self->emitting->watched = self->watched | self->epoch << INTAKE_EPOCH_SHIFT;
  journal_put(self->emitting, bytes);
  self->emitting = NULL;
  self->watched = 0;
  return 0;
}

static int hook_commit(qn_call *call, size_t bytes, const qn_emit *emit) {
  intake *self = intake_of(call->env);
  if (self->emitting == NULL || bytes > self->room_bytes) {
    return -EINVAL;
  }
  return put(self, emit, bytes);
}

static int hook_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len) {
  intake *self = intake_of(call->env);
  int rc = self->emitting != NULL ? 0 : reserve(self, 0);
  rc = rc == 0 ? journal_reject(self->emitting, slug, text, len) : rc;
  if (rc != 0) {
    abandon(self);
    return rc;
  }
  return put(self, emit, 0);
}

static void end_with(intake *self, qn_status status, const char *slug, const char *text, size_t len) {
  if (status != QN_STATUS_OK) {
    error_set(&self->error, -EIO, slug != NULL && slug[0] != '\0' ? slug : "failed", "%.*s",
              len > 0 ? (int)(len < 1000 ? len : 1000) : 29,
              len > 0 ? text : "failed without saying why: a fault of the plugin");
    self->code = -EIO;
  }
}

static void hook_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text,
                          size_t len) {
  intake *self = intake_of(env);
  (void)ticket;
  if (atomic_exchange(&self->completed, true)) {
    return;
  }
  end_with(self, status, slug, text, slug != NULL && text != NULL ? len : 0);
  atomic_store(&self->returned, true);
  loop_ring(self->port->world->loop, &self->ended_bell);
}

/* --- the extension "qanat.intake/1" --- */

static int intake_listen(qn_env *env, const qn_intake_events *events, void *instance) {
  intake *self = intake_of(env);
  if (self->events != NULL || events == NULL) {
    return -EINVAL;
  }
  self->events = events;
  self->listener = instance;
  return 0;
}

static int intake_emit_key(qn_call *call, qn_str key) {
  intake *self = intake_of(call->env);
  return self->emitting != NULL ? journal_name_key(self->emitting, key) : -EINVAL;
}

static int intake_emit_watch(qn_call *call, uint32_t what) {
  intake *self = intake_of(call->env);
  if (self->emitting == NULL || (what & ~(uint32_t)(QN_INTAKE_FINISH | QN_INTAKE_RECORD)) != 0) {
    return -EINVAL;
  }
  self->watched = (what & QN_INTAKE_FINISH) != 0 ? JOURNAL_WATCH_FINISH : 0;
  self->watched |= (what & QN_INTAKE_RECORD) != 0 ? JOURNAL_WATCH_FINISH | JOURNAL_WATCH_RECORD : 0;
  return 0;
}

static int intake_trouble(qn_env *env, qn_str *ret_why) {
  intake *self = intake_of(env);
  if (!journal_fails(self->port->world->journal, &self->trouble)) {
    return 0;
  }
  *ret_why = (qn_str){ self->trouble.message, strlen(self->trouble.message) };
  return -EIO;
}

static const void *hook_extension(qn_env *env, const char *name) {
  static const qn_intake table = { .size = sizeof table,
                                   .listen = intake_listen,
                                   .emit_key = intake_emit_key,
                                   .emit_watch = intake_emit_watch,
                                   .trouble = intake_trouble };
  if (strcmp(name, QN_IO_1) == 0) {
    return io_extension();
  }
  if (strcmp(name, QN_CONTROL_1) == 0) {
    return env->control != NULL ? control_lend_extension() : NULL;
  }
  return strcmp(name, QN_INTAKE_1) == 0 ? &table : NULL;
}

/* --- what it is told --- */

/* A source that does not listen has done its part once the journal has the document. */
static void tell_settled(intake *self, const qn_acceptance *const *all, uint32_t n) {
  const qn_source *source = self->table->source;
  if (!QN_HAS(source, settled) || source->settled == NULL) {
    return;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (all[i]->outcome != QN_INTAKE_FAILED) {
      const qn_receipt receipt = { .cookie = all[i]->cookie, .outcome = QN_OUTCOME_DELIVERED };
      source->settled(self->self, &receipt, 1);
    }
  }
}

static void tell_accepted(void *arg, const qn_acceptance *const *all, uint32_t n) {
  intake *self = arg;
  if (self->events == NULL) {
    tell_settled(self, all, n);
  } else if (QN_HAS(self->events, accepted) && self->events->accepted != NULL) {
    self->events->accepted(self->listener, all, n);
  }
}

static void tell_finished(void *arg, const qn_finish *const *all, uint32_t n) {
  intake *self = arg;
  if (self->events != NULL && QN_HAS(self->events, finished) && self->events->finished != NULL) {
    self->events->finished(self->listener, all, n);
  }
}

static void on_news(void *arg) {
  intake *self = arg;
  if (!self->created) {
    return;
  }
  intake_news_tell(self->news, tell_accepted, tell_finished, self);
}

static void on_room(void *arg) {
  intake *self = arg;
  const qn_source *source = self->table->source;
  if (self->created && self->started && !self->ended && !atomic_load(&self->stopping) && source->credit != NULL) {
    source->credit(self->self, &self->call.call);
  }
}

/* --- the lent thread --- */

/* True if next() is to be called again. */
static bool turn(intake *self, uint32_t *n_failures) {
  self->call.error = (qn_error){ 0 };
  self->call.call.now_ms = thread_now_ms();
  self->call.call.attempt = *n_failures + 1;
  qn_status status = self->table->source->next(self->self, &self->call.call);
  abandon(self);
  if (status == QN_STATUS_MORE) {
    *n_failures = 0;
    return true;
  }
  if (status == QN_STATUS_RETRY && ++*n_failures < SOURCE_RETRIES) {
    thread_nap(1000, &self->stopping);
    return true;
  }
  const qn_error *error = &self->call.error;
  end_with(self, status, error->slug, error->message, strlen(error->message));
  return false;
}

static void *lent_main(void *arg) {
  intake *self = arg;
  uint32_t n_failures = 0;
  while (!atomic_load(&self->stopping) && turn(self, &n_failures)) {
  }
  atomic_store(&self->returned, true);
  loop_ring(self->port->world->loop, &self->ended_bell);
  return NULL;
}

/* --- its life [loop] --- */

static void on_ended(void *arg) {
  intake *self = arg;
  if (self->ended) {
    return;
  }
  if (self->has_thread) {
    pthread_join(self->thread, NULL);
    self->has_thread = false;
  }
  self->ended = true;
  self->port->world->ended(self->port->world->arg, self);
}

static int start_async(intake *self, qn_error *error) {
  self->call.call.now_ms = thread_now_ms();
  self->call.call.attempt = 1;
  qn_status status = self->table->source->start(self->self, &self->call.call);
  if (status == QN_STATUS_PENDING || atomic_load(&self->completed)) {
    return 0;
  }
  atomic_store(&self->completed, true);
  self->ended = true;
  if (status == QN_STATUS_OK) {
    return 0;
  }
  const char *said = self->call.error.message;
  return error_set(error, -EIO, "source", "stage \"%s\": %s", self->port->source,
                   said[0] != '\0' ? said : "failed to start without saying why: a fault of the plugin");
}

static int start(intake *self, qn_error *error) {
  self->started = true;
  if (self->of->original->call == CALL_ASYNC) {
    return start_async(self, error);
  }
  journal_interrupt_intake(self->port->line, false);
  int rc = thread_start(&self->thread, lent_main, self, "intake");
  self->has_thread = rc == 0;
  return rc == 0 ? 0
                 : error_set(error, rc, "no-threads", "cannot start a thread for source '%s': %s", self->port->source,
                             strerror(-rc));
}

static int create(intake *self, qn_error *error) {
  const plan *planned = self->edition->plan;
  const plan_stage *stage = &planned->stages[self->of->stage];
  const intake_world *world = self->port->world;
  self->hooks = (host_hooks){ .log = hook_log,
                              .emit_reserve = hook_reserve,
                              .emit_field = hook_field,
                              .emit_commit = hook_commit,
                              .emit_reject = hook_reject,
                              .complete = hook_complete,
                              .extension = hook_extension,
                              .arg = self->port };
  host_env_init(&self->env, self->of->original, stage->id, stage->config, planned->base_folder, &self->hooks);
  self->io = (io_home){ .uv = &world->loop->uv, .listeners = world->listeners };
  self->env.owner = self;
  self->env.io = &self->io;
  self->env.control = world->control;
  int rc = host_create(&self->env, self->table, &self->self, error);
  self->created = rc == 0;
  return rc;
}

int intake_new(intake_port *port, edition *from, const journaled *of, const qn_stage *table, intake **ret_intake,
               qn_error *error) {
  intake *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for source '%s'", port->source);
  }
  made->port = port;
  made->edition = edition_ref(from);
  made->of = of;
  made->table = table;
  bell_init(&made->news_bell, on_news, made);
  bell_init(&made->room_bell, on_room, made);
  bell_init(&made->ended_bell, on_ended, made);
  intake_port_join(made);
  int rc = intake_news_new(&made->news);
  if (rc != 0) {
    error_set(error, rc, "no-memory", "no memory for source '%s'", port->source);
  }
  rc = rc == 0 ? create(made, error) : rc;
  host_call_init(&made->call, &made->env, NULL, NULL);
  rc = rc == 0 ? start(made, error) : rc;
  if (rc != 0) {
    made->ended = true;
    intake_free(made);
    return rc;
  }
  *ret_intake = made;
  return 0;
}

void intake_stop(intake *self) {
  if (atomic_exchange(&self->stopping, true) || self->ended) {
    return;
  }
  const qn_source *source = self->table->source;
  if (self->of->original->call == CALL_ASYNC) {
    if (source->stop != NULL) {
      source->stop(self->self, &self->call.call);
    }
    return;
  }
  if (source->interrupt != NULL) {
    source->interrupt(self->self);
  }
  journal_interrupt_intake(self->port->line, true);
}

/* What others may have rung for it must not run when it is gone. */
static void silence(intake *self) {
  bell *all[] = { &self->news_bell, &self->room_bell, &self->ended_bell };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    while (atomic_load(&all[i]->rung)) {
      uv_run(&self->port->world->loop->uv, UV_RUN_NOWAIT);
    }
  }
}

bool intake_free(intake *self) {
  if (self == NULL) {
    return true;
  }
  if (self->has_thread && !atomic_load(&self->returned)) {
    say(self, QN_LOG_ERROR, "has not ended when it was told to; its thread is left behind");
    return false;
  }
  intake_port_leave(self);
  self->ended = true;
  if (self->has_thread) {
    pthread_join(self->thread, NULL);
    self->has_thread = false;
  }
  abandon(self);
  control_lend_forget(self->port->world->control, &self->env);
  silence(self); /* of what is told, it must hear while it lives; nothing more comes, since it has left its port */
  if (self->created) {
    io_settle(&self->io);
    host_destroy(self->table, self->self);
    self->created = false;
  }
  silence(self);
  if (self->env.hooks != NULL) {
    io_close_all(&self->env);
    host_env_done(&self->env);
  }
  intake_news_free(self->news);
  edition_unref(self->edition);
  free(self);
  return true;
}

bool intake_has_ended(const intake *self) {
  return self->ended;
}

int intake_code(const intake *self, const qn_error **ret_error) {
  *ret_error = &self->error;
  return self->code;
}

bool intake_is_stopping(const intake *self) {
  return atomic_load(&self->stopping);
}

const edition *intake_edition(const intake *self, const journaled **ret_of) {
  *ret_of = self->of;
  return self->edition;
}

intake_port *intake_port_of(const intake *self) {
  return self->port;
}
