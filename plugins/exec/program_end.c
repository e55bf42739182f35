/* SPDX-License-Identifier: Apache-2.0 */

/* The end of a process: nothing of it stays (no zombie, no descriptor, no watch), and every document it had goes on. */
#include "exec/program_end.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOW_MAX = 120, WHY_MAX = 700, RETURNS_MAX = 16, POLL_MS = 10 };

/* How a process ended. */
typedef struct ending {
  bool clean;        /* by itself, with status 0 */
  char how[HOW_MAX]; /* words that follow "it" */
} ending;

static void close_fd(int *fd) {
  if (*fd >= 0) {
    close(*fd);
    *fd = -1;
  }
}

static void unwatch(program *self) {
  const qn_io *io = self->stage->exchange.io;
  io->unwatch(self->watch_exit);
  io->unwatch(self->watch_in);
  io->unwatch(self->watch_out);
  io->unwatch(self->watch_err);
  io->timer_stop(self->timer);
  io->timer_stop(self->grace);
  self->grace = NULL;
  self->watch_exit = self->watch_in = self->watch_out = self->watch_err = NULL;
  self->timer = NULL;
}

/* Its children too, while its own number cannot have been given to anybody else: before it is reaped. */
static void kill_group(const program *self) {
  kill(-self->process.pid, SIGKILL);
}

static void reap(program *self, bool killed, ending *ret_ending) {
  int status = 0;
  pid_t rc;
  do {
    rc = waitpid(self->process.pid, &status, 0);
  } while (rc < 0 && errno == EINTR);
  self->process.pid = -1;
  ret_ending->clean = rc > 0 && !killed && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (rc < 0 || killed) {
    snprintf(ret_ending->how, HOW_MAX, "was killed");
  } else if (WIFSIGNALED(status)) {
    const char *name = sigabbrev_np(WTERMSIG(status));
    snprintf(ret_ending->how, HOW_MAX, "was ended by signal %d (%s)", WTERMSIG(status), name == NULL ? "?" : name);
  } else {
    snprintf(ret_ending->how, HOW_MAX, "ended with status %d", WEXITSTATUS(status));
  }
}

