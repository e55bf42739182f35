/* SPDX-License-Identifier: Apache-2.0 */

/* posix_spawn, so that a program with many threads may do it; descriptors are moved out of the way first, since their
 * numbers in the child are fixed. Of the environment only what libraries need is passed, no secrets. */
#include "isolation/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "qanat/status.h"

enum { FD_ABOVE = 10, ENVIRONMENT_MAX = 32, SOCKET_BYTES = 1 << 20, READS_MAX = 64 };

extern char **environ;

/* What the child is started with, before it owns it. */
typedef struct ends {
  int socket[2], said[2], scene;
} ends;

static void close_fd(int *fd) {
  if (*fd >= 0) {
    close(*fd);
  }
  *fd = -1;
}

static void ends_close(ends *self) {
  close_fd(&self->socket[0]);
  close_fd(&self->socket[1]);
  close_fd(&self->said[0]);
  close_fd(&self->said[1]);
  close_fd(&self->scene);
}

static int move_up(int *fd) {
  int moved = fcntl(*fd, F_DUPFD_CLOEXEC, FD_ABOVE);
  if (moved < 0) {
    return -errno;
  }
  close(*fd);
  *fd = moved;
  return 0;
}

static int ends_open(ends *self) {
  *self = (ends){ { -1, -1 }, { -1, -1 }, -1 };
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, self->socket) != 0 || pipe2(self->said, O_CLOEXEC) != 0) {
    return -errno;
  }
  self->scene = memfd_create("qanat-scene", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (self->scene < 0 || ftruncate(self->scene, sizeof(stage_scene)) != 0 ||
      fcntl(self->scene, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return -errno;
  }
  int bytes = SOCKET_BYTES;
  for (int i = 0; i < 2; i++) {
    setsockopt(self->socket[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  int rc = move_up(&self->socket[1]);
  rc = rc == 0 ? move_up(&self->said[1]) : rc;
  rc = rc == 0 ? move_up(&self->scene) : rc;
  if (rc == 0 && (fcntl(self->socket[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(self->said[0], F_SETFL, O_NONBLOCK) != 0)) {
    rc = -errno;
  }
  return rc;
}

static bool is_passed(const char *variable) {
  static const char *const passed[] = {
    "LANG=", "LC_", "TZ=", "LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LLVM_PROFILE_FILE="
  };
  for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
    if (strncmp(variable, passed[i], strlen(passed[i])) == 0) {
      return true;
    }
  }
  return false;
}

static int spawn(const ends *with, const char *program, pid_t *ret_pid) {
  char name[] = "qanat-stage-host", argument[] = STAGE_HOST_ARGUMENT;
  char *arguments[] = { name, argument, NULL };
  char *variables[ENVIRONMENT_MAX + 1];
  uint32_t n = 0;
  for (char **at = environ; *at != NULL && n < ENVIRONMENT_MAX; at++) {
    if (is_passed(*at)) {
      variables[n++] = *at;
    }
  }
  variables[n] = NULL;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&how);
  int rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  rc = rc == 0 ? posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) : rc;
  rc = rc == 0 ? posix_spawn_file_actions_adddup2(&files, with->said[1], STDERR_FILENO) : rc;
  rc = rc == 0 ? posix_spawn_file_actions_adddup2(&files, with->socket[1], STAGE_HOST_SOCKET) : rc;
  rc = rc == 0 ? posix_spawn_file_actions_adddup2(&files, with->scene, STAGE_HOST_SCENE) : rc;
  rc = rc == 0 ? posix_spawn_file_actions_addclosefrom_np(&files, STAGE_HOST_SCENE + 1) : rc;
  posix_spawnattr_setpgroup(&how, 0);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setsigdefault(&how, &all);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  rc = rc == 0 ? posix_spawn(ret_pid, program, &files, &how, arguments, variables) : rc;
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  return -rc;
}

int process_start(process *self, const char *program, qn_error *error) {
  ends made;
  int rc = ends_open(&made);
  void *scene = MAP_FAILED;
  if (rc == 0) {
    scene = mmap(NULL, sizeof(stage_scene), PROT_READ | PROT_WRITE, MAP_SHARED, made.scene, 0);
    rc = scene == MAP_FAILED ? -errno : 0;
  }
  pid_t pid = 0;
  const char *file = program != NULL ? program : "/proc/self/exe";
  rc = rc == 0 ? spawn(&made, file, &pid) : rc;
  if (rc != 0) {
    if (scene != MAP_FAILED) {
      munmap(scene, sizeof(stage_scene));
    }
    ends_close(&made);
    return error_set(error, rc, "no-process", "cannot start a process for an isolated stage (%s): %s", file,
                     strerror(-rc));
  }
  *self = (process){ .pid = pid, .socket = made.socket[0], .said = made.said[0], .scene = scene };
  made.socket[0] = made.said[0] = -1;
  ends_close(&made);
  return 0;
}

/* --- what it says --- */

static void tell_line(process *self, process_log *log, void *arg) {
  uint32_t level = QN_LOG_WARNING, from = 0;
  if (self->line_len >= 2 && self->line[0] == STAGE_HOST_LOG && self->line[1] >= '0' && self->line[1] <= '3') {
    level = (uint32_t)(self->line[1] - '0');
    from = 2;
  }
  if (self->line_len > from) {
    log(arg, level, self->line + from, self->line_len - from);
  }
  self->line_len = 0;
}

void process_listen(process *self, process_log *log, void *arg) {
  char bytes[4096];
  for (uint32_t round = 0; self->said >= 0 && round < READS_MAX; round++) {
    ssize_t n = read(self->said, bytes, sizeof bytes);
    if (n < 0) {
      return;
    }
    for (ssize_t i = 0; i < n; i++) {
      if (bytes[i] == '\n') {
        tell_line(self, log, arg);
      } else if (self->line_len < sizeof self->line) {
        self->line[self->line_len++] = bytes[i]; /* the rest of a longer line is left out */
      }
    }
    if (n == 0) {
      tell_line(self, log, arg);
      close_fd(&self->said);
    }
  }
}

/* Whether it has ended by itself. It is listened to meanwhile, else it could wait for us to. */
static bool wait_a_while(process *self, uint32_t patience_ms, process_log *log, void *arg, int *ret_status,
                         struct rusage *ret_used) {
  for (uint32_t i = 0; i <= patience_ms; i++) {
    if (wait4(self->pid, ret_status, WNOHANG, ret_used) == self->pid) {
      return true;
    }
    process_listen(self, log, arg);
    struct timespec nap = { .tv_nsec = 1000000 };
    nanosleep(&nap, NULL);
  }
  return false;
}

void process_end(process *self, uint32_t patience_ms, process_log *log, void *arg, process_exit *ret_exit) {
  struct rusage used = { 0 };
  process_exit end = { 0 };
  close_fd(&self->socket);
  if (!wait_a_while(self, patience_ms, log, arg, &end.status, &used)) {
    end.by_us = true;
    kill(-self->pid, SIGKILL);
    kill(self->pid, SIGKILL);
    while (wait4(self->pid, &end.status, 0, &used) < 0 && errno == EINTR) {
    }
  }
  uint64_t most = (uint64_t)used.ru_maxrss * 1024, before = atomic_load(&self->scene->memory_before);
  end.most_bytes = most > before ? most : 0;
  process_listen(self, log, arg);
  close_fd(&self->said);
  munmap(self->scene, sizeof *self->scene);
  *self = PROCESS_NONE;
  *ret_exit = end;
}

void process_begin(process *self) {
  atomic_store_explicit(&self->scene->at, 0, memory_order_relaxed);
}

uint32_t process_at(const process *self) {
  return atomic_load_explicit(&self->scene->at, memory_order_relaxed);
}

host_memory process_memory(const process *self) {
  return (host_memory){ .held_bytes = atomic_load_explicit(&self->scene->held_bytes, memory_order_relaxed),
                        .most_bytes = atomic_load_explicit(&self->scene->most_bytes, memory_order_relaxed),
                        .file_bytes = atomic_load_explicit(&self->scene->file_bytes, memory_order_relaxed) };
}
