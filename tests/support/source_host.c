/* SPDX-License-Identifier: Apache-2.0 */

/* A host for one asynchronous source that answers for documents, in place of a worker with a journal: tests drive the source from
 * outside, by its sockets, and this host by lines on standard input.
 *
 *   source_host PLUGIN_FOLDER STAGE CONFIG.json [--no-intake] [--control] [--quiet]
 *
 * It says "ready" once the source has started, "log TEXT" for what that logs, "doc {...}" for each document, "ended STATUS", and in
 * the end "left N" descriptors more than there were. What becomes of a document, its text says: "dead..." is dead-lettered,
 * "drop..." dropped, the others are delivered. Lines on standard input change how it behaves from then on:
 *
 *   full 0|1         the journal is full            cannot 0|1     emit_reserve fails
 *   refuse 0|1       documents cannot be written    hold 0|1       nothing is told of new documents (0: of those, now)
 *   finish 0|1       watched documents come out     stop           the source is to stop
 *   broken 0|1       the journal cannot write, so that there is no room */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <uv.h>

#include "plugin/config.h"
#include "plugin/host.h"
#include "plugin/registry.h"
#include "qanat/control.h"
#include "qanat/intake.h"
#include "runtime/io.h"

enum { KEYS_MAX = 1024, LINE_MAX_BYTES = 256 };

/* A document that the source was not told of yet. */
typedef struct held {
  struct held *next;
  uint64_t cookie;
  uint32_t outcome; /* QN_OUTCOME_* */
  uint32_t watched; /* QN_INTAKE_* */
  bool accepted;
  char *known; /* the id of the one before, if its key was known */
  char *id, *record;
} held;

typedef struct source_host {
  uv_loop_t uv;
  qn_env env;
  io_home io;
  host_hooks hooks;
  host_call call;
  const qn_source *table;
  void *instance;
  bool has_intake, has_control;
  const qn_intake_events *events;
  void *listener;
  bool full, broken, cannot, refuses, holds, finishes, starved;
  bool quiet; /* documents are not told of */
  bool stopped, ended;
  qn_status status;

  uint8_t *room;
  size_t room_bytes;
  cJSON *fields;
  char *key;
  uint32_t watched;

  uint32_t n_keys;
  struct {
    char *key, *id;
  } keys[KEYS_MAX];
  held *first, **last;
  uv_pipe_t input;
  uv_timer_t tell;
  uv_async_t done;
  struct asked *asks; /* of the control, not answered yet */
  char line[LINE_MAX_BYTES];
  size_t line_len;
} source_host;

static source_host *host_of(const qn_env *env) {
  return env->owner;
}

static char *copy_of(qn_str text) {
  return strndup(text.data == NULL ? "" : text.data, text.len);
}

static void on_log(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  (void)arg;
  (void)env;
  printf("log %u %.*s\n", level, (int)len, text);
  fflush(stdout);
}

/* --- emitting --- */

static void forget(source_host *self) {
  free(self->room);
  free(self->key);
  cJSON_Delete(self->fields);
  self->room = NULL;
  self->key = NULL;
  self->fields = NULL;
  self->watched = 0;
}

static int on_reserve(qn_call *call, size_t bytes, uint8_t **ret_payload) {
  source_host *self = host_of(call->env);
  forget(self);
  if (self->stopped) {
    return -ECANCELED;
  }
  if (self->full || self->broken || self->cannot) {
    self->starved = self->starved || self->full || self->broken;
    return self->full || self->broken ? -EAGAIN : -EIO;
  }
  if (bytes > 64 << 20) {
    return -EFBIG;
  }
  self->room = malloc(bytes + 1);
  self->room_bytes = bytes;
  self->fields = cJSON_CreateObject();
  *ret_payload = self->room;
  return self->room != NULL ? 0 : -ENOMEM;
}

static int on_field(qn_call *call, qn_str name, const qn_value *value) {
  const source_host *self = host_of(call->env);
  char *key = copy_of(name);
  if (value->type == QN_VALUE_STR) {
    char *text = copy_of(value->as.str);
    cJSON_AddStringToObject(self->fields, key, text);
    free(text);
  } else if (value->type == QN_VALUE_BOOL) {
    cJSON_AddBoolToObject(self->fields, key, value->as.i64 != 0);
  } else {
    cJSON_AddNumberToObject(self->fields, key, value->type == QN_VALUE_F64 ? value->as.f64 : (double)value->as.i64);
  }
  free(key);
  return 0;
}

