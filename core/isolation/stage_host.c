/* SPDX-License-Identifier: Apache-2.0 */

/* Loads the one plugin behind the sandbox, makes the stage, and answers batches until the run hangs up. An asynchronous stage
 * runs on a harness, which has tickets and a loop: all documents of a batch are pending at once. */
#include "isolation/stage_host.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "document/block.h"
#include "document/block_part.h"
#include "harness/harness_body.h"
#include "isolation/lent_files.h"
#include "isolation/sandbox.h"
#include "isolation/setup.h"
#include "isolation/wire.h"
#include "plugin/host.h"
#include "plugin/registry_load.h"

enum { LOG_LINE_MAX = 4000, WATCH_STACK_BYTES = 64 << 10, FAREWELL_MS = 2000 };

typedef struct stage_host {
  stage_scene *scene;
  setup_read setup;
  sandbox fence;
  lent_files files;
  const qn_stage *table;
  qn_env env;
  host_hooks hooks;
  void *instance, *context;
  qn_harness *harness; /* of an asynchronous stage, instead of the four above */
  qn_harness_doc *wrapped[WIRE_DOCUMENTS_MAX];
  qn_harness_run *runs[WIRE_DOCUMENTS_MAX];
  document_pool *pool;
  record_encoder *encoder;
  host_call calls[WIRE_DOCUMENTS_MAX]; /* of a batch: all at once only if the stage takes batches */
  builder *builders[WIRE_DOCUMENTS_MAX];
  document *documents[WIRE_DOCUMENTS_MAX];
  qn_call *lent[WIRE_DOCUMENTS_MAX];
  qn_status statuses[WIRE_DOCUMENTS_MAX];
  wire_body input, output;
} stage_host;

/* --- log --- */

static void log_line(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  (void)arg;
  (void)env;
  char line[LOG_LINE_MAX + 3] = { STAGE_HOST_LOG, (char)('0' + (level < 10 ? level : 0)) };
  len = text == NULL ? 0 : len < LOG_LINE_MAX ? len : LOG_LINE_MAX;
  for (size_t i = 0; i < len; i++) {
    line[2 + i] = text[i] == '\n' ? ' ' : text[i];
  }
  line[2 + len] = '\n';
  ssize_t written = write(STDERR_FILENO, line, len + 3);
  (void)written;
}

static void log_words(void *arg, uint32_t level, const char *text, size_t len) {
  log_line(arg, NULL, level, text, len);
}

/* --- making the stage --- */

static int file_open(void *arg, const char *path) {
  stage_host *self = arg;
  return lent_files_open(&self->files, path);
}

static int make_async(stage_host *self, qn_error *error) {
  const setup *from = &self->setup.stage;
  const harness_guest guest = { .info = from->info,
                                .table = self->table,
                                .id = from->id,
                                .config = from->config,
                                .base_folder = from->base_folder != NULL ? from->base_folder : ".",
                                .layout = &self->setup.layout,
                                .schemas = self->setup.schemas,
                                .pool = self->pool,
                                .timeout_ms = FAREWELL_MS,
                                .file_open = file_open,
                                .file_arg = self,
                                .log = log_words };
  return harness_open_guest(&guest, &self->harness, error);
}

static int make_stage(stage_host *self, qn_error *error) {
  const setup *from = &self->setup.stage;
  const qn_plugin *plugin = NULL;
  int rc = registry_open(self->setup.manifest, &plugin, error);
  if (rc != 0) {
    return rc;
  }
  rc = sandbox_close(&self->fence, error);
  if (rc != 0) {
    return rc;
  }
  self->table = registry_entry(plugin, from->info->name);
  if (from->info->call == CALL_ASYNC) {
    return make_async(self, error);
  }
  self->hooks = (host_hooks){ .log = log_line, .file_open = file_open, .arg = self };
  host_env_init(&self->env, from->info, from->id, from->config, from->base_folder, &self->hooks);
  rc = host_create(&self->env, self->table, &self->instance, error);
  if (rc != 0) {
    return rc;
  }
  const qn_transform *table = self->table->transform;
  rc = table->context_open != NULL ? table->context_open(self->instance, &self->env, host_table(), &self->context) : 0;
  return rc == 0 ? 0
                 : error_set(error, rc, "context-failed", "stage \"%s\" could not open a context: %s", from->id,
                             strerror(-rc));
}

