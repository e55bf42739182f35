/* SPDX-License-Identifier: Apache-2.0 */

/* A process between its start and its end: lines out, lines in. */
#include "exec/program.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/program_end.h"

enum {
  READ_BYTES = 64 * 1024,
  READS_PER_TURN = 16,
  SAID_PER_SECOND = 50,
  LINE_FIRST = 16 * 1024,
  READS_AT_END = 64,
  GRACE_MS = 1000,
  LOOK_MS = 10
};

static const qn_io *io_of(const program *self) {
  return self->stage->exchange.io;
}

static uint64_t now_of(const program *self) {
  return io_of(self)->now_ms(self->stage->exchange.env);
}

void program_init(program *self, exec_stage *stage, uint32_t number) {
  *self = (program){ .stage = stage, .number = number };
  self->process = (spawned){ .pid = -1, .pidfd = -1, .in = -1, .out = -1, .err = -1 };
  ask_list_init(&self->in_flight);
}

/* --- what it says on standard error --- */

static void said_line(program *self, const char *text, size_t len) {
  while (len > 0 && (text[len - 1] == '\r' || text[len - 1] == ' ')) {
    len--;
  }
  if (len == 0) {
    return;
  }
  snprintf(self->last_said, sizeof self->last_said, "%.*s", (int)len, text);
  uint64_t now = now_of(self);
  if (now - self->said_since_ms >= 1000) {
    self->said_since_ms = now;
    self->n_said = 0;
  }
  if (++self->n_said <= SAID_PER_SECOND) {
    exchange_log(&self->stage->exchange, QN_LOG_INFO, "process %" PRIu32 " says: %.*s", self->number, (int)len, text);
  } else if (self->n_said == SAID_PER_SECOND + 1) {
    exchange_log(&self->stage->exchange, QN_LOG_WARNING,
                 "process %" PRIu32 " says more than %d lines in a second; the rest of them is left out", self->number,
                 SAID_PER_SECOND);
  }
}

static void said_bytes(program *self, const char *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (bytes[i] == '\n') {
      said_line(self, self->said, self->said_len);
      self->said_len = 0;
    } else if (self->said_len < sizeof self->said) {
      self->said[self->said_len++] = bytes[i];
    }
  }
}

bool program_read_said(program *self) {
  char bytes[4096];
  for (int i = 0; i < READS_PER_TURN; i++) {
    ssize_t n = read(self->process.err, bytes, sizeof bytes);
    if (n > 0) {
      said_bytes(self, bytes, (size_t)n);
    } else {
      return n < 0 && (errno == EAGAIN || errno == EINTR);
    }
  }
  return true;
}

void program_end_said(program *self) {
  said_line(self, self->said, self->said_len);
  self->said_len = 0;
}

static void on_said(void *arg, uint32_t events) {
  program *self = arg;
  (void)events;
  if (!program_read_said(self)) { /* closed: nothing more will come, but it may well go on working */
    io_of(self)->unwatch(self->watch_err);
    self->watch_err = NULL;
  }
}

/* --- what it answers --- */

/* The answer to something it was not asked, or was asked long ago. NULL, or why the process cannot be trusted. */
static const char *stray(const program *self, const reply *reply) {
  if (reply->id >= atomic_load(&self->stage->exchange.next_id) || reply->id == 0) {
    return "it answered a number that no document had";
  }
  exchange_log(&self->stage->exchange, QN_LOG_WARNING,
               "process %" PRIu32 " answered number %" PRIu64 ", which it does not have any more; left aside",
               self->number, reply->id);
  return NULL;
}

/* Says in the log what was wrong; the text for people is a constant. */
static const char *senseless(const program *self, const reply_fault *fault) {
  exchange_log(&self->stage->exchange, QN_LOG_WARNING, "process %" PRIu32 " wrote a line that is no reply: %s",
               self->number, fault->text);
  return "it wrote a line that is no reply";
}

static const char *take_line(program *self, char *line, size_t len) {
  reply reply;
  reply_fault fault = { "" };
  int rc = reply_read(line, len, &reply, &fault);
  if (!reply.has_id) {
    return senseless(self, &fault);
  }
  if (self->writing != NULL && self->writing->id == reply.id) {
    return "it answered a document before it had read it";
  }
  ask *found = ask_list_take_id(&self->in_flight, reply.id);
  if (found == NULL) {
    return stray(self, &reply);
  }
  self->n_answers++;
  self->n_failed = 0;
  self->heard_ms = now_of(self);
  stage_answered(self->stage);
  if (rc == 0) {
    exchange_answer(&self->stage->exchange, found, &reply);
  } else {
    exchange_refuse(&self->stage->exchange, found, &fault);
  }
  return NULL;
}

