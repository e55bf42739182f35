/* SPDX-License-Identifier: Apache-2.0 */

/* The maze's stages. Each leaves a mark on what it lets through, so that a sink can tell by which way a document came. */
#include "maze.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qanat/direct.h"
#include "qanat/stage.h"

typedef struct maze {
  const qn_host *host;
  qn_env *env;
  int64_t salt, trouble, fatal, spin_us, forget, parts, per_call, count, next;
  int deaf;
  char name[16];
  FILE *file;
  /* splitting: where the document at hand stands */
  int64_t next_part;
  /* async: what its thread is to complete */
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t more;
  struct pending *first;
  int closing;
  qn_ticket ticket; /* an async source's; generation 0: it has ended */
} maze;

typedef struct pending {
  struct pending *next;
  qn_ticket ticket;
  maze_fate fate;
  int64_t wait_us;
  int forgotten;
} pending;

static int maze_create(qn_create *create, void **ret_instance) {
  maze *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  self->host = create->host;
  self->env = create->env;
  self->salt = qn_config_i64(create, "/salt", 0);
  self->trouble = qn_config_i64(create, "/trouble", 0);
  self->fatal = qn_config_i64(create, "/fatal", 0);
  self->spin_us = qn_config_i64(create, "/spin_us", 0);
  self->forget = qn_config_i64(create, "/forget", 0);
  self->deaf = qn_config_i64(create, "/deaf", 0) != 0;
  self->parts = qn_config_i64(create, "/parts", 0);
  self->per_call = qn_config_i64(create, "/per_call", 1);
  self->count = qn_config_i64(create, "/count", 0);
  qn_str name = qn_config_str(create, "/name");
  snprintf(self->name, sizeof self->name, "%.*s", (int)name.len, name.len > 0 ? name.data : "");
  *ret_instance = self;
  return 0;
}

static void maze_destroy(void *instance) {
  free(instance);
}

static void spin(uint64_t hash, int64_t spin_us) {
  struct timespec begin, now;
  int64_t ns = spin_us > 0 ? (int64_t)(hash >> 13) % (spin_us * 1000) : 0;
  if (ns <= 0) {
    return;
  }
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - begin.tv_sec) * 1000000000 + (now.tv_nsec - begin.tv_nsec) < ns);
}

static uint64_t hash_of(const maze *self, qn_call *call) {
  qn_view view = { 0 };
  call->host->view_get(call, &view);
  return maze_hash((const char *)view.data, view.len, (uint64_t)self->salt);
}

static int set_mark(const maze *self, qn_call *call) {
  char name[16];
  int len = snprintf(name, sizeof name, "m%d", (int)self->salt);
  qn_value yes = { .type = QN_VALUE_BOOL, .as.i64 = 1 };
  return call->host->field_set(call, (qn_str){ name, (size_t)len }, &yes);
}

static qn_status end_with(qn_call *call, maze_fate fate, uint64_t hash) {
  switch (fate) {
  case MAZE_DROP:
    return QN_STATUS_DROP;
  case MAZE_REJECT:
    return qn_fail(call, QN_STATUS_REJECT, "maze", "a dead end");
  case MAZE_RETRY:
    return call->attempt <= maze_retries_of(hash) ? qn_fail(call, QN_STATUS_RETRY, "maze", "not yet") : QN_STATUS_OK;
  default:
    return QN_STATUS_OK;
  }
}

static qn_status one_process(void *instance, void *context, qn_call *call) {
  maze *self = instance;
  (void)context;
  uint64_t hash = hash_of(self, call);
  spin(hash, self->spin_us);
  if (maze_breaks(hash, (uint64_t)self->fatal)) {
    return qn_fail(call, QN_STATUS_FATAL, "maze", "a bottomless pit");
  }
  if (set_mark(self, call) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "maze", "cannot mark");
  }
  return end_with(call, maze_fate_of(hash, (uint64_t)self->trouble), hash);
}

