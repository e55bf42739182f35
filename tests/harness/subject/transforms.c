/* SPDX-License-Identifier: Apache-2.0 */

/* Transforms of every call form. */
#include <errno.h>
#include <string.h>

#include "qanat/io.h"
#include "subject.h"
#include "subject_manifest.h"

/* --- words --- */

typedef struct words {
  const qn_host *host;
  qn_env *env;
  char fault[16];
  size_t data_len;
} words;

static void words_destroy(void *instance) {
  static words *volatile kept; /* still reachable: only the host is to miss it */
  words *self = instance;
  if (self != NULL && strcmp(self->fault, "keeps-memory") == 0) {
    kept = self;
    (void)kept;
  } else if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static int words_create(qn_create *create, void **ret_instance) {
  words *self = create->host->alloc(create->env, sizeof *self);
  if (self == NULL) {
    return subject_no_memory(create);
  }
  *self = (words){ .host = create->host, .env = create->env };
  qn_str fault = qn_config_str(create, "/fault");
  memcpy(self->fault, fault.data, fault.len);
  qn_str data;
  if (create->host->data_open(create, "words.txt", &data) != 0) {
    words_destroy(self);
    return create->host->create_fail(create, "no words.txt", sizeof "no words.txt" - 1);
  }
  self->data_len = data.len;
  *ret_instance = self;
  return 0;
}

/* A context: scratch space that comes from the host. */
static int words_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  (void)instance;
  void **scratch = host->alloc(env, 64);
  if (scratch == NULL) {
    return -ENOMEM;
  }
  scratch[0] = env;
  scratch[1] = (void *)(uintptr_t)host;
  *ret_context = scratch;
  return 0;
}

static void words_context_close(void *context) {
  void **scratch = context;
  if (scratch != NULL) {
    const qn_host *host = scratch[1];
    host->release(scratch[0], scratch);
  }
}

static int is_letter(uint8_t c) {
  return c > ' ' && c != '.';
}

static int is_break(const qn_view *view, uint32_t at) {
  for (uint32_t i = 0; i < view->n_breaks; i++) {
    if (view->breaks[i] == at) {
      return 1;
    }
  }
  return 0;
}

static uint32_t count_words(const qn_view *view) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < view->len; i++) {
    n += is_letter(view->data[i]) && (i == 0 || !is_letter(view->data[i - 1]) || is_break(view, i));
  }
  return n;
}

static void put_words(const qn_view *view, qn_rows *rows, uint32_t outside) {
  uint32_t n = 0;
  uint32_t at = 0;
  while (at < view->len) {
    uint32_t begin = at;
    while (at < view->len && is_letter(view->data[at]) && (at == begin || !is_break(view, at))) {
      at++;
    }
    if (at > begin) {
      rows->begin[n] = begin;
      rows->end[n] = at + outside;
      ((uint32_t *)rows->columns[SUBJECT_WORD_LETTERS])[n] = at - begin;
      ((qn_heap_str *)rows->columns[SUBJECT_WORD_SHOUT])[n] = (qn_heap_str){ rows->heap_base + n, 1 };
      rows->heap[n] = view->data[begin] < 0x80 ? (char)view->data[begin] : '?';
      ((uint32_t *)rows->columns[SUBJECT_WORD_SIZE])[n] =
          at - begin > 2 ? SUBJECT_WORD_SIZE_LONG : SUBJECT_WORD_SIZE_SHORT;
      n++;
    }
    at += at == begin;
  }
}

static qn_status words_process(void *instance, void *context, qn_call *call) {
  const words *self = instance;
  const qn_host *host = call->host;
  qn_view view;
  qn_rows rows;
  (void)context;
  if (strcmp(self->fault, "no-message") == 0) {
    return QN_STATUS_REJECT;
  }
  while (strcmp(self->fault, "endless") == 0) {
    if (host->cancelled(call)) {
      return qn_fail(call, QN_STATUS_RETRY, "cancelled", "told to stop");
    }
  }
  if (host->view_get(call, &view) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-view", "no view");
  }
  uint32_t n = count_words(&view);
  if (host->layer_reserve(call, WORDS_LAYER_SUBJECT_WORD, n, n, &rows) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no room for words");
  }
  put_words(&view, &rows, strcmp(self->fault, "outside") == 0 ? 100 : 0);
  host->layer_commit(call, WORDS_LAYER_SUBJECT_WORD, n, n);
  const qn_value value = { .type = QN_VALUE_I64, .as.i64 = n };
  const char *name = strcmp(self->fault, "undeclared") == 0 ? "title" : "n_words";
  int rc = host->field_set(call, (qn_str){ name, strlen(name) }, &value);
  return rc == 0 || rc == -EPERM ? QN_STATUS_OK : qn_fail(call, QN_STATUS_RETRY, "no-memory", "no room for a field");
}