/* Takes the whole lines that are in the buffer and keeps the rest. */
static const char *take_lines(program *self) {
  const char *fault = NULL;
  char *at = self->line;
  char *end = self->line + self->line_len;
  char *from = self->line + self->line_scanned;
  char *stop;
  while (fault == NULL && (stop = memchr(from, '\n', (size_t)(end - from))) != NULL) {
    size_t len = (size_t)(stop - at);
    len -= len > 0 && at[len - 1] == '\r';
    fault = len > 0 ? take_line(self, at, len) : NULL;
    at = from = stop + 1;
  }
  self->line_len = (size_t)(end - at);
  self->line_scanned = self->line_len;
  if (at != self->line) {
    memmove(self->line, at, self->line_len);
  }
  return fault;
}

static const char *line_room(program *self) {
  if (self->line_capacity - self->line_len >= READ_BYTES) {
    return NULL;
  }
  if (self->line_len > self->stage->options.line_max) {
    return "it wrote a line over the limit (\"line_bytes\")";
  }
  size_t capacity = self->line_capacity * 2 < LINE_FIRST ? LINE_FIRST : self->line_capacity * 2;
  capacity = capacity < self->line_len + READ_BYTES ? self->line_len + READ_BYTES : capacity;
  char *grown = realloc(self->line, capacity);
  if (grown == NULL) {
    return "there is no memory for its line";
  }
  self->line = grown;
  self->line_capacity = capacity;
  return NULL;
}

/* Reads what is there, but not for ever. NULL, or why the process must go; ret_closed: it will write no more. */
static const char *read_answers(program *self, int n_reads, bool *ret_closed) {
  const char *fault = NULL;
  for (int i = 0; fault == NULL && i < n_reads; i++) {
    fault = line_room(self);
    ssize_t n = fault == NULL ? read(self->process.out, self->line + self->line_len, READ_BYTES) : -1;
    if (n <= 0) {
      *ret_closed = fault == NULL && (n == 0 || (errno != EAGAIN && errno != EINTR));
      return fault;
    }
    self->line_len += (size_t)n;
    fault = take_lines(self);
  }
  return fault;
}

void program_drain_answers(program *self) {
  bool closed = false;
  read_answers(self, READS_AT_END, &closed);
}

/* --- leaving --- */

static void on_grace(void *arg) {
  program *self = arg;
  bool ended = program_has_ended(self);
  if (ended || now_of(self) - self->leaving_ms >= GRACE_MS) {
    program_end(self, ended ? NULL : self->leaving);
    stage_pump(self->stage);
  }
}

/* A pipe it closed mostly means that it is about to end: how it does is known a moment later. Looking now and then serves
 * also where there are no descriptors of processes. */
static void leave_soon(program *self, const char *why) {
  if (self->leaving != NULL) {
    return;
  }
  self->leaving = why;
  self->leaving_ms = now_of(self);
  if (io_of(self)->timer_start(self->stage->exchange.env, LOOK_MS, LOOK_MS, on_grace, self, &self->grace) != 0) {
    program_end(self, why);
  }
}

static void on_answers(void *arg, uint32_t events) {
  program *self = arg;
  bool closed = false;
  (void)events;
  const char *fault = read_answers(self, READS_PER_TURN, &closed);
  if (fault != NULL) {
    program_end(self, fault);
  } else if (closed) {
    io_of(self)->unwatch(self->watch_out);
    self->watch_out = NULL;
    leave_soon(self, "it closed its output");
  }
  stage_pump(self->stage);
}

/* --- what it is given --- */

static void write_some(program *self) {
  while (self->writing != NULL && self->leaving == NULL) {
    const ask *now = self->writing;
    ssize_t n = spawn_write(self->process.in, now->line + self->n_written, now->len - self->n_written);
    if (n == -EAGAIN || n == -EINTR) {
      break;
    }
    if (n < 0) {
      leave_soon(self, "it closed its input");
      return;
    }
    self->n_written += (size_t)n;
    if (self->n_written == now->len) {
      self->writing = now->next;
      self->n_written = 0;
    }
  }
  if (self->watch_in != NULL) {
    io_of(self)->watch_set(self->watch_in, self->writing != NULL && self->leaving == NULL ? QN_IO_WRITABLE : 0);
  }
}

static void on_room(void *arg, uint32_t events) {
  program *self = arg;
  (void)events;
  if (self->leaving == NULL) {
    write_some(self);
  } else {
    io_of(self)->watch_set(self->watch_in, 0);
  }
}

