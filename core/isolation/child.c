/* SPDX-License-Identifier: Apache-2.0 */

/* Batches go out and answers come in under a deadline that moves with each document the child begins. If the child dies
 * over a batch, its documents are tried one by one, so that only the one to blame is rejected. */
#include "isolation/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "document/block.h"
#include "isolation/lent_files.h"
#include "isolation/process.h"
#include "isolation/results.h"
#include "isolation/wire.h"
#include "plugin/host_parts.h"

enum {
  STARTS_MAX = 5,    /* in vain, one after the other */
  FREE_RESTARTS = 3, /* before there is a pause */
  PAUSE_MS = 5,      /* the first, doubled each time */
  PAUSE_MAX_MS = 1000,
  FAREWELL_MS = 5000, /* for the stage's own end, once there are no more documents */
  PATIENCE_MS = 200,  /* for a process that has closed its connection to end by itself */
  LOOK_MS = 20,       /* how soon a cancel is seen */
  START_MS = 60000,   /* for loading the plugin and making the stage */
};

struct child {
  child_options options;
  char *setup_text;
  lent_paths files;
  process process; /* pid 0: none */
  _Atomic pid_t pid;
  _Atomic bool cancelled;
  uint32_t n_deaths; /* since a document was last done */
  wire_body output, input;
  uint32_t seen_at; /* of the scene, and when that changed */
  uint64_t since_ms, begun_ms;
  uint64_t limit_ms, limit_all_ms;
  uint64_t cpu_limit_ns, cpu_limit_all_ns; /* 0: none */
  uint64_t cpu_since_ns, cpu_begun_ns;
  child_counts counts;
  _Atomic uint64_t n_started;                          /* the same as there, for other threads */
  _Atomic uint64_t held_bytes, most_bytes, file_bytes; /* as the last process said that answered */
};

#define KILLED_BYTES ((uint64_t)64 << 20) /* with less, it was somebody else who killed it */

/* Why a child is gone. */
typedef enum death { DEATH_CRASHED, DEATH_TIMED_OUT, DEATH_OVER_CPU, DEATH_OVER_MEMORY, DEATH_BAD_ANSWER } death;

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- waiting --- */