static const qn_transform words_table = { .size = sizeof(qn_transform),
                                          .create = words_create,
                                          .destroy = words_destroy,
                                          .context_open = words_context_open,
                                          .context_close = words_context_close,
                                          .process = words_process };
const qn_stage subject_words = { .size = sizeof(qn_stage), .name = "words", .transform = &words_table };

/* --- pairs --- */

static int nothing_create(qn_create *create, void **ret_instance) {
  (void)create;
  *ret_instance = NULL;
  return 0;
}

static void nothing_destroy(void *instance) {
  (void)instance;
}

static void pairs_process(void *instance, void *context, qn_call *const *calls, uint32_t n, qn_status *ret_statuses) {
  (void)instance;
  (void)context;
  for (uint32_t i = 0; i < n; i++) {
    qn_view view;
    const qn_value value = { .type = QN_VALUE_I64, .as.i64 = 1 };
    ret_statuses[i] = QN_STATUS_OK;
    calls[i]->host->field_set(calls[i], QN_LIT("of"), &value);
    if (calls[i]->host->view_get(calls[i], &view) == 0 && view.len > 0 && view.data[0] == '!') {
      ret_statuses[i] = qn_fail(calls[i], QN_STATUS_REJECT, "shouting", "it shouts");
    }
  }
}

static const qn_transform pairs_table = {
  .size = sizeof(qn_transform), .create = nothing_create, .destroy = nothing_destroy, .process_batch = pairs_process
};
const qn_stage subject_pairs = { .size = sizeof(qn_stage), .name = "pairs", .transform = &pairs_table };

/* --- later --- */

enum { LATER_MAX = 256 };

typedef struct later_wait {
  struct later *owner;
  qn_timer *timer;
  qn_call *call;
  qn_ticket ticket;
} later_wait;

typedef struct later {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  qn_wake *wake;
  int64_t delay_ms;
  char fault[16];
  qn_call *volatile begun[LATER_MAX]; /* handed over by process, which may be on any thread */
  uint32_t n_begun;                   /* atomically */
  uint32_t n_seen;
  later_wait waits[LATER_MAX];
} later;

static void later_destroy(void *instance) {
  later *self = instance;
  if (self != NULL) {
    if (self->io != NULL) {
      self->io->wake_close(self->wake);
    }
    self->host->release(self->env, self);
  }
}

static void on_time(void *arg) {
  later_wait *wait = arg;
  later *self = wait->owner;
  const qn_value value = { .type = QN_VALUE_BOOL, .as.i64 = 1 };
  self->io->timer_stop(wait->timer);
  if (strcmp(self->fault, "never") == 0) {
    return;
  }
  self->host->field_set(wait->call, QN_LIT("late"), &value);
  self->host->complete(self->env, wait->ticket, QN_STATUS_OK, NULL, NULL, 0);
  if (strcmp(self->fault, "twice") == 0) {
    self->host->complete(self->env, wait->ticket, QN_STATUS_OK, NULL, NULL, 0);
  }
}

static void on_begun(void *arg) {
  later *self = arg;
  uint32_t n = __atomic_load_n(&self->n_begun, __ATOMIC_ACQUIRE);
  for (; self->n_seen < n; self->n_seen++) {
    later_wait *wait = &self->waits[self->n_seen % LATER_MAX];
    wait->owner = self;
    wait->call = __atomic_load_n(&self->begun[self->n_seen % LATER_MAX], __ATOMIC_ACQUIRE);
    if (wait->call == NULL) {
      return; /* counted, and not there yet: whoever puts it wakes us */
    }
    wait->ticket = wait->call->ticket;
    self->io->timer_start(self->env, (uint64_t)self->delay_ms, 0, on_time, wait, &wait->timer);
  }
}