static void batch_process(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                          qn_status *ret_statuses) {
  for (uint32_t i = 0; i < n_calls; i++) {
    ret_statuses[i] = one_process(instance, context, calls[i]);
  }
}

static const qn_transform one_table = {
  .size = sizeof(qn_transform), .create = maze_create, .destroy = maze_destroy, .process = one_process
};
static const qn_transform batch_table = {
  .size = sizeof(qn_transform), .create = maze_create, .destroy = maze_destroy, .process_batch = batch_process
};

/* --- async --- */

static void complete(maze *self, const pending *at) {
  static const qn_status statuses[] = { QN_STATUS_OK, QN_STATUS_DROP, QN_STATUS_REJECT, QN_STATUS_RETRY,
                                        QN_STATUS_FATAL };
  const char *why = at->fate == MAZE_FATAL ? "a bottomless pit" : "a dead end";
  self->host->complete(self->env, at->ticket, statuses[at->fate], "maze", why, strlen(why));
  self->host->complete(self->env, at->ticket, QN_STATUS_FATAL, "maze", "a second word", 13);
}

static int complete_later(maze *self, const pending *what) {
  pending *later = malloc(sizeof *later);
  if (later == NULL) {
    return -ENOMEM;
  }
  *later = *what;
  pthread_mutex_lock(&self->mutex);
  later->next = self->first;
  self->first = later;
  pthread_cond_signal(&self->more);
  pthread_mutex_unlock(&self->mutex);
  return 0;
}

static void *complete_all(void *arg) {
  maze *self = arg;
  pthread_mutex_lock(&self->mutex);
  while (!self->closing || self->first != NULL) {
    pending **at = &self->first;
    while (*at != NULL && (*at)->forgotten && !(self->closing)) {
      at = &(*at)->next;
    }
    pending *taken = *at;
    if (taken == NULL) {
      pthread_cond_wait(&self->more, &self->mutex);
      continue;
    }
    *at = taken->next;
    pthread_mutex_unlock(&self->mutex);
    struct timespec nap = { .tv_nsec = taken->wait_us * 1000 };
    nanosleep(&nap, NULL);
    complete(self, taken);
    free(taken);
    pthread_mutex_lock(&self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
  return NULL;
}

static int start_completing(maze *self, qn_create *create) {
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->more, NULL);
  int rc = pthread_create(&self->thread, NULL, complete_all, self);
  return rc == 0 ? 0 : create->host->create_fail(create, "no thread", 9);
}

static int async_create(qn_create *create, void **ret_instance) {
  void *made = NULL;
  int rc = maze_create(create, &made);
  rc = rc == 0 ? start_completing(made, create) : rc;
  if (rc != 0) {
    free(made);
    return rc;
  }
  *ret_instance = made;
  return 0;
}

static void stop_completing(maze *self) {
  pthread_mutex_lock(&self->mutex);
  self->closing = 1;
  pthread_cond_signal(&self->more);
  pthread_mutex_unlock(&self->mutex);
  pthread_join(self->thread, NULL);
  pthread_mutex_destroy(&self->mutex);
  pthread_cond_destroy(&self->more);
}

static void async_destroy(void *instance) {
  maze *self = instance;
  if (self != NULL) {
    stop_completing(self);
    free(self);
  }
}

static qn_status async_process(void *instance, void *context, qn_call *call) {
  maze *self = instance;
  uint64_t hash = hash_of(self, call);
  uint64_t how = maze_async_way(hash);
  maze_fate fate = maze_fate_of(hash, (uint64_t)self->trouble);
  if (how == 0) {
    return one_process(instance, context, call); /* at once, by its return */
  }
  if (set_mark(self, call) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "maze", "cannot mark");
  }
  if (fate == MAZE_RETRY && call->attempt > maze_retries_of(hash)) {
    fate = MAZE_PASS;
  }
  fate = maze_breaks(hash, (uint64_t)self->fatal) ? MAZE_FATAL : fate;
  pending now = { .ticket = call->ticket, .fate = fate };
  if (how == 1) {
    complete(self, &now); /* before process has returned */
    return QN_STATUS_PENDING;
  }
  now.wait_us = self->spin_us > 0 ? (int64_t)(hash >> 13) % self->spin_us : 0;
  now.forgotten = maze_forgets(hash, (uint64_t)self->forget);
  return complete_later(self, &now) == 0 ? QN_STATUS_PENDING : qn_fail(call, QN_STATUS_RETRY, "maze", "no memory");
}

