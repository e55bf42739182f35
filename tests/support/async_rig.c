/* SPDX-License-Identifier: Apache-2.0 */

/* The loop of the runtime's own making and the real host, around one stage. */
#include "async_rig.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "observe/metrics.h"
#include "pipeline/plan.h"
#include "runtime/state.h"

enum { DOCUMENTS_MAX = 4096 };

typedef struct rig_document {
  document *document;
  builder *builder;
  host_call call;
  bool is_done;
  qn_status status;
  qn_error error;
  char *record;
} rig_document;

struct async_rig {
  uint32_t n_descriptors; /* open when it was made */
  runtime runtime;        /* only its loop and log are there */
  instance instance;
  registry *registry;
  plan *plan;
  document_pool *pool;
  record_encoder *encoder;
  uint32_t n_stages;
  const qn_stage *tables[PLAN_STAGES_MAX];
  qn_env envs[PLAN_STAGES_MAX]; /* of those before the asynchronous one */
  void *instances[PLAN_STAGES_MAX];
  void *contexts[PLAN_STAGES_MAX];
  const plan_stage *planned[PLAN_STAGES_MAX];
  builder *builder;
  uint32_t n_documents;
  rig_document *documents[DOCUMENTS_MAX];
  pthread_mutex_t mutex; /* what complete() writes */
  uint32_t n_done;
  char *log;
  size_t log_len;
  FILE *log_stream;
};

static async_rig *rig_of(qn_env *env) {
  return env->hooks->arg;
}

static void on_log(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  async_rig *self = arg;
  (void)env;
  (void)level;
  pthread_mutex_lock(&self->mutex);
  fprintf(self->log_stream, "%.*s\n", (int)len, text);
  pthread_mutex_unlock(&self->mutex);
}

static void on_runtime_log(void *arg, const char *stage, uint32_t level, const char *text, size_t len) {
  (void)stage;
  on_log(arg, NULL, level, text, len);
}

static const void *on_extension(qn_env *env, const char *name) {
  (void)env;
  return strcmp(name, QN_IO_1) == 0 ? io_extension() : NULL;
}

/* A ticket's slot is the document's number, its generation one more. */
static void on_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text,
                        size_t len) {
  async_rig *self = rig_of(env);
  pthread_mutex_lock(&self->mutex);
  assert_true(ticket.slot < self->n_documents && ticket.generation == ticket.slot + 1);
  rig_document *ended = self->documents[ticket.slot];
  assert_false(ended->is_done); /* exactly once */
  ended->is_done = true;
  ended->status = status;
  self->n_done++;
  if (status >= QN_STATUS_RETRY) {
    error_set(&ended->error, -EIO, slug, "%.*s", (int)len, text);
  }
  pthread_mutex_unlock(&self->mutex);
}

static const host_hooks hooks_template = { .log = on_log, .complete = on_complete, .extension = on_extension };

static registry *open_plugins(void) {
  char folder[4096];
  const char *build_root = getenv("QANAT_BUILD_ROOT");
  snprintf(folder, sizeof folder, "%s/plugins", build_root != NULL ? build_root : ".");
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  registry *installed = NULL;
  qn_error error = { 0 };
  if (registry_new(&options, &installed, &error) != 0) {
    fail_msg("%s", error.message);
  }
  return installed;
}

static plan *make_plan(const registry *installed, const char *stages_json) {
  char *text = NULL;
  faults *found = NULL;
  plan *made = NULL;
  assert_true(asprintf(&text,
                       "{\"source\":{\"use\":\"files\",\"with\":{\"paths\":[\"-\"]}},\"stages\":%s,"
                       "\"sink\":{\"use\":\"null\"}}",
                       stages_json) > 0);
  for (char *at = text; *at != '\0'; at++) {
    *at = *at == '\'' ? '"' : *at;
  }
  assert_int_equal(faults_new(&found), 0);
  if (plan_parse("rig.json", text, strlen(text), installed, NULL, &made, found) != 0) {
    faults_print(found, stderr, false);
    fail_msg("the stage under test makes no plan");
  }
  faults_free(found);
  free(text);
  return made;
}

static int open_stage(async_rig *self, uint32_t index, qn_error *error) {
  const plan_stage *planned = self->planned[index];
  bool is_last = index + 1 == self->n_stages;
  qn_env *env = is_last ? &self->instance.own_env : &self->envs[index];
  if (registry_load(self->registry, planned->info, &self->tables[index], error) != 0) {
    fail_msg("%s", error->message);
  }
  host_env_init(env, planned->info, planned->id, planned->config, self->plan->base_folder, &self->runtime.hooks);
  env->owner = &self->instance;
  self->instance.io.uv = &self->runtime.loop.uv;
  env->io = &self->instance.io;
  int rc = host_create(env, self->tables[index], &self->instances[index], error);
  const qn_transform *table = self->tables[index]->transform;
  if (rc == 0 && table->context_open != NULL) {
    assert_int_equal(table->context_open(self->instances[index], env, host_table(), &self->contexts[index]), 0);
  }
  return rc;
}