static const char *known_id(const source_host *self, const char *key) {
  for (uint32_t i = 0; key != NULL && i < self->n_keys; i++) {
    if (strcmp(self->keys[i].key, key) == 0) {
      return self->keys[i].id;
    }
  }
  return NULL;
}

static void keep_key(source_host *self, qn_str id) {
  if (self->key != NULL && self->n_keys < KEYS_MAX) {
    self->keys[self->n_keys].key = strdup(self->key);
    self->keys[self->n_keys++].id = copy_of(id);
  }
}

static bool begins(const source_host *self, size_t bytes, const char *word) {
  return bytes >= strlen(word) && memcmp(self->room, word, strlen(word)) == 0;
}

/* FNV-1a, which tests can make again. */
static uint64_t hash_of(const uint8_t *bytes, size_t len) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
  }
  return hash;
}

static char *record_of(const source_host *self, const qn_emit *emit, size_t bytes) {
  char hash[20];
  char *id = copy_of(emit->id), *type = copy_of(emit->media_type), *source = copy_of(emit->source);
  cJSON *record = cJSON_CreateObject();
  snprintf(hash, sizeof hash, "%016" PRIx64, hash_of(self->room, bytes));
  cJSON_AddStringToObject(record, "id", id);
  cJSON_AddStringToObject(record, "media_type", type);
  cJSON_AddStringToObject(record, "source", source);
  cJSON_AddNumberToObject(record, "bytes", (double)bytes);
  cJSON_AddStringToObject(record, "hash", hash);
  cJSON_AddItemToObject(record, "fields", cJSON_Duplicate(self->fields, 1));
  if (self->key != NULL) {
    cJSON_AddStringToObject(record, "key", self->key);
  }
  char *text = cJSON_PrintUnformatted(record);
  cJSON_Delete(record);
  free(id);
  free(type);
  free(source);
  return text;
}

static int on_commit(qn_call *call, size_t bytes, const qn_emit *emit) {
  source_host *self = host_of(call->env);
  if (self->room == NULL || bytes > self->room_bytes) {
    return -EINVAL;
  }
  held *made = calloc(1, sizeof *made);
  const char *known = known_id(self, self->key);
  made->cookie = emit->cookie;
  made->watched = self->watched;
  made->outcome = begins(self, bytes, "dead")   ? QN_OUTCOME_DEAD_LETTERED
                  : begins(self, bytes, "drop") ? QN_OUTCOME_DROPPED
                                                : QN_OUTCOME_DELIVERED;
  made->id = copy_of(emit->id);
  made->known = known == NULL ? NULL : strdup(known);
  made->record = self->quiet ? NULL : record_of(self, emit, bytes);
  if (known == NULL && !self->refuses) {
    keep_key(self, emit->id);
  }
  if (made->record != NULL && known == NULL && !self->refuses) {
    printf("doc %s\n", made->record);
    fflush(stdout);
  }
  *self->last = made;
  self->last = &made->next;
  forget(self);
  return 0;
}

static int on_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len) {
  (void)call;
  (void)emit;
  printf("rejected %s %.*s\n", slug, (int)len, text);
  return -EINVAL; /* a source that can answer does not do this */
}

static void on_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text,
                        size_t len) {
  source_host *self = host_of(env);
  (void)ticket;
  (void)slug;
  (void)text;
  (void)len;
  if (!self->ended) {
    self->ended = true;
    self->status = status;
    uv_async_send(&self->done);
  }
}

/* --- extensions --- */

static int intake_listen(qn_env *env, const qn_intake_events *events, void *instance) {
  source_host *self = host_of(env);
  self->events = events;
  self->listener = instance;
  return 0;
}

static int intake_key(qn_call *call, qn_str key) {
  source_host *self = host_of(call->env);
  if (self->room == NULL || key.len == 0 || key.len > 256) {
    return -EINVAL;
  }
  free(self->key);
  self->key = copy_of(key);
  return 0;
}

static int intake_watch(qn_call *call, uint32_t what) {
  source_host *self = host_of(call->env);
  self->watched = what;
  return self->room != NULL ? 0 : -EINVAL;
}

