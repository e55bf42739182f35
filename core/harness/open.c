/* SPDX-License-Identifier: Apache-2.0 */

/* Opening a stage: its manifest, its configuration, its table, its create; and closing it, with what it left behind. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/deadline.h"
#include "harness/harness_body.h"
#include "harness/settings.h"
#include "harness/source.h"
#include "harness/turn.h"
#include "harness/worker.h"
#include "plugin/registry_load.h"
#include "qanat/block.h"
#include "qanat/credit.h"

enum { TIMEOUT_MS = 10000, DOCUMENT_BYTES = 64 << 20 };
static const int64_t now_usual_ms = 1767225600000; /* 2026-01-01 */

uint64_t harness_clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int harness_say(const qn_error *error, char *message, size_t size) {
  if (size > 0) {
    snprintf(message, size, "%s", error->message);
  }
  return error->code;
}

/* --- what the host does for the stage --- */

static void on_log(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  const qn_harness *self = env->owner;
  (void)arg;
  if (self->log != NULL) {
    self->log(self->log_arg, level, text, len);
  }
}

static int on_file_open(void *arg, const char *path) {
  const qn_harness *self = arg;
  return self->file_open != NULL ? self->file_open(self->file_arg, path) : host_file_descriptor(path);
}

static const void *no_extension(qn_env *env, const char *name) {
  (void)env;
  (void)name;
  return NULL;
}

static const void *find_extension(qn_env *env, const char *name) {
  const qn_harness *self = env->owner;
  const void *worker = self->worker != NULL ? worker_lent(name) : NULL;
  if (worker != NULL) {
    return worker;
  }
  return strcmp(name, QN_IO_1) == 0       ? turner_io()
         : strcmp(name, QN_BLOCK_1) == 0  ? block_lent()
         : strcmp(name, QN_CREDIT_1) == 0 ? credit_lent()
                                          : NULL;
}

/* --- opening --- */

static int find_stage(qn_harness *self, const char *name, qn_error *error) {
  const manifest *from = self->manifest;
  if (name == NULL && from->n_stages != 1) {
    return error_set(error, -EINVAL, "no-stage", "%s has %u stages: say which one to open", from->path, from->n_stages);
  }
  for (uint32_t i = 0; i < from->n_stages; i++) {
    if (name == NULL || strcmp(from->stages[i].name, name) == 0) {
      self->info = &from->stages[i];
      return 0;
    }
  }
  return error_set(error, -EINVAL, "no-stage", "%s has no stage \"%.64s\"", from->path, name);
}

static int read_file(const char *path, char **ret_text, size_t *ret_len, qn_error *error) {
  int rc = harness_file_read(path, ret_text, ret_len);
  return rc == 0 ? 0 : error_set(error, rc, "unreadable", "%s: %s", path, strerror(-rc));
}

static int open_linked(qn_harness *self, const qn_harness_options *options, const qn_plugin **ret_plugin,
                       qn_error *error) {
  char *json = NULL;
  size_t len = 0;
  if (options->manifest == NULL) {
    return error_set(error, -EINVAL, "no-manifest", "a linked plugin needs the path of its manifest.json");
  }
  int rc = read_file(options->manifest, &json, &len, error);
  if (rc == 0) {
    rc = manifest_parse(options->manifest, json, len, &self->manifest, error);
  }
  free(json);
  if (rc == 0) {
    rc = registry_match(self->manifest, options->plugin, error);
  }
  *ret_plugin = options->plugin;
  return rc;
}

static int open_plugin(qn_harness *self, const qn_harness_options *options, qn_error *error) {
  const qn_plugin *plugin = NULL;
  int rc;
  if (options->plugin != NULL) {
    rc = open_linked(self, options, &plugin, error);
  } else if (options->file != NULL) {
    /* A test's own build may well be writable by others: the author runs it, nobody else. */
    rc = manifest_read(options->file, true, &self->manifest, error);
    rc = rc == 0 ? registry_open(self->manifest, &plugin, error) : rc;
  } else {
    rc = error_set(error, -EINVAL, "no-plugin", "neither file nor plugin is given");
  }
  rc = rc == 0 ? find_stage(self, options->stage, error) : rc;
  if (rc == 0) {
    self->table = registry_entry(plugin, self->info->name);
  }
  return rc;
}