/* Once libuv has opened what it keeps for ever. */
static uint32_t count_descriptors(void) {
  uv_loop_t first;
  uint32_t n = 0;
  assert_int_equal(uv_loop_init(&first), 0);
  assert_int_equal(uv_loop_close(&first), 0);
  DIR *folder = opendir("/proc/self/fd");
  assert_non_null(folder);
  while (readdir(folder) != NULL) {
    n++;
  }
  closedir(folder);
  return n;
}

static async_rig *rig_make(const char *stages_json, qn_error *error) {
  async_rig *self = calloc(1, sizeof *self);
  assert_non_null(self);
  self->n_descriptors = count_descriptors();
  pthread_mutex_init(&self->mutex, NULL);
  self->log_stream = open_memstream(&self->log, &self->log_len);
  assert_int_equal(uv_loop_init(&self->runtime.loop.uv), 0);
  self->runtime.hooks = hooks_template;
  self->runtime.hooks.arg = self;
  self->runtime.options.log = on_runtime_log;
  self->runtime.options.arg = self;
  self->registry = open_plugins();
  self->plan = make_plan(self->registry, stages_json);
  const document_limits limits = { .document_bytes = self->plan->limits.document_bytes,
                                   .document_memory = self->plan->limits.document_memory };
  assert_int_equal(document_pool_new(self->plan->schemas, &limits, &self->pool), 0);
  assert_int_equal(builder_new(&self->builder), 0);
  assert_int_equal(record_encoder_new(&self->encoder), 0);
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    if (self->plan->stages[i].info->role == ROLE_TRANSFORM) {
      self->planned[self->n_stages++] = &self->plan->stages[i];
    }
  }
  self->instance.runtime = &self->runtime;
  self->instance.planned = self->planned[self->n_stages - 1];
  for (uint32_t i = 0; i < self->n_stages; i++) {
    if (open_stage(self, i, error) != 0) {
      self->n_stages = i;
      break;
    }
  }
  return self;
}

async_rig *async_rig_new(const char *stages_json) {
  qn_error error = { 0 };
  async_rig *self = rig_make(stages_json, &error);
  if (error.message[0] != '\0') {
    fail_msg("%s", error.message);
  }
  return self;
}

static void close_stage(async_rig *self, uint32_t index) {
  const qn_transform *table = self->tables[index]->transform;
  qn_env *env = self->planned[index] == self->instance.planned ? &self->instance.own_env : &self->envs[index];
  if (table->context_close != NULL) {
    table->context_close(self->contexts[index]);
  }
  table->destroy(self->instances[index]);
  assert_int_equal(env->memory, 0);
  host_env_done(env);
}

static void free_document(rig_document *at) {
  document_unref(at->document);
  builder_free(at->builder);
  free(at->record);
  free(at);
}

void async_rig_free(async_rig *self) {
  for (uint32_t i = self->n_stages; i-- > 0;) {
    close_stage(self, i);
  }
  assert_null(self->instance.io.handles);
  uv_run(&self->runtime.loop.uv, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&self->runtime.loop.uv), 0);
  assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
  for (uint32_t i = 0; i < self->n_documents; i++) {
    free_document(self->documents[i]);
  }
  builder_free(self->builder);
  record_encoder_free(self->encoder);
  assert_int_equal(document_pool_live(self->pool), 0);
  document_pool_free(self->pool);
  plan_free(self->plan);
  registry_free(self->registry);
  fclose(self->log_stream);
  free(self->log);
  assert_int_equal(count_descriptors(), self->n_descriptors);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

char *async_rig_refusal(const char *stages_json) {
  qn_error error = { 0 };
  async_rig *self = rig_make(stages_json, &error);
  if (error.message[0] == '\0') {
    fail_msg("the stage should have refused this");
  }
  host_env_done(&self->instance.own_env);
  async_rig_free(self);
  return strdup(error.message);
}

/* --- documents --- */

static document *document_of(async_rig *self, const char *text) {
  document *made = NULL;
  uint8_t *room = NULL;
  size_t len = strlen(text);
  assert_int_equal(document_new(self->pool, &made), 0);
  assert_int_equal(document_payload_reserve(made, len, &room), 0);
  memcpy(room, text, len);
  assert_int_equal(document_payload_commit(made, len), 0);
  return made;
}

static void run_before(async_rig *self, document *made) {
  for (uint32_t i = 0; i + 1 < self->n_stages; i++) {
    host_call call;
    host_call_init(&call, &self->envs[i], self->builder, self->encoder);
    host_call_begin(&call, made, &self->planned[i]->layout);
    qn_status status = self->tables[i]->transform->process(self->instances[i], self->contexts[i], &call.call);
    assert_int_equal(host_call_end(&call, status), QN_STATUS_OK);
  }
}