static int later_create(qn_create *create, void **ret_instance) {
  later *self = create->host->alloc(create->env, sizeof *self);
  if (self == NULL) {
    return subject_no_memory(create);
  }
  memset(self, 0, sizeof *self);
  self->host = create->host;
  self->env = create->env;
  self->delay_ms = qn_config_i64(create, "/delay_ms", 1);
  qn_str fault = qn_config_str(create, "/fault");
  memcpy(self->fault, fault.data, fault.len);
  self->io = (const qn_io *)create->host->extension(create->env, QN_IO_1);
  if (self->io == NULL || self->io->wake_open(self->env, on_begun, self, &self->wake) != 0) {
    self->io = NULL;
    later_destroy(self);
    return create->host->create_fail(create, "needs qanat.io/1", sizeof "needs qanat.io/1" - 1);
  }
  *ret_instance = self;
  return 0;
}

static qn_status later_process(void *instance, void *context, qn_call *call) {
  later *self = instance;
  (void)context;
  uint32_t place = __atomic_fetch_add(&self->n_begun, 1, __ATOMIC_ACQ_REL);
  __atomic_store_n(&self->begun[place % LATER_MAX], call, __ATOMIC_RELEASE);
  self->io->wake_send(self->wake);
  return QN_STATUS_PENDING;
}

static void later_cancel(void *instance, qn_ticket ticket) {
  later *self = instance;
  if (strcmp(self->fault, "after-cancel") == 0) {
    self->host->complete(self->env, ticket, QN_STATUS_RETRY, "cancelled", "told to stop", sizeof "told to stop" - 1);
  }
}

static const qn_transform later_table = { .size = sizeof(qn_transform),
                                          .create = later_create,
                                          .destroy = later_destroy,
                                          .process = later_process,
                                          .cancel = later_cancel };
const qn_stage subject_later = { .size = sizeof(qn_stage), .name = "later", .transform = &later_table };

/* --- lines --- */

/* Where it stands is in the context: one document is split by one thread at a time. */
static int lines_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  (void)instance;
  void **scratch = host->alloc(env, 4 * sizeof(void *));
  if (scratch == NULL) {
    return -ENOMEM;
  }
  scratch[0] = env;
  scratch[1] = (void *)(uintptr_t)host;
  scratch[2] = NULL; /* the next line */
  *ret_context = scratch;
  return 0;
}

/* Emits one line. 0, or what the host said. */
static int emit_line(qn_call *call, const qn_view *view, size_t at, size_t end) {
  uint8_t *room;
  int rc = call->host->emit_reserve(call, end - at, &room);
  if (rc != 0) {
    return rc;
  }
  memcpy(room, view->data + at, end - at);
  const qn_value line = { .type = QN_VALUE_I64, .as.i64 = (int64_t)at };
  const qn_emit emit = { .ordinal = at };
  call->host->emit_field(call, QN_LIT("line"), &line);
  return call->host->emit_commit(call, end - at, &emit);
}

/* As many lines as there is credit for. */
static qn_status lines_process(void *instance, void *context, qn_call *call) {
  void **scratch = context;
  qn_view view;
  (void)instance;
  if (call->host->view_get(call, &view) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-view", "no view");
  }
  for (size_t at = (uintptr_t)scratch[2]; at < view.len; at = (uintptr_t)scratch[2]) {
    size_t end = at;
    while (end < view.len && view.data[end] != '\n') {
      end++;
    }
    int rc = emit_line(call, &view, at, end);
    if (rc == -EAGAIN) {
      return QN_STATUS_MORE;
    }
    if (rc != 0) {
      scratch[2] = NULL;
      return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no room for a line");
    }
    scratch[2] = (void *)(uintptr_t)(end + 1);
  }
  scratch[2] = NULL;
  return QN_STATUS_OK;
}

static const qn_transform lines_table = { .size = sizeof(qn_transform),
                                          .create = nothing_create,
                                          .destroy = nothing_destroy,
                                          .context_open = lines_context_open,
                                          .context_close = words_context_close,
                                          .process = lines_process };
const qn_stage subject_lines = { .size = sizeof(qn_stage), .name = "lines", .transform = &lines_table };