static int fill_schemas(qn_harness *self, qn_error *error) {
  uint32_t slot;
  int rc = schema_set_new(&self->schemas);
  for (uint32_t i = 0; rc == 0 && schema_known_at(i) != NULL; i++) {
    rc = schema_set_add(self->schemas, schema_known_at(i), &slot, error);
  }
  for (uint32_t i = 0; rc == 0 && i < self->manifest->n_schemas; i++) {
    rc = schema_set_add(self->schemas, &self->manifest->schemas[i], &slot, error);
  }
  for (uint32_t i = 0; rc == 0 && i < self->settings.declared.n_schemas; i++) {
    rc = schema_set_add(self->schemas, &self->settings.declared.schemas[i], &slot, error);
  }
  for (uint32_t i = 0; rc == 0 && i < self->info->n_views_read; i++) {
    rc = schema_set_add_view(self->schemas, self->info->views_read[i], &slot, error);
  }
  if (rc == 0 && self->info->view_provided != NULL) {
    rc = schema_set_add_view(self->schemas, self->info->view_provided, &slot, error);
  }
  for (uint32_t i = 0; rc == 0 && i < self->settings.n_views; i++) {
    rc = schema_set_add_view(self->schemas, self->settings.views[i], &slot, error);
  }
  return rc == -ENOMEM ? error_set(error, rc, "no-memory", "no memory") : rc;
}

/* Everything of a harness that does not depend on where its stage came from. */
static int fill_body(qn_harness *self, const qn_harness_options *options, harness_kept *kept, qn_error *error) {
  self->now_ms = options->now_ms != 0 ? options->now_ms : now_usual_ms;
  self->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_MS;
  self->deadline_ms = options->deadline_ms;
  self->part_credits = options->part_credits;
  self->log = options->log;
  self->log_arg = options->arg;
  self->hooks = (host_hooks){ .log = on_log,
                              .extension = options->no_extensions != 0 ? no_extension : find_extension,
                              .complete = pending_complete,
                              .file_open = on_file_open,
                              .arg = self };
  emit_hooks_set(&self->hooks);
  self->lent = lent_table_new(options->host_bytes, options->abi_minor);
  if (self->lent == NULL || turner_new(&self->turner) != 0 || builder_new(&self->building) != 0 ||
      record_encoder_new(&self->encoder) != 0 || deadlines_new(&self->deadlines) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a harness");
  }
  bool worker = options->worker != 0 && options->no_extensions == 0;
  int rc = worker ? worker_new(self, kept, &self->worker) : 0;
  rc = rc == 0 && worker && options->kept != NULL ? worker_keep(self->worker, options->kept, options->kept_bytes) : rc;
  return rc == 0 ? 0 : error_set(error, rc, "no-memory", "no memory for a harness");
}

static int open_context(qn_harness *self, qn_error *error) {
  int rc = harness_context_open(self, &self->context);
  self->has_context = rc == 0;
  return rc == 0 ? 0
                 : error_set(error, rc < 0 ? rc : -EINVAL, "no-context", "its context_open failed: %s",
                             strerror(rc < 0 ? -rc : EINVAL));
}

static int create(qn_harness *self, const char *id, const qn_harness_fault *fault, qn_error *error) {
  host_env_init(&self->env, self->info, id, self->config, self->folder, &self->hooks);
  self->env.owner = self;
  self->env.host = self->lent;
  self->is_created = true;
  if (qn_harness_fault_set(self, fault) != 0) {
    return error_set(error, -EINVAL, "no-function", "the host has no function \"%.64s\"", fault->function);
  }
  run_count(self, STAGE_CREATE);
  int rc = host_create(&self->env, self->table, &self->instance, error);
  worker_created(self->worker);
  if (rc != 0) {
    return rc;
  }
  self->has_instance = true;
  return open_context(self, error);
}

static qn_harness *harness_new(void) {
  qn_harness *self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->attempt = 1;
    atomic_store(&self->fault.function, -1);
    pthread_mutex_init(&self->lock, NULL);
  }
  return self;
}

int qn_harness_open(const qn_harness_options *options, qn_harness **ret_harness, char *message, size_t size) {
  qn_error error = { 0 };
  qn_harness *self = harness_new();
  if (self == NULL) {
    error_set(&error, -ENOMEM, "no-memory", "no memory for a harness");
    return harness_say(&error, message, size);
  }
  const document_limits limits = { .document_bytes =
                                       options->document_bytes != 0 ? options->document_bytes : DOCUMENT_BYTES };
  int rc = open_plugin(self, options, &error);
  rc = rc == 0 ? settings_read(self, options->config, &error) : rc;
  rc = rc == 0 ? fill_schemas(self, &error) : rc;
  if (rc == 0) {
    self->folder = strdup(options->folder != NULL ? options->folder : ".");
    rc = self->folder == NULL || document_pool_new(self->schemas, &limits, &self->pool) != 0
             ? error_set(&error, -ENOMEM, "no-memory", "no memory for a harness")
             : 0;
  }
  rc = rc == 0 ? fill_body(self, options, NULL, &error) : rc;
  rc = rc == 0 ? create(self, self->info->name, &options->fault, &error) : rc;
  if (rc != 0) {
    error.code = rc;
    qn_error left = { 0 };
    harness_discard(self, &left);
    return harness_say(&error, message, size);
  }
  *ret_harness = self;
  return 0;
}