bool program_has_room(const program *self, const ask *wanted) {
  if (!self->up || self->leaving != NULL || self->in_flight.n == 0) {
    return self->up && self->leaving == NULL;
  }
  return !wanted->alone && !self->in_flight.first->alone && self->in_flight.n < self->stage->options.window;
}

void program_give(program *self, ask *given) {
  given->since_ms = now_of(self);
  self->heard_ms = self->in_flight.n == 0 ? given->since_ms : self->heard_ms;
  ask_list_push(&self->in_flight, given);
  if (self->writing == NULL) {
    self->writing = given;
    self->n_written = 0;
    write_some(self);
  }
}

bool program_cancel(program *self, qn_ticket ticket) {
  for (ask *at = self->in_flight.first; at != NULL; at = at->next) {
    if (at->call != NULL && at->ticket.slot == ticket.slot && at->ticket.generation == ticket.generation) {
      exchange_abandon(&self->stage->exchange, at); /* the reply will come all the same */
      return true;
    }
  }
  return false;
}

/* --- time, start --- */

/* Silence counts from the last answer; and one document may not wait for ever while others are answered. */
static bool is_silent(const program *self) {
  uint64_t limit = self->stage->options.answer_ms;
  uint64_t now = now_of(self);
  const ask *oldest = self->in_flight.first;
  return limit > 0 && oldest != NULL &&
         (now - self->heard_ms >= limit || now - oldest->since_ms >= limit * self->stage->options.window);
}

static void on_look(void *arg) {
  program *self = arg;
  if (self->process.pidfd < 0 && program_has_ended(self)) {
    program_end(self, NULL);
    stage_pump(self->stage);
  } else if (is_silent(self)) {
    program_end_silent(self);
    stage_pump(self->stage);
  }
}

static void on_ended(void *arg, uint32_t events) {
  program *self = arg;
  (void)events;
  program_end(self, NULL);
  stage_pump(self->stage);
}

static int watch_all(program *self) {
  const qn_io *io = io_of(self);
  qn_env *env = self->stage->exchange.env;
  uint64_t limit = self->stage->options.answer_ms;
  uint64_t look_ms = limit == 0 || limit > 8000 ? 1000 : limit < 80 ? 10 : limit / 8;
  int rc = 0;
  if (self->process.pidfd >= 0) { /* an old kernel has none; then its output tells */
    rc = io->watch(env, self->process.pidfd, QN_IO_READABLE, on_ended, self, &self->watch_exit);
  }
  rc = rc == 0 ? io->watch(env, self->process.in, 0, on_room, self, &self->watch_in) : rc;
  rc = rc == 0 ? io->watch(env, self->process.out, QN_IO_READABLE, on_answers, self, &self->watch_out) : rc;
  rc = rc == 0 ? io->watch(env, self->process.err, QN_IO_READABLE, on_said, self, &self->watch_err) : rc;
  bool looks = limit > 0 || self->process.pidfd < 0;
  return rc == 0 && looks ? io->timer_start(env, look_ms, look_ms, on_look, self, &self->timer) : rc;
}

static void start(program *self) {
  exec_stage *stage = self->stage;
  char text[300];
  int rc = spawn_start(&stage->plan, &self->process);
  if (rc == 0) {
    self->up = true;
    self->leaving = NULL;
    self->n_answers = 0;
    self->last_said[0] = '\0';
    rc = watch_all(self);
    if (rc == 0) {
      return;
    }
  }
  bool passing = rc == -EAGAIN || rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE || rc == -ETXTBSY;
  snprintf(text, sizeof text, "cannot start %.150s: %s", stage->plan.path, strerror(-rc));
  exchange_log(&stage->exchange, passing ? QN_LOG_WARNING : QN_LOG_ERROR, "%s", text);
  program_end_unborn(self);
  stage_barren(stage, !passing, text);
}

static void on_start(void *arg) {
  program *self = arg;
  io_of(self)->timer_stop(self->timer);
  self->timer = NULL;
  start(self);
  stage_pump(self->stage);
}

bool program_is_wanted(const program *self) {
  return !self->up && self->timer != NULL;
}

void program_want(program *self) {
  if (self->up || program_is_wanted(self)) {
    return;
  }
  exec_stage *stage = self->stage;
  uint64_t wait_ms = 0;
  if (self->n_failed > 0) {
    uint32_t doubled = self->n_failed - 1 < 20 ? self->n_failed - 1 : 20;
    wait_ms = stage->options.restart_ms << doubled;
    wait_ms = wait_ms > stage->options.restart_max_ms ? stage->options.restart_max_ms : wait_ms;
  }
  if (io_of(self)->timer_start(stage->exchange.env, wait_ms, 0, on_start, self, &self->timer) != 0) {
    stage_barren(stage, true, "no memory for a timer");
  }
}
