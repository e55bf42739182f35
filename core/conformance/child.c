/* SPDX-License-Identifier: Apache-2.0 */

/* fork, limits, two pipes and a deadline. The child leads a process group, so that what it starts ends with it. */
#include "conformance/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0 /* sanitizers map terabytes that they never touch */
#endif

typedef struct watched {
  const child_job *job;
  scene *scene;
  pid_t pid;
  int told_fd, said_fd;
  int signal_fd; /* readable when the parent is to end */
  sigset_t signals_before;
  bool done;
  tell_record record; /* being read */
  size_t record_len;
  char said[CHILD_SAID_MAX];
  size_t said_len;
} watched;

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- the child --- */

static void limit(int what, rlim_t most) {
  struct rlimit both;
  if (getrlimit(what, &both) == 0 && (both.rlim_cur == RLIM_INFINITY || both.rlim_cur > most)) {
    both.rlim_cur = most;
    setrlimit(what, &both);
  }
}

static void limits_set(uint32_t time_ms) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, (rlim_t)1 << 30);
  limit(RLIMIT_CPU, (rlim_t)time_ms * 8 / 1000 + 10); /* a second fence, should the parent be gone */
  if (!SANITIZED) {
    limit(RLIMIT_AS, (rlim_t)8 << 30);
  }
}

__attribute__((noreturn)) static void child_main(const watched *self, int told_fd, int said_fd) {
  const child_job *job = self->job;
  int nothing = open("/dev/null", O_RDONLY);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_DFL);
  dup2(nothing, STDIN_FILENO);
  dup2(said_fd, STDOUT_FILENO);
  dup2(said_fd, STDERR_FILENO);
  close(nothing);
  close(said_fd);
  sigprocmask(SIG_SETMASK, &self->signals_before, NULL);
  limits_set(job->time_ms);
  teller teller = { .fd = told_fd, .scene = self->scene };
  job->body(job->arg, &teller);
  fflush(NULL);
  teller_done(&teller);
  _exit(0);
}

/* --- the parent --- */

/* Keeps the end of what comes. What read() gave: 0 at the end of the pipe. */
static ssize_t said_read(watched *self) {
  char bytes[2048];
  ssize_t n = read(self->said_fd, bytes, sizeof bytes);
  if (n <= 0) {
    return n;
  }
  size_t len = (size_t)n, room = sizeof self->said - 1;
  if (self->said_len + len > room) {
    size_t drop = self->said_len + len - room;
    memmove(self->said, self->said + drop, self->said_len - drop);
    self->said_len -= drop;
  }
  memcpy(self->said + self->said_len, bytes, len);
  self->said_len += len;
  self->said[self->said_len] = '\0';
  return n;
}

static bool told_read(watched *self) {
  ssize_t n = read(self->told_fd, (char *)&self->record + self->record_len, sizeof self->record - self->record_len);
  if (n <= 0) {
    return n < 0 && (errno == EINTR || errno == EAGAIN);
  }
  self->record_len += (size_t)n;
  if (self->record_len == sizeof self->record) {
    self->record_len = 0;
    self->record.text[sizeof self->record.text - 1] = '\0';
    self->done = self->done || self->record.kind == TELL_DONE;
    if (self->record.kind != TELL_DONE && self->record.rule < RULE_N) {
      self->job->told(self->job->arg, &self->record);
    }
  }
  return true;
}

/* Reads both pipes until the child is done or gone. 0, -ETIMEDOUT, -EINTR. */
static int listen_until(watched *self, uint64_t deadline_ms) {
  struct pollfd both[3] = { { .fd = self->told_fd, .events = POLLIN },
                            { .fd = self->said_fd, .events = POLLIN },
                            { .fd = self->signal_fd, .events = POLLIN } };
  while (both[0].fd >= 0 && !self->done) {
    uint64_t now = now_ms();
    if (now >= deadline_ms) {
      return -ETIMEDOUT;
    }
    if (poll(both, 3, (int)(deadline_ms - now)) < 0 && errno != EINTR) {
      return -ETIMEDOUT;
    }
    if ((both[2].revents & POLLIN) != 0) {
      return -EINTR;
    }
    if ((both[1].revents & (POLLIN | POLLHUP)) != 0 && said_read(self) == 0) {
      both[1].fd = -1;
    }
    if ((both[0].revents & (POLLIN | POLLHUP)) != 0 && !told_read(self)) {
      both[0].fd = -1;
    }
  }
  return 0;
}