static int make_all(stage_host *self, const wire_frame *from, qn_error *error) {
  if (from->kind != WIRE_SETUP) {
    return error_set(error, -EINVAL, "bad-setup", "the stage host was given no stage");
  }
  int rc = setup_parse((const char *)from->bytes, from->len, &self->setup, error);
  if (rc != 0) {
    return rc;
  }
  const setup *stage = &self->setup.stage;
  if (document_pool_new(stage->schemas, &stage->limits, &self->pool) != 0 || record_encoder_new(&self->encoder) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a stage host");
  }
  wire_body scratch = { 0 };
  rc = lent_files_receive(&self->files, from->n, STAGE_HOST_SOCKET, &scratch);
  wire_body_done(&scratch);
  if (rc != 0) {
    return error_set(error, rc, "bad-setup", "the stage host was not given the files of the stage: %s", strerror(-rc));
  }
  rc = sandbox_begin(&stage->isolation, &self->fence, error);
  rc = rc == 0 ? make_stage(self, error) : rc;
  lent_files_close(&self->files);
  return rc;
}

/* --- batches --- */

/* Where the next result goes. */
static int put_result(stage_host *self, qn_status status, const qn_error *error, const document *doc) {
  const stage_layout *layout = &self->setup.layout;
  bool is_ok = status == QN_STATUS_OK && doc != NULL;
  size_t block = is_ok ? block_part_size(doc, layout) : 0;
  size_t slug = is_ok ? 0 : strlen(error->slug), message = is_ok ? 0 : strlen(error->message);
  size_t words = wire_align(slug + message);
  unsigned char *room = wire_room(&self->output, sizeof(wire_result) + words + block);
  if (room == NULL) {
    return -ENOMEM;
  }
  const wire_result head = {
    .block_bytes = block, .status = status, .slug_len = (uint16_t)slug, .message_len = (uint16_t)message
  };
  memcpy(room, &head, sizeof head);
  room += sizeof head;
  memset(room, 0, words);
  memcpy(room, error->slug, slug);
  memcpy(room + slug, error->message, message);
  size_t len = 0;
  if (is_ok && block_part_write(doc, layout, room + words, block, &len) != 0) {
    return -ENOMEM;
  }
  self->output.len += sizeof head + words + block;
  return 0;
}

static int begin_call(stage_host *self, uint32_t index, uint32_t builder_index, const wire_document *head,
                      const unsigned char *block) {
  qn_error error = { 0 };
  if (self->builders[builder_index] == NULL && builder_new(&self->builders[builder_index]) != 0) {
    return -ENOMEM;
  }
  host_call *call = &self->calls[index];
  host_call_init(call, &self->env, self->builders[builder_index], self->encoder);
  int rc = block_read(self->pool, block, head->block_bytes, &self->documents[index], &error);
  if (rc == 0) {
    call->call.now_ms = head->now_ms;
    call->call.attempt = head->attempt;
    host_call_begin(call, self->documents[index], &self->setup.layout);
  } else {
    self->documents[index] = NULL;
    call->error = error;
  }
  return 0;
}

static int end_call(stage_host *self, uint32_t index, qn_status status) {
  host_call *call = &self->calls[index];
  bool is_there = self->documents[index] != NULL;
  status = is_there ? host_call_end(call, status) : QN_STATUS_REJECT;
  int rc = put_result(self, status, &call->error, self->documents[index]);
  document_unref(self->documents[index]);
  self->documents[index] = NULL;
  return rc;
}

/* The next document of the frame; NULL: there is none. */
static const unsigned char *next_document(const wire_frame *in, size_t *at, wire_document *ret_head) {
  if (in->len - *at < sizeof *ret_head) {
    return NULL;
  }
  memcpy(ret_head, in->bytes + *at, sizeof *ret_head);
  const unsigned char *block = in->bytes + *at + sizeof *ret_head;
  if (ret_head->block_bytes > in->len - *at - sizeof *ret_head) {
    return NULL;
  }
  *at += sizeof *ret_head + ret_head->block_bytes;
  return block;
}