/* Seals what was built, on the thread that runs the loop. */
static void settle(async_rig *self, rig_document *at) {
  if (at->status >= QN_STATUS_RETRY) {
    at->call.error = at->error;
  }
  at->status = host_call_end(&at->call, at->status);
  at->error = at->call.error;
  qn_str json = { 0 };
  if (at->status == QN_STATUS_OK) {
    assert_int_equal(record_encode(self->encoder, at->document, NULL, &json), 0);
    at->record = strndup(json.data, json.len);
  }
  builder_free(at->builder);
  at->builder = NULL;
}

static void settle_done(async_rig *self) {
  for (uint32_t i = 0; i < self->n_documents; i++) {
    rig_document *at = self->documents[i];
    pthread_mutex_lock(&self->mutex);
    bool ready = at->is_done && at->builder != NULL;
    pthread_mutex_unlock(&self->mutex);
    if (ready) {
      settle(self, at);
    }
  }
}

uint32_t async_rig_push_again(async_rig *self, const char *text, uint32_t attempt) {
  uint32_t number = self->n_documents;
  uint32_t last = self->n_stages - 1;
  assert_true(number < DOCUMENTS_MAX);
  rig_document *at = calloc(1, sizeof *at);
  assert_non_null(at);
  at->document = document_of(self, text);
  run_before(self, at->document);
  assert_int_equal(builder_new(&at->builder), 0);
  host_call_init(&at->call, &self->instance.own_env, at->builder, self->encoder);
  host_call_begin(&at->call, at->document, &self->planned[last]->layout);
  at->call.call.attempt = attempt;
  at->call.call.ticket = (qn_ticket){ .slot = number, .generation = number + 1 };
  pthread_mutex_lock(&self->mutex);
  self->documents[number] = at;
  self->n_documents++;
  pthread_mutex_unlock(&self->mutex);
  qn_status status =
      self->tables[last]->transform->process(self->instances[last], self->contexts[last], &at->call.call);
  if (status != QN_STATUS_PENDING) {
    pthread_mutex_lock(&self->mutex);
    at->is_done = true;
    at->status = status;
    at->error = at->call.error;
    self->n_done++;
    pthread_mutex_unlock(&self->mutex);
  }
  return number;
}

uint32_t async_rig_push(async_rig *self, const char *text) {
  return async_rig_push_again(self, text, 1);
}

static uint32_t n_done(async_rig *self) {
  pthread_mutex_lock(&self->mutex);
  uint32_t n = self->n_done;
  pthread_mutex_unlock(&self->mutex);
  return n;
}

static void on_tick(uv_timer_t *timer) {
  (void)timer;
}

void async_rig_run(async_rig *self, uint32_t wanted, uint32_t limit_ms) {
  uv_timer_t tick; /* so that the loop turns even if nothing happens */
  uint64_t until_ns = metrics_now_ns() + (uint64_t)limit_ms * 1000000;
  uv_timer_init(&self->runtime.loop.uv, &tick);
  uv_timer_start(&tick, on_tick, 5, 5);
  while (n_done(self) < wanted && metrics_now_ns() < until_ns) {
    uv_run(&self->runtime.loop.uv, UV_RUN_ONCE);
  }
  uv_close((uv_handle_t *)&tick, NULL);
  uv_run(&self->runtime.loop.uv, UV_RUN_NOWAIT);
  settle_done(self);
}

void async_rig_wait(async_rig *self, uint32_t limit_ms) {
  async_rig_run(self, self->n_documents, limit_ms);
  if (n_done(self) < self->n_documents) {
    fail_msg("%u of %u documents are not done after %u ms; the log: %s", self->n_documents - n_done(self),
             self->n_documents, limit_ms, async_rig_log(self));
  }
}

void async_rig_cancel(async_rig *self, uint32_t number) {
  uint32_t last = self->n_stages - 1;
  self->tables[last]->transform->cancel(self->instances[last], self->documents[number]->call.call.ticket);
}

bool async_rig_is_done(const async_rig *self, uint32_t number) {
  return self->documents[number]->is_done;
}

qn_status async_rig_status(const async_rig *self, uint32_t number) {
  assert_true(self->documents[number]->is_done);
  return self->documents[number]->status;
}

const qn_error *async_rig_error(const async_rig *self, uint32_t number) {
  return &self->documents[number]->error;
}

const char *async_rig_record(const async_rig *self, uint32_t number) {
  assert_non_null(self->documents[number]->record);
  return self->documents[number]->record;
}

const char *async_rig_log(async_rig *self) {
  fflush(self->log_stream);
  return self->log;
}