static int intake_trouble(qn_env *env, qn_str *ret_why) {
  const source_host *self = host_of(env);
  if (self->broken) {
    *ret_why = QN_LIT("the disk is on fire");
  }
  return self->broken ? -EIO : 0;
}

static int control_handles(qn_env *env, qn_str target) {
  (void)env;
  return (target.len >= 3 && memcmp(target.data, "/-/", 3) == 0) ||
         (target.len == 8 && memcmp(target.data, "/metrics", 8) == 0);
}

/* Answers later, with what was asked. */
typedef struct asked {
  struct asked *next;
  source_host *host;
  uv_timer_t timer;
  void (*callback)(void *arg, const qn_control_answer *answer);
  void *arg;
  char text[600];
} asked;

static void free_asked(uv_handle_t *handle) {
  free(handle->data);
}

static void on_asked(uv_timer_t *timer) {
  asked *self = timer->data;
  const qn_control_answer answer = { .size = sizeof answer,
                                     .status = 200,
                                     .content_type = QN_LIT("text/plain"),
                                     .policy = QN_LIT("default-src 'none'"),
                                     .body = (const uint8_t *)self->text,
                                     .body_bytes = strlen(self->text) };
  struct asked **link = &self->host->asks;
  while (*link != self) {
    link = &(*link)->next;
  }
  *link = self->next;
  self->callback(self->arg, &answer);
  uv_close((uv_handle_t *)timer, free_asked);
}

static int control_answer(qn_env *env, const qn_control_request *request,
                          void (*callback)(void *arg, const qn_control_answer *answer), void *arg) {
  source_host *self = host_of(env);
  asked *made = calloc(1, sizeof *made);
  bool slow = memchr(request->target.data, '?', request->target.len) != NULL;
  snprintf(made->text, sizeof made->text, "%.*s %.*s body=%zu authorization=%.*s host=%.*s", (int)request->method.len,
           request->method.data, (int)request->target.len, request->target.data, request->body_bytes,
           (int)request->authorization.len, request->authorization.data, (int)request->host.len, request->host.data);
  made->callback = callback;
  made->arg = arg;
  made->host = self;
  made->next = self->asks;
  self->asks = made;
  made->timer.data = made;
  uv_timer_init(&self->uv, &made->timer);
  uv_timer_start(&made->timer, on_asked, slow ? 60000 : 5, 0);
  return 0;
}

static const void *on_extension(qn_env *env, const char *name) {
  static const qn_intake intake = { .size = sizeof intake,
                                    .listen = intake_listen,
                                    .emit_key = intake_key,
                                    .emit_watch = intake_watch,
                                    .trouble = intake_trouble };
  static const qn_control control = { .size = sizeof control, .handles = control_handles, .answer = control_answer };
  const source_host *self = host_of(env);
  if (strcmp(name, QN_IO_1) == 0) {
    return io_extension();
  }
  if (strcmp(name, QN_CONTROL_1) == 0) {
    return self->has_control ? &control : NULL;
  }
  return self->has_intake && strcmp(name, QN_INTAKE_1) == 0 ? &intake : NULL;
}

/* --- telling --- */

static void free_held(held *at) {
  free(at->known);
  free(at->id);
  free(at->record);
  free(at);
}

static qn_str str_of(const char *text) {
  return (qn_str){ text, strlen(text) };
}

static void tell_accepted(source_host *self, held *at) {
  qn_acceptance told = { .size = sizeof told, .cookie = at->cookie, .id = str_of(at->id) };
  const qn_acceptance *all[] = { &told };
  if (at->known != NULL) {
    told.outcome = QN_INTAKE_KNOWN;
    told.id = str_of(at->known);
  } else if (self->refuses) {
    told.outcome = QN_INTAKE_FAILED;
    told.message = QN_LIT("the disk is full");
  }
  at->accepted = true;
  at->watched = told.outcome == QN_INTAKE_ACCEPTED ? at->watched : 0;
  self->events->accepted(self->listener, all, 1);
}

static void tell_finished(source_host *self, const held *at) {
  qn_finish told = { .size = sizeof told, .outcome = at->outcome, .cookie = at->cookie, .id = str_of(at->id) };
  const qn_finish *all[] = { &told };
  if (at->outcome == QN_OUTCOME_DEAD_LETTERED) {
    told.stage = QN_LIT("decode");
    told.slug = QN_LIT("bad-bytes");
    told.message = QN_LIT("nothing can be made of it");
    told.attempts = 3;
  } else if (at->outcome == QN_OUTCOME_DELIVERED && (at->watched & QN_INTAKE_RECORD) != 0 && at->record != NULL) {
    told.record = str_of(at->record);
  }
  self->events->finished(self->listener, all, 1);
}