static void async_cancel(void *instance, qn_ticket ticket) {
  maze *self = instance;
  pthread_mutex_lock(&self->mutex);
  for (pending *at = self->first; at != NULL && !self->deaf; at = at->next) {
    if (at->ticket.slot == ticket.slot && at->ticket.generation == ticket.generation) {
      at->forgotten = 0;
    }
  }
  pthread_cond_signal(&self->more);
  pthread_mutex_unlock(&self->mutex);
}

static const qn_transform async_table = { .size = sizeof(qn_transform),
                                          .create = async_create,
                                          .destroy = async_destroy,
                                          .process = async_process,
                                          .cancel = async_cancel };

/* --- documents --- */

static int emit(qn_call *call, const char *name, size_t len, uint64_t ordinal) {
  uint8_t *room;
  int rc = call->host->emit_reserve(call, len, &room);
  if (rc != 0) {
    return rc;
  }
  memcpy(room, name, len);
  char color[2] = { (char)('0' + maze_color_of(name, len)), '\0' };
  qn_value value = { .type = QN_VALUE_STR, .as.str = { color, 1 } };
  rc = call->host->emit_field(call, QN_LIT("color"), &value);
  qn_emit said = { .source = QN_LIT("maze"), .ordinal = ordinal };
  return rc == 0 ? call->host->emit_commit(call, len, &said) : rc;
}

static qn_status source_next(void *instance, qn_call *call) {
  maze *self = instance;
  char name[40];
  if (self->next == self->count) {
    return QN_STATUS_OK;
  }
  int len = snprintf(name, sizeof name, "%s%lld", self->name, (long long)self->next);
  if (emit(call, name, (size_t)len, (uint64_t)self->next) != 0) {
    return QN_STATUS_OK;
  }
  self->next++;
  return QN_STATUS_MORE;
}

static const qn_source source_table = {
  .size = sizeof(qn_source), .create = maze_create, .destroy = maze_destroy, .next = source_next
};

/* As far as there is credit; true if that was the last. */
static int emit_some(maze *self, qn_call *call) {
  while (self->next < self->count) {
    char name[40];
    int len = snprintf(name, sizeof name, "%s%lld", self->name, (long long)self->next);
    int rc = emit(call, name, (size_t)len, (uint64_t)self->next);
    if (rc != 0) {
      return rc != -EAGAIN;
    }
    self->next++;
  }
  return 1;
}

static qn_status source_start(void *instance, qn_call *call) {
  maze *self = instance;
  if (emit_some(self, call)) {
    return QN_STATUS_OK;
  }
  self->ticket = call->ticket;
  return QN_STATUS_PENDING;
}

static void source_end(maze *self) {
  if (self->ticket.generation != 0) {
    self->host->complete(self->env, self->ticket, QN_STATUS_OK, NULL, NULL, 0);
    self->ticket.generation = 0;
  }
}

static void source_credit(void *instance, qn_call *call) {
  maze *self = instance;
  if (self->ticket.generation != 0 && emit_some(self, call)) {
    source_end(self);
  }
}

static void source_stop(void *instance, qn_call *call) {
  (void)call;
  source_end(instance);
}

static const qn_source source_async_table = { .size = sizeof(qn_source),
                                              .create = maze_create,
                                              .destroy = maze_destroy,
                                              .start = source_start,
                                              .credit = source_credit,
                                              .stop = source_stop };