bool program_has_ended(const program *self) {
  siginfo_t info = { 0 };
  return waitid(P_PID, (id_t)self->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static void close_all(program *self) {
  close_fd(&self->process.pidfd);
  close_fd(&self->process.in);
  close_fd(&self->process.out);
  close_fd(&self->process.err);
  free(self->line);
  self->line = NULL;
  self->line_len = self->line_scanned = self->line_capacity = 0;
  self->said_len = 0;
}

/* Ends the process and says why, as one sentence. True if it had left by itself, and well. */
static bool bury(program *self, const char *why, char *ret_text) {
  ending ending;
  bool killed = !program_has_ended(self);
  self->up = false;
  self->leaving = NULL;
  unwatch(self);
  kill_group(self);
  reap(self, killed, &ending);
  program_read_said(self);
  program_end_said(self);
  close_all(self);
  self->writing = NULL;
  const char *because = why == NULL ? "" : killed ? ", since " : ", after ";
  const char *last = self->last_said[0] == '\0' ? "" : "; the last it said: ";
  snprintf(ret_text, WHY_MAX, "the process %s%s%s%s%.250s", ending.how, because, why == NULL ? "" : why, last,
           self->last_said);
  return ending.clean;
}

/* Drops what was ended already, and counts what is left. */
static uint32_t drop_abandoned(program *self) {
  ask_list kept;
  ask *at;
  ask_list_init(&kept);
  while ((at = ask_list_pull(&self->in_flight)) != NULL) {
    if (at->call == NULL) {
      free(at);
    } else {
      ask_list_push(&kept, at);
    }
  }
  while ((at = ask_list_pull(&kept)) != NULL) {
    ask_list_push(&self->in_flight, at);
  }
  return self->in_flight.n;
}

/* A document that was alone with a process when it failed; only its first attempt says something about the program. */
static void charge(program *self, ask *guilty, const char *slug, const char *text) {
  bool is_first = guilty->is_first;
  exchange_end(&self->stage->exchange, guilty, QN_STATUS_RETRY, slug, text);
  if (is_first && self->n_answers == 0) {
    stage_barren(self->stage, false, text);
  }
}

/* What is left goes to the front of those that wait, in its order. */
static void hand_back(program *self, bool alone) {
  ask_list reversed;
  ask *at;
  ask_list_init(&reversed);
  while ((at = ask_list_pull(&self->in_flight)) != NULL) {
    at->alone = at->alone || alone;
    ask_list_push_front(&reversed, at);
  }
  while ((at = ask_list_pull(&reversed)) != NULL) {
    ask_list_push_front(&self->stage->waiting, at);
  }
}

static void count_failure(program *self) {
  self->n_failed = self->n_answers > 0 ? 1 : self->n_failed + 1;
}

/* A program that answers some documents and then leaves, as some do to stay small, has failed in nothing. What it had
 * been given meanwhile goes to the next one; not for ever, since a document may be what makes it leave. */
static bool left_well(program *self, bool clean) {
  const ask *first = self->in_flight.first;
  if (!clean || self->n_answers == 0 || (first != NULL && first->n_returns == RETURNS_MAX)) {
    return false;
  }
  self->n_failed = 0;
  for (ask *at = self->in_flight.first; at != NULL; at = at->next) {
    at->n_returns++;
  }
  return true;
}

static void tell(const program *self, const char *text) {
  static const char *const had[] = { "", "; it had one document",
                                     "; it had several documents, which go to it again one by one" };
  uint32_t n = self->in_flight.n;
  exchange_log(&self->stage->exchange, QN_LOG_WARNING, "process %" PRIu32 ": %s%s", self->number, text,
               had[n < 2 ? n : 2]);
}

void program_end(program *self, const char *why) {
  char text[WHY_MAX];
  if (!self->up) {
    return;
  }
  if (why == NULL) {
    program_drain_answers(self); /* it may have answered, then ended */
  }
  uint32_t n_before = self->in_flight.n;
  bool unread = self->writing != NULL && self->writing == self->in_flight.first;
  bool clean = bury(self, why, text);
  uint32_t n_left = drop_abandoned(self);
  if (left_well(self, clean)) {
    hand_back(self, false);
    return;
  }
  count_failure(self);
  tell(self, text);
  bool is_sure = n_before == 1 && (!unread || (n_left == 1 && self->in_flight.first->alone));
  if (n_left == 1 && is_sure) {
    charge(self, ask_list_pull(&self->in_flight), why == NULL ? "program-ended" : "program-failed", text);
    return;
  }
  if (self->n_answers == 0 && (n_left == 0 || unread)) { /* no document can be what it failed on */
    stage_barren(self->stage, false, text);
  }
  hand_back(self, true);
}

void program_end_silent(program *self) {
  char text[WHY_MAX];
  char why[100];
  snprintf(why, sizeof why, "it gave no answer for %" PRIu64 " ms (\"answer_ms\")", self->stage->options.answer_ms);
  bury(self, why, text);
  count_failure(self);
  exchange_log(&self->stage->exchange, QN_LOG_WARNING, "process %" PRIu32 ": %s", self->number, text);
  ask *oldest = ask_list_pull(&self->in_flight);
  drop_abandoned(self);
  hand_back(self, false);
  if (oldest != NULL) {
    charge(self, oldest, "no-answer", text);
  }
}

void program_end_unborn(program *self) {
  char text[WHY_MAX];
  if (self->up) {
    bury(self, "it could not be watched", text);
  }
  self->n_failed++;
}

/* --- the end of the stage --- */

static int poll_some(program *programs, uint32_t n_programs, uint64_t left_ms) {
  struct pollfd fds[3 * 64];
  nfds_t n = 0;
  int wait_ms = (int)left_ms;
  for (uint32_t i = 0; i < n_programs; i++) {
    program *self = &programs[i];
    if (self->up && n + 3 <= sizeof fds / sizeof fds[0]) {
      wait_ms = self->process.pidfd < 0 && wait_ms > POLL_MS ? POLL_MS : wait_ms;
      fds[n++] = (struct pollfd){ .fd = self->process.pidfd, .events = POLLIN };
      fds[n++] = (struct pollfd){ .fd = self->process.out, .events = POLLIN };
      fds[n++] = (struct pollfd){ .fd = self->process.err, .events = POLLIN };
    }
  }
  return n == 0 ? 0 : poll(fds, n, wait_ms);
}

/* So that it never waits for us to read. A pipe at its end is closed, or poll would return at once, again and again. */
static void discard_output(program *self) {
  char bytes[4096];
  ssize_t n;
  while ((n = read(self->process.out, bytes, sizeof bytes)) > 0) {
  }
  if (n == 0) {
    close_fd(&self->process.out);
  }
  if (self->process.err >= 0 && !program_read_said(self)) {
    program_end_said(self);
    close_fd(&self->process.err);
  }
}

static bool leave(program *self) {
  char text[WHY_MAX];
  discard_output(self);
  if (!program_has_ended(self)) {
    return false;
  }
  bury(self, NULL, text);
  return true;
}

void programs_stop(program *programs, uint32_t n_programs) {
  char text[WHY_MAX];
  uint32_t n_up = 0;
  for (uint32_t i = 0; i < n_programs; i++) {
    unwatch(&programs[i]);
    close_fd(&programs[i].process.in);
    n_up += programs[i].up;
  }
  if (n_up == 0) {
    return;
  }
  const exchange *with = &programs[0].stage->exchange;
  uint64_t until_ms = with->io->now_ms(with->env) + programs[0].stage->options.stop_ms;
  for (uint64_t now_ms; n_up > 0 && (now_ms = with->io->now_ms(with->env)) < until_ms;) {
    poll_some(programs, n_programs, until_ms - now_ms);
    for (uint32_t i = 0; i < n_programs; i++) {
      n_up -= programs[i].up && leave(&programs[i]);
    }
  }
  for (uint32_t i = 0; i < n_programs; i++) {
    if (programs[i].up) {
      exchange_log(with, QN_LOG_WARNING,
                   "process %" PRIu32 " did not leave within %" PRIu64
                   " ms after its input was closed (\"stop_ms\"): killed",
                   programs[i].number, programs[i].stage->options.stop_ms);
      bury(&programs[i], NULL, text);
    }
  }
}