/* Of all threads of the process, since it began. RLIMIT_CPU would count the same, but from its beginning only. */
static uint64_t cpu_ns(const child *self) {
  clockid_t clock;
  struct timespec used;
  if (clock_getcpuclockid(self->process.pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return 0;
  }
  return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

static void limits_begin(child *self, uint64_t limit_ms, uint32_t cpu_ms, uint32_t n) {
  self->limit_ms = limit_ms;
  self->limit_all_ms = limit_ms * n;
  self->cpu_limit_ns = (uint64_t)cpu_ms * 1000000;
  self->cpu_limit_all_ns = self->cpu_limit_ns * n;
  self->seen_at = 0;
  self->begun_ms = self->since_ms = now_ms();
  self->cpu_begun_ns = self->cpu_since_ns = cpu_ms > 0 ? cpu_ns(self) : 0;
}

static bool is_over_cpu(child *self, bool next) {
  uint64_t now = self->cpu_limit_ns > 0 ? cpu_ns(self) : 0;
  self->cpu_since_ns = next ? now : self->cpu_since_ns;
  return self->cpu_limit_ns > 0 &&
         (now - self->cpu_since_ns >= self->cpu_limit_ns || now - self->cpu_begun_ns >= self->cpu_limit_all_ns);
}

/* How long to wait still. -ETIMEDOUT, -EDQUOT (of processor time): no more. The child may say that it goes on, but not
 * longer than for all of the batch. */
static int left_ms(child *self, uint64_t *ret_left_ms) {
  uint64_t now = now_ms();
  uint32_t at = process_at(&self->process);
  bool next = at != self->seen_at;
  self->seen_at = at;
  self->since_ms = next ? now : self->since_ms;
  uint64_t one = now - self->since_ms, all = now - self->begun_ms;
  if (one >= self->limit_ms || all >= self->limit_all_ms) {
    return -ETIMEDOUT;
  }
  if (is_over_cpu(self, next)) {
    return -EDQUOT;
  }
  uint64_t left = self->limit_ms - one, left_all = self->limit_all_ms - all;
  *ret_left_ms = left < left_all ? left : left_all;
  return 0;
}

static void log_process(void *arg, uint32_t level, const char *text, size_t len) {
  child *self = arg;
  if (self->options.log != NULL) {
    self->options.log(self->options.arg, level, text, len);
  }
}

static int wait_ready(void *arg, short events) {
  child *self = arg;
  struct pollfd both[2] = { { .fd = self->process.socket, .events = events },
                            { .fd = self->process.said, .events = POLLIN } };
  for (;;) {
    if (atomic_load_explicit(&self->cancelled, memory_order_relaxed)) {
      return -ECANCELED;
    }
    uint64_t left = 0;
    int rc = left_ms(self, &left);
    if (rc != 0) {
      return rc;
    }
    int n = poll(both, 2, left < LOOK_MS ? (int)left : LOOK_MS);
    if (n < 0 && errno != EINTR) {
      return -errno;
    }
    if (n > 0 && both[1].revents != 0) {
      process_listen(&self->process, log_process, self);
      both[1].fd = self->process.said; /* -1 once it has ended */
    }
    if (n > 0 && both[0].revents != 0) {
      return 0;
    }
  }
}

/* --- life and death --- */

static death death_of(const child *self, int rc, const process_exit *end) {
  if (rc == -ETIMEDOUT) {
    return DEATH_TIMED_OUT;
  }
  if (rc == -EDQUOT) {
    return DEATH_OVER_CPU;
  }
  if (rc == -EBADMSG) {
    return DEATH_BAD_ANSWER;
  }
  /* Killed, and not by us: by the system, which had no more memory. */
  bool killed = WIFSIGNALED(end->status) && WTERMSIG(end->status) == SIGKILL && !end->by_us;
  bool full = end->most_bytes >= self->options.stage.isolation.memory_bytes / 4 * 3;
  return full || (killed && end->most_bytes > KILLED_BYTES) ? DEATH_OVER_MEMORY : DEATH_CRASHED;
}

static const char *signal_name(int number) {
  const char *name = sigabbrev_np(number);
  return name != NULL ? name : "?";
}

/* Ends what is left of it. rc is why we no longer talk to it. */
static void bury(child *self, int rc, qn_error *ret_why) {
  process_exit end = { 0 };
  atomic_store(&self->pid, 0);
  process_end(&self->process, rc == -EPIPE ? PATIENCE_MS : 0, log_process, self, &end);
  death why = death_of(self, rc, &end);
  self->n_deaths++;
  switch (why) {
  case DEATH_TIMED_OUT:
    self->counts.n_timed_out++;
    error_set(ret_why, -ETIMEDOUT, "timed-out", "the stage's process was ended after %llu ms over one document",
              (unsigned long long)self->limit_ms);
    break;
  case DEATH_OVER_CPU:
    self->counts.n_over_cpu++;
    error_set(ret_why, -EDQUOT, "over-cpu",
              "the stage's process was ended after %u ms of processor time over one document",
              self->options.stage.isolation.cpu_ms);
    break;
  case DEATH_OVER_MEMORY:
    self->counts.n_over_memory++;
    error_set(ret_why, -ENOMEM, "over-memory", "the stage's process ended after taking %llu MiB of memory",
              (unsigned long long)(end.most_bytes >> 20));
    break;
  case DEATH_BAD_ANSWER:
    self->counts.n_bad_answers++;
    error_set(ret_why, -EBADMSG, "bad-answer", "the stage's process sent what is no answer, and was ended");
    break;
  case DEATH_CRASHED:
  default:
    self->counts.n_crashed++;
    if (WIFSIGNALED(end.status) && end.by_us) {
      error_set(ret_why, -ECHILD, "crashed", "the stage's process closed its connection, and was ended");
    } else if (WIFSIGNALED(end.status)) {
      error_set(ret_why, -ECHILD, "crashed", "the stage's process died of signal %d (SIG%s)", WTERMSIG(end.status),
                signal_name(WTERMSIG(end.status)));
    } else {
      error_set(ret_why, -ECHILD, "crashed", "the stage's process exited with status %d in the middle of a document",
                WEXITSTATUS(end.status));
    }
    break;
  }
}

/* What the child says of a stage that it cannot make. */
static int refused(const wire_frame *from, qn_error *error) {
  wire_result head;
  if (from->len < sizeof head) {
    return -EBADMSG;
  }
  memcpy(&head, from->bytes, sizeof head);
  if (head.slug_len > WIRE_SLUG_MAX || head.message_len > WIRE_MESSAGE_MAX ||
      from->len - sizeof head < (size_t)head.slug_len + head.message_len) {
    return -EBADMSG;
  }
  char slug[WIRE_SLUG_MAX + 1] = { 0 };
  const char *words = (const char *)from->bytes + sizeof head;
  memcpy(slug, words, head.slug_len);
  int code = head.status < 0 && head.status > -4096 && head.status != -EBADMSG ? head.status : -EINVAL;
  host_words_copy(error, code, slug, "failed", words + head.slug_len, head.message_len);
  return code;
}

/* Whatever it says is shown and nothing else. */
static void note_memory(child *self) {
  host_memory now = process_memory(&self->process);
  uint64_t most = atomic_load_explicit(&self->most_bytes, memory_order_relaxed);
  atomic_store_explicit(&self->held_bytes, now.held_bytes, memory_order_relaxed);
  atomic_store_explicit(&self->most_bytes, now.most_bytes > most ? now.most_bytes : most, memory_order_relaxed);
  atomic_store_explicit(&self->file_bytes, now.file_bytes, memory_order_relaxed);
}

/* Once. -EAGAIN: it died or said nonsense, which may go better another time. */
static int start_once(child *self, qn_error *error) {
  int rc = process_start(&self->process, self->options.program, error);
  if (rc != 0) {
    return rc;
  }
  atomic_store_explicit(&self->n_started, ++self->counts.n_started, memory_order_relaxed);
  limits_begin(self, START_MS, 0, 1);
  wire_frame answer = { 0 };
  rc = wire_send(self->process.socket, WIRE_SETUP, self->files.n, self->setup_text, strlen(self->setup_text),
                 wait_ready, self);
  rc = rc == 0 ? lent_paths_send(&self->files, self->process.socket, wait_ready, self) : rc;
  rc = rc == 0 ? wire_receive(self->process.socket, &self->input, &answer, wait_ready, self) : rc;
  bool is_refused = rc == 0 && answer.kind == WIRE_REFUSED;
  if (is_refused) {
    rc = refused(&answer, error);
    is_refused = rc != -EBADMSG;
  } else if (rc == 0 && answer.kind != WIRE_READY) {
    rc = -EBADMSG;
  }
  wire_frame_done(&answer);
  if (rc == 0) {
    atomic_store(&self->pid, self->process.pid);
    note_memory(self);
    return 0;
  }
  qn_error why;
  bury(self, rc, &why);
  if (is_refused || rc == -ECANCELED) {
    return rc;
  }
  *error = why;
  return -EAGAIN;
}

static int pause_ms(const child *self, uint64_t ms) {
  for (uint64_t until = now_ms() + ms; now_ms() < until;) {
    if (atomic_load_explicit(&self->cancelled, memory_order_relaxed)) {
      return -ECANCELED;
    }
    struct timespec nap = { .tv_nsec = 2000000 };
    nanosleep(&nap, NULL);
  }
  return 0;
}

static int start(child *self, qn_error *error) {
  int rc = self->process.pid > 0 ? 0 : -EAGAIN;
  for (uint32_t i = 0; rc == -EAGAIN && i < STARTS_MAX; i++) {
    if (atomic_load_explicit(&self->cancelled, memory_order_relaxed)) {
      return -ECANCELED;
    }
    uint32_t doublings = self->n_deaths > FREE_RESTARTS ? self->n_deaths - FREE_RESTARTS - 1 : 0;
    uint64_t ms = self->n_deaths <= FREE_RESTARTS ? 0 : doublings > 8 ? PAUSE_MAX_MS : (uint64_t)PAUSE_MS << doublings;
    rc = pause_ms(self, ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS);
    rc = rc == 0 ? start_once(self, error) : rc;
  }
  return rc == -EAGAIN ? -ECHILD : rc;
}

/* --- batches --- */

static int put_document(child *self, const child_item *item) {
  size_t len = block_size(item->document), written = 0;
  unsigned char *room = wire_room(&self->output, sizeof(wire_document) + len);
  if (room == NULL) {
    return -ENOMEM;
  }
  const wire_document head = { .block_bytes = len, .now_ms = item->now_ms, .attempt = item->attempt };
  memcpy(room, &head, sizeof head);
  block_write(item->document, room + sizeof head, len, &written);
  self->output.len += sizeof head + len;
  return 0;
}

static int take_answer(child *self, child_item *items, uint32_t n, uint32_t *ret_n_done) {
  wire_frame answer = { 0 };
  int rc = wire_receive(self->process.socket, &self->input, &answer, wait_ready, self);
  if (rc == 0) {
    rc = results_read(&answer, self->options.stage.layout, items, n, ret_n_done);
    wire_frame_done(&answer);
  }
  return rc;
}

/* Sends and receives. ret_n_done have a status, from the front, even if the rest ended badly. */
static int exchange(child *self, child_item *items, uint32_t n, uint32_t *ret_n_done) {
  self->output.len = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (put_document(self, &items[i]) != 0) {
      return -ENOMEM;
    }
  }
  uint64_t limit_ms = self->options.timeout_ms > 0 ? self->options.timeout_ms : CHILD_TIMEOUT_MS;
  bool together = self->options.stage.info->call != CALL_ONE;
  process_begin(&self->process);
  limits_begin(self, limit_ms, self->options.stage.isolation.cpu_ms, together ? 1 : n);
  int rc = wire_send(self->process.socket, WIRE_BATCH, n, self->output.bytes, self->output.len, wait_ready, self);
  return rc == 0 ? take_answer(self, items, n, ret_n_done) : rc;
}

static void reject(child_item *item, const qn_error *why) {
  item->status = QN_STATUS_REJECT;
  item->error = *why;
}

/* again: a process that was gone before it began, whoever ended it, costs no document. */
static int run_some(child *self, child_item *items, uint32_t n, bool again, qn_error *error) {
  int rc = start(self, error);
  if (rc != 0) {
    return rc;
  }
  uint32_t n_done = 0;
  rc = exchange(self, items, n, &n_done);
  if (rc == 0) {
    self->n_deaths = 0;
    note_memory(self);
    return 0;
  }
  if (rc == -ENOMEM && n == 1) { /* ours, not the child's */
    error_set(&items[0].error, rc, "no-memory", "no memory to hand the document to the stage's process");
    items[0].status = QN_STATUS_REJECT;
    return 0;
  }
  qn_error why = { 0 };
  bool begun = process_at(&self->process) > 0;
  if (rc != -ENOMEM) {
    bury(self, rc, &why);
  }
  if (rc == -ECANCELED) {
    return rc;
  }
  if (n == 1) {
    if (rc == -EPIPE && !begun && again) {
      return run_some(self, items, 1, false, error);
    }
    if (n_done == 0) {
      reject(&items[0], &why);
    }
    return 0;
  }
  for (uint32_t i = n_done; i < n; i++) {
    rc = run_some(self, &items[i], 1, true, error);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

int child_run_batch(child *self, child_item *items, uint32_t n, qn_error *error) {
  for (uint32_t i = 0; i < n; i++) {
    items[i].status = -1;
    items[i].error = (qn_error){ 0 };
  }
  return run_some(self, items, n, true, error);
}

/* --- its life --- */

static void limits_default(plan_isolation *limits) {
  limits->memory_bytes = limits->memory_bytes > 0 ? limits->memory_bytes : PLAN_ISOLATED_MEMORY_BYTES;
  limits->file_bytes = limits->file_bytes > 0 ? limits->file_bytes : PLAN_ISOLATED_FILE_BYTES;
  limits->open_files = limits->open_files > 0 ? limits->open_files : PLAN_ISOLATED_OPEN_FILES;
}

int child_new(const child_options *options, child **ret_child, qn_error *error) {
  const stage_info *info = options->stage.info;
  if (info->role != ROLE_TRANSFORM || info->splits) {
    return error_set(error, -ENOTSUP, "not-isolated",
                     "stage \"%s\" cannot be isolated: only transforms that do not split documents can",
                     options->stage.id);
  }
  child *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for an isolated stage");
  }
  self->options = *options;
  limits_default(&self->options.stage.isolation);
  self->process = PROCESS_NONE;
  self->setup_text = setup_write(&self->options.stage);
  int rc = self->setup_text != NULL ? lent_paths_of(&self->options.stage, &self->files) : -ENOMEM;
  if (rc != 0) {
    error_set(error, rc, "no-memory", "%s",
              rc == -ENOMEM ? "no memory for an isolated stage" : "an isolated stage can be lent 512 files, no more");
  } else {
    rc = start(self, error);
  }
  if (rc != 0) {
    child_free(self);
    return rc;
  }
  *ret_child = self;
  return 0;
}

void child_free(child *self) {
  if (self == NULL) {
    return;
  }
  if (self->process.pid > 0) {
    process_exit end;
    atomic_store(&self->pid, 0);
    bool orderly = !atomic_load(&self->cancelled);
    process_end(&self->process, orderly ? FAREWELL_MS : 0, log_process, self, &end);
    if (orderly && end.status != 0) {
      char text[128];
      int len = snprintf(text, sizeof text, "its process ended with status %d: what it does at its end may not be done",
                         end.status);
      log_process(self, QN_LOG_WARNING, text, (size_t)len);
    }
  }
  wire_body_done(&self->output);
  wire_body_done(&self->input);
  lent_paths_done(&self->files);
  cJSON_free(self->setup_text);
  free(self);
}

void child_cancel(child *self) {
  atomic_store(&self->cancelled, true);
}

uint64_t child_n_restarts(const child *self) {
  uint64_t n_started = atomic_load_explicit(&self->n_started, memory_order_relaxed);
  return n_started > 0 ? n_started - 1 : 0;
}

void child_memory_get(const child *self, host_memory *ret_memory) {
  *ret_memory = (host_memory){ .held_bytes = atomic_load_explicit(&self->held_bytes, memory_order_relaxed),
                               .most_bytes = atomic_load_explicit(&self->most_bytes, memory_order_relaxed),
                               .file_bytes = atomic_load_explicit(&self->file_bytes, memory_order_relaxed) };
}

void child_counts_get(const child *self, child_counts *ret_counts) {
  *ret_counts = self->counts;
}

pid_t child_pid(const child *self) {
  return atomic_load(&self->pid);
}