/* What is to be tried again is, before the first part; other trouble comes after the last. */
static qn_status split_process(void *instance, void *context, qn_call *call) {
  maze *self = instance;
  (void)context;
  qn_view view = { 0 };
  call->host->view_get(call, &view);
  uint64_t hash = hash_of(self, call);
  spin(hash, self->spin_us);
  if (maze_breaks(hash, (uint64_t)self->fatal)) {
    self->next_part = 0;
    return qn_fail(call, QN_STATUS_FATAL, "maze", "a bottomless pit");
  }
  int64_t n_parts = self->parts > 0 ? self->parts : maze_parts_of(hash);
  maze_fate fate = maze_fate_of(hash, (uint64_t)self->trouble);
  if (fate == MAZE_RETRY && self->next_part == 0 && end_with(call, fate, hash) != QN_STATUS_OK) {
    return QN_STATUS_RETRY;
  }
  for (int64_t i = 0; i < self->per_call && self->next_part < n_parts; i++) {
    char name[200];
    int len =
        snprintf(name, sizeof name, "%.*s.%lld", (int)view.len, (const char *)view.data, (long long)self->next_part);
    int rc = emit(call, name, (size_t)len, (uint64_t)self->next_part);
    if (rc == -EAGAIN) {
      return QN_STATUS_MORE;
    }
    if (rc != 0) {
      self->next_part = 0;
      return qn_fail(call, QN_STATUS_FATAL, "maze", "cannot emit");
    }
    self->next_part++;
  }
  if (self->next_part < n_parts) {
    return QN_STATUS_MORE;
  }
  self->next_part = 0;
  return fate == MAZE_RETRY ? QN_STATUS_OK : end_with(call, fate, hash);
}

static const qn_transform split_table = {
  .size = sizeof(qn_transform), .create = maze_create, .destroy = maze_destroy, .process = split_process
};

/* --- sink --- */

static int sink_create(qn_create *create, void **ret_instance) {
  void *made = NULL;
  int rc = maze_create(create, &made);
  if (rc != 0) {
    return rc;
  }
  maze *self = made;
  char path[512];
  qn_str given = qn_config_str(create, "/path");
  snprintf(path, sizeof path, "%.*s", (int)given.len, given.data);
  self->file = fopen(path, "w");
  if (self->file == NULL) {
    free(self);
    return create->host->create_fail(create, "cannot open the file", 20);
  }
  const qn_direct *direct = create->host->extension(create->env, QN_DIRECT_1);
  if (direct != NULL && qn_config_i64(create, "/unprepared", 0) != 0) {
    direct->unprepared(create->env);
  }
  *ret_instance = self;
  return 0;
}

static void sink_destroy(void *instance) {
  maze *self = instance;
  if (self != NULL) {
    fclose(self->file);
    free(self);
  }
}

enum { LINE_BYTES = 400 };

static size_t make_line(qn_call *call, char *line) {
  qn_view view = { 0 };
  call->host->view_get(call, &view);
  size_t len = (size_t)snprintf(line, LINE_BYTES, "%.*s", (int)view.len, (const char *)view.data);
  for (int i = 1; i < 32; i++) {
    char name[16];
    qn_value value;
    int name_len = snprintf(name, sizeof name, "m%d", i);
    if (call->host->field_get(call, (qn_str){ name, (size_t)name_len }, &value) == 0) {
      len += (size_t)snprintf(line + len, LINE_BYTES - len, " %d", i);
    }
  }
  line[len++] = '\n';
  return len;
}

static qn_status sink_prepare(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  char line[LINE_BYTES];
  size_t len = make_line(call, line);
  return call->host->prepared_set(call, line, len) == 0 ? QN_STATUS_OK
                                                        : qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory");
}