int harness_open_guest(const harness_guest *guest, qn_harness **ret_harness, qn_error *error) {
  qn_harness *self = harness_new();
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a harness");
  }
  const qn_harness_options options = {
    .now_ms = guest->now_ms,
    .timeout_ms = guest->timeout_ms,
    .worker = guest->worker,
    .log = guest->log,
    .arg = guest->log_arg,
  };
  self->is_guest = true;
  self->file_open = guest->file_open;
  self->file_arg = guest->file_arg;
  self->info = guest->info;
  self->table = guest->table;
  self->schemas = guest->schemas;
  self->pool = guest->pool;
  self->planned = guest->layout;
  self->config = cJSON_Duplicate(guest->config, 1);
  self->folder = strdup(guest->base_folder);
  int rc = self->folder == NULL || self->config == NULL
               ? error_set(error, -ENOMEM, "no-memory", "no memory for a harness")
               : fill_body(self, &options, guest->kept, error);
  rc = rc == 0 ? create(self, guest->id, &(qn_harness_fault){ 0 }, error) : rc;
  if (rc != 0) {
    qn_error left = { 0 };
    harness_discard(self, &left);
    return rc;
  }
  *ret_harness = self;
  return 0;
}

/* --- closing --- */

/* Destroys the stage, and notes the first thing it left behind. */
static int destroy(qn_harness *self, qn_error *error) {
  uint32_t n_owed = pending_drain(self);
  if (n_owed > 0) {
    self->is_stuck = true;
    return error_set(error, -EPROTO, "not-completed",
                     "%u ticket%s never completed: complete() is owed for each PENDING", n_owed,
                     n_owed == 1 ? " was" : "s were");
  }
  if (self->has_context) {
    harness_context_close(self, self->context);
  }
  if (self->has_instance) {
    run_count(self, STAGE_DESTROY);
    host_destroy(self->table, self->instance);
  }
  uint32_t n_handles = turner_close(self->turner);
  size_t kept = atomic_load(&self->env.memory);
  self->log = NULL; /* what host_env_done would tell of it is told here */
  host_env_done(&self->env);
  if (n_handles > 0) {
    return error_set(error, -EPROTO, "handles-kept", "%u handle%s of qanat.io/1 still open after destroy", n_handles,
                     n_handles == 1 ? " is" : "s are");
  }
  return kept > 0
             ? error_set(error, -EPROTO, "memory-kept", "%zu bytes of the host's memory are held after destroy", kept)
             : 0;
}

static void free_documents(qn_harness *self) {
  while (self->docs != NULL) {
    self->docs->n_pins = 0;
    qn_harness_doc_free(self->docs);
  }
}

int harness_discard(qn_harness *self, qn_error *error) {
  int rc = self->source != NULL ? source_close(self, error) : 0;
  if (rc == 0 && self->is_created) {
    rc = destroy(self, error);
  }
  if (self->is_stuck) {
    return rc; /* the stage may yet touch what it was lent: better lost than freed under its hands */
  }
  free_documents(self);
  while (self->idle != NULL) {
    qn_harness_run *next = self->idle->next_idle;
    run_free(self->idle);
    self->idle = next;
  }
  worker_free(self->worker);
  deadlines_free(self->deadlines);
  turner_free(self->turner);
  record_encoder_free(self->encoder);
  builder_free(self->building);
  settings_done(self);
  if (!self->is_guest) {
    document_pool_free(self->pool);
    schema_set_free(self->schemas);
    manifest_free(self->manifest);
  }
  free(self->folder);
  free(self->lent);
  pthread_mutex_destroy(&self->lock);
  free(self);
  return rc;
}

int qn_harness_close(qn_harness *self, char *message, size_t size) {
  if (self == NULL) {
    return 0;
  }
  qn_error error = { 0 };
  return harness_discard(self, &error) == 0 ? 0 : harness_say(&error, message, size);
}