/* True if all that there is to tell has been told. */
static bool tell_one(source_host *self, held *at) {
  if (!self->has_intake) {
    const qn_receipt receipt = { .cookie = at->cookie, .outcome = at->outcome };
    self->table->settled(self->instance, &receipt, 1);
    return true;
  }
  if (!at->accepted) {
    tell_accepted(self, at);
    return at->watched == 0;
  }
  if (!self->finishes) {
    return false;
  }
  tell_finished(self, at);
  return true;
}

static void on_tell(uv_timer_t *timer) {
  source_host *self = timer->data;
  held *all = self->holds || self->ended ? NULL : self->first;
  if (all == NULL) {
    return;
  }
  self->first = NULL;
  self->last = &self->first;
  while (all != NULL) {
    held *at = all;
    all = at->next;
    at->next = NULL;
    if (self->ended || tell_one(self, at)) {
      free_held(at);
    } else {
      *self->last = at;
      self->last = &at->next;
    }
  }
}

/* --- commands --- */

static void stop(source_host *self) {
  if (!self->stopped) {
    self->stopped = true;
    self->table->stop(self->instance, &self->call.call);
  }
}

static void obey(source_host *self, const char *line) {
  const struct {
    const char *name;
    bool *flag;
  } flags[] = { { "full ", &self->full },      { "broken ", &self->broken }, { "cannot ", &self->cannot },
                { "refuse ", &self->refuses }, { "hold ", &self->holds },    { "finish ", &self->finishes } };
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    size_t len = strlen(flags[i].name);
    if (strncmp(line, flags[i].name, len) == 0) {
      *flags[i].flag = line[len] == '1';
    }
  }
  if (strcmp(line, "stop") == 0) {
    stop(self);
  }
  if (self->starved && !self->full && !self->broken && !self->stopped) {
    self->starved = false;
    self->table->credit(self->instance, &self->call.call);
  }
  printf("did %s\n", line);
  fflush(stdout);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_buffer) {
  (void)wanted;
  source_host *self = handle->data;
  *ret_buffer = uv_buf_init(self->line + self->line_len, (unsigned)(sizeof self->line - self->line_len - 1));
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
  source_host *self = stream->data;
  char *newline;
  (void)buffer;
  if (n < 0) {
    uv_read_stop(stream);
    stop(self);
    return;
  }
  self->line_len += (size_t)n;
  self->line[self->line_len] = '\0';
  while ((newline = strchr(self->line, '\n')) != NULL) {
    *newline = '\0';
    obey(self, self->line);
    self->line_len -= (size_t)(newline + 1 - self->line);
    memmove(self->line, newline + 1, self->line_len + 1);
  }
}

/* --- life --- */

static void on_done(uv_async_t *async) {
  source_host *self = async->data;
  uv_close((uv_handle_t *)&self->done, NULL);
  uv_close((uv_handle_t *)&self->tell, NULL);
  uv_close((uv_handle_t *)&self->input, NULL);
  for (asked *at = self->asks; at != NULL; at = at->next) {
    uv_close((uv_handle_t *)&at->timer, free_asked);
  }
  io_settle(&self->io);
  self->table->destroy(self->instance);
  io_close_all(&self->env);
}

static uint32_t count_descriptors(void) {
  uint32_t n = 0;
  DIR *folder = opendir("/proc/self/fd");
  while (folder != NULL && readdir(folder) != NULL) {
    n++;
  }
  closedir(folder);
  return n;
}