static void sink_write(void *instance, qn_item *const *items, uint32_t n_items) {
  maze *self = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    char line[LINE_BYTES];
    bool is_prepared = items[i]->prepared.data != NULL;
    size_t len = is_prepared ? items[i]->prepared.len : make_line(items[i]->call, line);
    const char *text = is_prepared ? items[i]->prepared.data : line;
    spin(maze_hash(text, len, 5), self->spin_us);
    fwrite(text, 1, len, self->file);
    items[i]->status = QN_STATUS_OK;
  }
}

static const qn_sink sink_table = {
  .size = sizeof(qn_sink), .create = sink_create, .destroy = sink_destroy, .prepare = sink_prepare, .write = sink_write
};

/* Written in order and at once; some are said so later, and so is every other flush. */
static void sink_async_write(void *instance, qn_item *const *items, uint32_t n_items) {
  maze *self = instance;
  sink_write(instance, items, n_items);
  for (uint32_t i = 0; i < n_items; i++) {
    qn_view view = { 0 };
    items[i]->call->host->view_get(items[i]->call, &view);
    uint64_t hash = maze_hash((const char *)view.data, view.len, 9);
    pending later = { .ticket = items[i]->call->ticket, .wait_us = (int64_t)(hash >> 20) % 100 };
    if (hash % 3 != 0 && complete_later(self, &later) == 0) {
      items[i]->status = QN_STATUS_PENDING;
    }
  }
}

static qn_status sink_async_flush(void *instance, qn_call *call) {
  maze *self = instance;
  pending later = { .ticket = call->ticket };
  fflush(self->file);
  return self->next++ % 2 == 0 && complete_later(self, &later) == 0 ? QN_STATUS_PENDING : QN_STATUS_OK;
}

static int sink_async_create(qn_create *create, void **ret_instance) {
  void *made = NULL;
  int rc = sink_create(create, &made);
  if (rc != 0) {
    return rc;
  }
  rc = start_completing(made, create);
  if (rc != 0) {
    sink_destroy(made);
    return rc;
  }
  *ret_instance = made;
  return 0;
}

static void sink_async_destroy(void *instance) {
  if (instance != NULL) {
    stop_completing(instance);
    sink_destroy(instance);
  }
}

static const qn_sink sink_async_table = { .size = sizeof(qn_sink),
                                          .create = sink_async_create,
                                          .destroy = sink_async_destroy,
                                          .prepare = sink_prepare,
                                          .write = sink_async_write,
                                          .flush = sink_async_flush };

#define TRANSFORM(variable, id, table) static const qn_stage variable = { sizeof(qn_stage), 0, id, NULL, table, NULL }

static const qn_stage source = { sizeof(qn_stage), 0, "maze-source", &source_table, NULL, NULL };
static const qn_stage source_async = { sizeof(qn_stage), 0, "maze-source-async", &source_async_table, NULL, NULL };
TRANSFORM(one, "maze-one", &one_table);
TRANSFORM(serial, "maze-serial", &one_table);
TRANSFORM(ordered, "maze-ordered", &one_table);
TRANSFORM(batch, "maze-batch", &batch_table);
TRANSFORM(batch_serial, "maze-batch-serial", &batch_table);
TRANSFORM(batch_ordered, "maze-batch-ordered", &batch_table);
TRANSFORM(async, "maze-async", &async_table);
TRANSFORM(split, "maze-split", &split_table);
static const qn_stage sink = { sizeof(qn_stage), 0, "maze-sink", NULL, NULL, &sink_table };

static const qn_stage sink_async = { sizeof(qn_stage), 0, "maze-sink-async", NULL, NULL, &sink_async_table };

static const qn_stage *const stages[] = { &source,       &source_async,  &one,   &serial, &ordered, &batch,
                                          &batch_serial, &batch_ordered, &async, &split,  &sink,    &sink_async };

QN_EXPORT const qn_plugin qn_plugin_v1 = { sizeof(qn_plugin), sizeof stages / sizeof stages[0], stages };