static int run_one_by_one(stage_host *self, const wire_frame *in) {
  const qn_transform *table = self->table->transform;
  size_t at = 0;
  for (uint32_t i = 0; i < in->n; i++) {
    wire_document head;
    const unsigned char *block = next_document(in, &at, &head);
    atomic_store_explicit(&self->scene->at, i + 1, memory_order_relaxed);
    int rc = block == NULL ? -EBADMSG : begin_call(self, i, 0, &head, block);
    if (rc != 0) {
      return rc;
    }
    qn_status status = QN_STATUS_REJECT;
    if (self->documents[i] != NULL) {
      status = table->process(self->instance, self->context, &self->calls[i].call);
    }
    rc = end_call(self, i, status);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static int run_together(stage_host *self, const wire_frame *in) {
  uint32_t given[WIRE_DOCUMENTS_MAX];
  uint32_t n_given = 0;
  size_t at = 0;
  for (uint32_t i = 0; i < in->n; i++) {
    wire_document head;
    const unsigned char *block = next_document(in, &at, &head);
    int rc = block == NULL ? -EBADMSG : begin_call(self, i, i, &head, block);
    if (rc != 0) {
      return rc;
    }
    if (self->documents[i] != NULL) {
      self->lent[n_given] = &self->calls[i].call;
      self->statuses[n_given] = -1; /* one that is not set is none */
      given[n_given++] = i;
    }
  }
  atomic_store_explicit(&self->scene->at, 1, memory_order_relaxed);
  if (n_given > 0) {
    self->table->transform->process_batch(self->instance, self->context, self->lent, n_given, self->statuses);
  }
  for (uint32_t i = 0, k = 0; i < in->n; i++) {
    qn_status status = k < n_given && given[k] == i ? self->statuses[k++] : QN_STATUS_REJECT;
    int rc = end_call(self, i, status);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

/* Begins one document; one that cannot be read is rejected when its turn to answer comes. */
static int begin_pending(stage_host *self, uint32_t index, const wire_document *head, const unsigned char *block) {
  self->calls[index].error = (qn_error){ 0 };
  self->wrapped[index] = NULL;
  int rc = block_read(self->pool, block, head->block_bytes, &self->documents[index], &self->calls[index].error);
  if (rc != 0) {
    self->documents[index] = NULL;
    return 0;
  }
  document *other = document_ref(self->documents[index]);
  self->wrapped[index] = doc_wrap(self->harness, other);
  self->harness->now_ms = head->now_ms;
  self->harness->attempt = head->attempt;
  bool begun =
      self->wrapped[index] != NULL && qn_harness_begin(self->harness, self->wrapped[index], &self->runs[index]) == 0;
  return begun ? 0 : -ENOMEM;
}

/* Waits for one; those behind it go on meanwhile. */
static int end_pending(stage_host *self, uint32_t index) {
  qn_error *error = &self->calls[index].error;
  qn_status status = QN_STATUS_REJECT;
  if (self->wrapped[index] != NULL) {
    qn_harness_outcome outcome;
    status = qn_harness_wait(self->runs[index], UINT32_MAX, &outcome);
    snprintf(error->slug, sizeof error->slug, "%.48s", outcome.slug);
    snprintf(error->message, sizeof error->message, "%s", outcome.message);
    qn_harness_end(self->runs[index]);
  }
  int rc = put_result(self, status, error, self->documents[index]);
  qn_harness_doc_free(self->wrapped[index]);
  document_unref(self->documents[index]);
  self->documents[index] = NULL;
  return rc;
}

static int run_pending(stage_host *self, const wire_frame *in) {
  size_t at = 0;
  int rc = 0;
  atomic_store_explicit(&self->scene->at, 1, memory_order_relaxed);
  for (uint32_t i = 0; rc == 0 && i < in->n; i++) {
    wire_document head;
    const unsigned char *block = next_document(in, &at, &head);
    rc = block == NULL ? -EBADMSG : begin_pending(self, i, &head, block);
  }
  for (uint32_t i = 0; rc == 0 && i < in->n; i++) {
    rc = end_pending(self, i);
  }
  return rc;
}

static int run_batch_of(stage_host *self, const wire_frame *in) {
  stage_call call = self->setup.stage.info->call;
  return call == CALL_ASYNC   ? run_pending(self, in)
         : call == CALL_BATCH ? run_together(self, in)
                              : run_one_by_one(self, in);
}

static void tell_memory(stage_host *self) {
  host_memory now;
  host_memory_get(self->harness != NULL ? &self->harness->env : &self->env, &now);
  atomic_store_explicit(&self->scene->held_bytes, now.held_bytes, memory_order_relaxed);
  atomic_store_explicit(&self->scene->most_bytes, now.most_bytes, memory_order_relaxed);
  atomic_store_explicit(&self->scene->file_bytes, now.file_bytes, memory_order_relaxed);
}

static int serve(stage_host *self) {
  for (;;) {
    wire_frame in;
    int rc = wire_receive(STAGE_HOST_SOCKET, &self->input, &in, NULL, NULL);
    if (rc != 0 || in.kind != WIRE_BATCH) {
      return rc;
    }
    self->output.len = 0;
    rc = run_batch_of(self, &in);
    uint32_t n = in.n;
    wire_frame_done(&in);
    tell_memory(self);
    rc = rc == 0 ? wire_send(STAGE_HOST_SOCKET, WIRE_DONE, n, self->output.bytes, self->output.len, NULL, NULL) : rc;
    if (rc != 0) {
      return rc;
    }
  }
}

/* The run has no more documents: what the stage does at its end, such as writing down what it remembers, it does now. */
static void farewell(stage_host *self) {
  if (self->harness != NULL) {
    qn_error error = { 0 };
    if (harness_discard(self->harness, &error) != 0) {
      log_words(NULL, QN_LOG_WARNING, error.message, strlen(error.message));
    }
    return;
  }
  const qn_transform *table = self->table->transform;
  if (table->context_close != NULL) {
    table->context_close(self->context);
  }
  host_destroy(self->table, self->instance);
  host_env_done(&self->env);
}

static int refuse(stage_host *self, const qn_error *error) {
  put_result(self, (qn_status)error->code, error, NULL);
  wire_send(STAGE_HOST_SOCKET, WIRE_REFUSED, 1, self->output.bytes, self->output.len, NULL, NULL);
  return 1;
}

/* --- its life --- */

/* Standard error is read for as long as somebody waits for this process. PR_SET_PDEATHSIG would not do: it strikes when the
 * thread that has started the process ends, whatever becomes of the others. */
static void *end_with_parent(void *arg) {
  struct pollfd said = { .fd = STDERR_FILENO };
  (void)arg;
  while (poll(&said, 1, -1) < 0 && errno == EINTR) {
  }
  _exit(1);
}

static bool watch_parent(void) {
  sigset_t all, before;
  pthread_attr_t small;
  pthread_t thread;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before); /* signals are the stage's */
  pthread_attr_init(&small);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&small, WATCH_STACK_BYTES);
  bool started = pthread_create(&thread, &small, end_with_parent, NULL) == 0;
  pthread_attr_destroy(&small);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

int stage_host_main(void) {
  stage_host *self = calloc(1, sizeof *self);
  prctl(PR_SET_DUMPABLE, 0);
  void *scene = mmap(NULL, sizeof *self->scene, PROT_READ | PROT_WRITE, MAP_SHARED, STAGE_HOST_SCENE, 0);
  if (self == NULL || scene == MAP_FAILED) {
    static const char usage[] = "qanat: --stage-host is for Qanat itself\n";
    ssize_t written = write(STDERR_FILENO, usage, sizeof usage - 1);
    free(self);
    return written > 0 ? 2 : 1;
  }
  self->scene = scene;
  struct rusage used = { 0 };
  getrusage(RUSAGE_SELF, &used);
  atomic_store(&self->scene->memory_before, (uint64_t)used.ru_maxrss * 1024);
  wire_frame first = { 0 };
  qn_error error = { 0 };
  int rc = wire_receive(STAGE_HOST_SOCKET, &self->input, &first, NULL, NULL);
  if (rc != 0 || !watch_parent()) {
    _exit(1);
  }
  rc = make_all(self, &first, &error);
  wire_frame_done(&first);
  if (rc != 0) {
    error.code = rc;
    _exit(refuse(self, &error));
  }
  tell_memory(self);
  rc = wire_send(STAGE_HOST_SOCKET, WIRE_READY, 0, NULL, 0, NULL, NULL);
  rc = rc == 0 ? serve(self) : rc;
  if (rc == -EPIPE) {
    farewell(self);
  }
  _exit(rc == 0 || rc == -EPIPE ? 0 : 1);
}