static const stage_info *find_stage(registry **ret_registry, const char *folder, const char *name) {
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  qn_error error = { 0 };
  if (registry_new(&options, ret_registry, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return NULL;
  }
  return registry_find(*ret_registry, name);
}

static int create(source_host *self, registry *from, const stage_info *info, cJSON *config) {
  const qn_stage *stage = NULL;
  qn_error error = { 0 };
  int rc = registry_load(from, info, &stage, &error);
  self->hooks = (host_hooks){ .log = on_log,
                              .emit_reserve = on_reserve,
                              .emit_field = on_field,
                              .emit_commit = on_commit,
                              .emit_reject = on_reject,
                              .complete = on_complete,
                              .extension = on_extension };
  host_env_init(&self->env, info, "source", config, NULL, &self->hooks);
  self->env.owner = self;
  self->env.io = &self->io;
  rc = rc == 0 ? host_create(&self->env, stage, &self->instance, &error) : rc;
  if (rc != 0) {
    printf("refused %s\n", error.message);
    return rc;
  }
  self->table = stage->source;
  host_call_init(&self->call, &self->env, NULL, NULL);
  return 0;
}

static void open_handles(source_host *self) {
  uv_async_init(&self->uv, &self->done, on_done);
  uv_timer_init(&self->uv, &self->tell);
  uv_pipe_init(&self->uv, &self->input, 0);
  self->done.data = self->tell.data = self->input.data = self;
  uv_timer_start(&self->tell, on_tell, 1, 1);
  uv_pipe_open(&self->input, 0);
  uv_read_start((uv_stream_t *)&self->input, on_room, on_input);
}

static void free_keys(source_host *self) {
  for (uint32_t i = 0; i < self->n_keys; i++) {
    free(self->keys[i].key);
    free(self->keys[i].id);
  }
  while (self->first != NULL) {
    held *at = self->first;
    self->first = at->next;
    free_held(at);
  }
  forget(self);
}

static int run(source_host *self, registry *from, const stage_info *info, cJSON *config) {
  uv_loop_init(&self->uv); /* the first one opens what libuv keeps for ever */
  uv_loop_close(&self->uv);
  uint32_t before = count_descriptors();
  uv_loop_init(&self->uv);
  listeners_new(&self->io.listeners);
  self->io.uv = &self->uv;
  int rc = create(self, from, info, config);
  if (rc == 0) {
    open_handles(self);
    self->status = self->table->start(self->instance, &self->call.call);
    printf("ready\n");
    fflush(stdout);
    uv_run(&self->uv, UV_RUN_DEFAULT);
    printf("ended %d\n", self->status);
  }
  host_env_done(&self->env);
  listeners_free(self->io.listeners);
  free_keys(self);
  uv_run(&self->uv, UV_RUN_NOWAIT);
  if (uv_loop_close(&self->uv) != 0) {
    printf("open handles\n");
  }
  printf("left %d\n", (int)count_descriptors() - (int)before); /* libuv never closes standard input */
  return rc == 0 ? 0 : 1;
}

static cJSON *read_config(const char *path) {
  char *text = NULL;
  size_t len = 0;
  FILE *file = fopen(path, "r");
  if (file == NULL || getdelim(&text, &len, '\0', file) < 0) {
    fprintf(stderr, "%s cannot be read\n", path);
    exit(2);
  }
  fclose(file);
  cJSON *config = cJSON_Parse(text);
  free(text);
  return config;
}

static void on_fault(void *arg, const char *pointer, int at_key, const char *message) {
  (void)arg;
  (void)at_key;
  printf("refused %s: %s\n", pointer, message);
}

/* Checked and with defaults, as a pipeline's is. */
static cJSON *fill_config(const stage_info *info, const char *path) {
  cJSON *given = read_config(path), *filled = NULL;
  if (info == NULL || config_check(info->config, given, on_fault, NULL, &filled) != 0) {
    filled = NULL;
  }
  cJSON_Delete(given);
  return filled;
}

int main(int argc, char **argv) {
  static source_host self = { .has_intake = true, .finishes = true };
  registry *installed = NULL;
  if (argc < 4) {
    fprintf(stderr, "usage: source_host PLUGIN_FOLDER STAGE CONFIG.json [--no-intake] [--control] [--quiet]\n");
    return 2;
  }
  for (int i = 4; i < argc; i++) {
    self.has_intake = self.has_intake && strcmp(argv[i], "--no-intake") != 0;
    self.quiet = self.quiet || strcmp(argv[i], "--quiet") == 0;
    self.has_control = self.has_control || strcmp(argv[i], "--control") == 0;
  }
  self.last = &self.first;
  const stage_info *info = find_stage(&installed, argv[1], argv[2]);
  cJSON *config = fill_config(info, argv[3]);
  int rc = info == NULL || config == NULL ? 2 : run(&self, installed, info, config);
  cJSON_Delete(config);
  registry_free(installed);
  return rc;
}