static void end_fill(watched *self, bool in_time, int status, child_end *ret_end) {
  memset(ret_end, 0, sizeof *ret_end);
  ret_end->document = atomic_load(&self->scene->document);
  memcpy(ret_end->doing, self->scene->doing, sizeof ret_end->doing - 1);
  memcpy(ret_end->said, self->said, self->said_len);
  uint32_t rule = atomic_load(in_time ? &self->scene->crash_rule : &self->scene->hang_rule);
  ret_end->rule = rule < RULE_N ? (rule_id)rule : RULE_RUN_CRASH; /* a crash may have written there too */
  bool report = strstr(self->said, "Sanitizer:") != NULL || strstr(self->said, "runtime error: ") != NULL;
  if (self->done) {
    ret_end->kind = report ? CHILD_SANITIZER : CHILD_DONE;
  } else if (!in_time) {
    ret_end->kind = CHILD_HUNG;
  } else if (report && strstr(self->said, "Sanitizer:DEADLYSIGNAL") != NULL) {
    ret_end->kind = CHILD_CRASHED; /* a sanitizer saw the signal first */
    ret_end->signal = SIGSEGV;
  } else if (report) {
    ret_end->kind = CHILD_SANITIZER;
  } else if (WIFSIGNALED(status)) {
    ret_end->kind = CHILD_CRASHED;
    ret_end->signal = WTERMSIG(status);
  } else {
    ret_end->kind = CHILD_EXITED;
    ret_end->status = WEXITSTATUS(status);
  }
}

static int watch(watched *self, child_end *ret_end) {
  int status = 0;
  int rc = listen_until(self, now_ms() + self->job->time_ms);
  if (rc != 0) {
    kill(self->pid, SIGKILL);
  }
  while (waitpid(self->pid, &status, 0) < 0 && errno == EINTR) {
  }
  kill(-self->pid, SIGKILL); /* what it started; most often nothing is left */
  while (said_read(self) > 0) {
  }
  end_fill(self, rc == 0, status, ret_end);
  return rc == -EINTR ? rc : 0;
}

static int pipes_open(int told[2], int said[2]) {
  if (pipe2(told, O_CLOEXEC) != 0) {
    return -errno;
  }
  if (pipe2(said, O_CLOEXEC) != 0) {
    int rc = -errno;
    close(told[0]);
    close(told[1]);
    return rc;
  }
  fcntl(said[0], F_SETFL, O_NONBLOCK);
  return 0;
}

/* Signals that end the process wait until the child is gone; the caller has to clean up first. */
static int signals_hold(watched *self) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGHUP);
  sigprocmask(SIG_BLOCK, &ending, &self->signals_before);
  self->signal_fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
  return self->signal_fd >= 0 ? 0 : -errno;
}

/* A signal that came is taken: the caller knows of it by -EINTR. */
static void signals_release(watched *self) {
  struct signalfd_siginfo taken;
  while (self->signal_fd >= 0 && read(self->signal_fd, &taken, sizeof taken) > 0) {
  }
  if (self->signal_fd >= 0) {
    close(self->signal_fd);
  }
  sigprocmask(SIG_SETMASK, &self->signals_before, NULL);
}

static int run(watched *self, child_end *ret_end) {
  int told[2], said[2];
  int rc = pipes_open(told, said);
  if (rc != 0) {
    return rc;
  }
  fflush(NULL);
  self->told_fd = told[0];
  self->said_fd = said[0];
  self->pid = fork();
  if (self->pid == 0) {
    close(told[0]);
    close(said[0]);
    child_main(self, told[1], said[1]);
  }
  rc = self->pid < 0 ? -errno : 0;
  close(told[1]);
  close(said[1]);
  rc = rc == 0 ? watch(self, ret_end) : rc;
  close(told[0]);
  close(said[0]);
  return rc;
}

int child_run(const child_job *job, child_end *ret_end) {
  watched self = { .job = job, .signal_fd = -1 };
  self.scene = mmap(NULL, sizeof *self.scene, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (self.scene == MAP_FAILED) {
    return -ENOMEM;
  }
  atomic_store(&self.scene->document, NO_DOCUMENT);
  atomic_store(&self.scene->crash_rule, RULE_RUN_CRASH);
  atomic_store(&self.scene->hang_rule, RULE_RUN_HANG);
  int rc = signals_hold(&self);
  rc = rc == 0 ? run(&self, ret_end) : rc;
  signals_release(&self);
  munmap(self.scene, sizeof *self.scene);
  return rc;
}
