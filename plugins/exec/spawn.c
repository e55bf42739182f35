/* SPDX-License-Identifier: Apache-2.0 */

/* Starting: posix_spawn, since a fork of a process with many threads and much memory is neither safe nor cheap. */
#include "exec/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "exchange/setting.h"

/* What the program has open: three, and its script. Ours must not stand where these will. */
enum { POINTER_MAX = 64, SCRIPT_FD = 3, FIRST_FREE = 4, PIPE_BYTES = 256 * 1024 };

/* --- the plan --- */

static void free_strings(char **strings) {
  for (char **at = strings; at != NULL && *at != NULL; at++) {
    free(*at);
  }
  free(strings);
}

void spawn_plan_done(spawn_plan *self) {
  free(self->path);
  free(self->folder);
  free_strings(self->argv);
  free_strings(self->envp);
  if (self->script >= 0) {
    close(self->script);
  }
  *self = (spawn_plan){ .script = -1 };
}

/* The script is the last argument, unless one says where it goes. */
static int read_argv(qn_create *create, spawn_plan *plan) {
  char pointer[POINTER_MAX];
  uint32_t n = setting_count(create, "/command");
  bool has_place = plan->script < 0;
  plan->argv = calloc((size_t)n + 2, sizeof *plan->argv);
  for (uint32_t i = 0; plan->argv != NULL && i < n; i++) {
    snprintf(pointer, sizeof pointer, "/command/%u", i);
    qn_str text = qn_config_str(create, pointer);
    bool is_place = plan->script >= 0 && text.len == 8 && memcmp(text.data, "{script}", 8) == 0;
    has_place = has_place || is_place;
    plan->argv[i] = is_place ? strdup(SPAWN_SCRIPT) : strndup(text.data == NULL ? "" : text.data, text.len);
    if (plan->argv[i] == NULL) {
      return -ENOMEM;
    }
  }
  if (plan->argv != NULL && !has_place) {
    plan->argv[n] = strdup(SPAWN_SCRIPT);
  }
  return plan->argv == NULL || (!has_place && plan->argv[n] == NULL) ? -ENOMEM : 0;
}

static int write_all(int fd, qn_str bytes) {
  while (bytes.len > 0) {
    ssize_t n = write(fd, bytes.data, bytes.len);
    if (n < 0 && errno != EINTR) {
      return -errno;
    }
    bytes.data += n > 0 ? n : 0;
    bytes.len -= n > 0 ? (size_t)n : 0;
  }
  return 0;
}

/* The bytes as they are now: a process that is started later runs the same script. */
static int read_script(qn_create *create, spawn_plan *plan) {
  char text[200];
  qn_str bytes;
  if (qn_config_str(create, "/script").data == NULL) {
    return 0;
  }
  int rc = create->host->file_open(create, "/script", &bytes);
  int fd = rc == 0 ? memfd_create("script", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
  rc = rc == 0 && fd < 0 ? -errno : rc;
  plan->script = rc == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE) : -1;
  rc = rc == 0 && plan->script < 0 ? -errno : rc;
  rc = rc == 0 ? write_all(fd, bytes) : rc;
  if (rc == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    rc = -errno;
  }
  if (fd >= 0) {
    close(fd);
  }
  if (rc != 0) {
    snprintf(text, sizeof text, "\"script\": cannot read it: %s", strerror(-rc));
    return setting_refuse(create, text);
  }
  return 0;
}

static int add_set(qn_create *create, uint32_t index, char **ret_entry) {
  char pointer[SETTING_POINTER_MAX];
  qn_str key;
  if (create->host->config_key(create, "/environment", index, &key) != 0) {
    return -ENOENT;
  }
  if (key.len == 0 || key.len > 90 || memchr(key.data, '=', key.len) != NULL) {
    return setting_refuse(create, "a name under \"environment\" must have 1 to 90 bytes and no \"=\"");
  }
  setting_member("/environment", key, pointer);
  qn_str value = qn_config_str(create, pointer);
  int len =
      asprintf(ret_entry, "%.*s=%.*s", (int)key.len, key.data, (int)value.len, value.data == NULL ? "" : value.data);
  if (len < 0) {
    *ret_entry = NULL;
    return -ENOMEM;
  }
  return 0;
}

/* A variable that is set later comes first, since the first of a name counts. */
static int read_environment(qn_create *create, spawn_plan *plan) {
  uint32_t n_set = setting_count(create, "/environment");
  uint32_t n_inherit = setting_count(create, "/inherit");
  uint32_t n = 0;
  plan->envp = calloc((size_t)n_set + n_inherit + 1, sizeof *plan->envp);
  if (plan->envp == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < n_set; i++) {
    int rc = add_set(create, i, &plan->envp[n]);
    if (rc != 0) {
      return rc;
    }
    n++;
  }
  for (uint32_t i = 0; i < n_inherit; i++) {
    char pointer[POINTER_MAX];
    snprintf(pointer, sizeof pointer, "/inherit/%u", i);
    const char *name = qn_config_str(create, pointer).data; /* the host's strings end with NUL */
    const char *value = name == NULL ? NULL : getenv(name);
    if (value != NULL && asprintf(&plan->envp[n], "%s=%s", name, value) < 0) {
      plan->envp[n] = NULL;
      return -ENOMEM;
    }
    n += value != NULL;
  }
  return 0;
}

/* --- finding the program --- */

static bool is_program(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

static const char *path_of(char *const *envp) {
  for (; *envp != NULL; envp++) {
    if (strncmp(*envp, "PATH=", 5) == 0) {
      return *envp + 5;
    }
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

/* Absolute, since the program starts in another folder; but not resolved: some programs look at their own link. */
static char *absolute(const char *path) {
  char *made = NULL;
  char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
  if (path[0] == '/') {
    return strdup(path);
  }
  if (here == NULL || asprintf(&made, "%s/%s", here, path) < 0) {
    made = NULL;
  }
  free(here);
  return made;
}

static char *search(const char *name, const char *folders) {
  for (const char *at = folders;; at++) {
    size_t len = strcspn(at, ":");
    char *path = NULL;
    if (len > 0 && asprintf(&path, "%.*s/%s", (int)len, at, name) >= 0) {
      char *full = is_program(path) ? absolute(path) : NULL;
      free(path);
      if (full != NULL) {
        return full;
      }
    }
    at += len;
    if (*at == '\0') {
      return NULL;
    }
  }
}

static int find_program(qn_create *create, spawn_plan *plan) {
  char text[600];
  const char *name = plan->argv[0];
  bool has_folder = strchr(name, '/') != NULL;
  plan->path = has_folder ? absolute(name) : search(name, path_of(plan->envp));
  if (plan->path != NULL && is_program(plan->path)) {
    return 0;
  }
  if (!has_folder) {
    snprintf(text, sizeof text,
             "cannot run \"%.200s\": no folder of PATH (%.200s) has such a program; install it or name its path", name,
             path_of(plan->envp));
  } else {
    struct stat info;
    bool is_there = plan->path != NULL && stat(plan->path, &info) == 0;
    snprintf(text, sizeof text, "cannot run \"%.400s\": %s", name,
             !is_there               ? "there is no such file; a relative path begins where qanat runs"
             : S_ISREG(info.st_mode) ? "it is not executable; chmod +x makes it so"
                                     : "it is not a file");
  }
  return setting_refuse(create, text);
}

static int find_folder(qn_create *create, spawn_plan *plan) {
  char text[600];
  struct stat info;
  qn_str folder = qn_config_str(create, "/folder");
  if (folder.data == NULL || strcmp(folder.data, ".") == 0) {
    return 0;
  }
  if (setting_copy(create, "/folder", &plan->folder) != 0) {
    return -ENOMEM;
  }
  if (stat(plan->folder, &info) == 0 && S_ISDIR(info.st_mode)) {
    return 0;
  }
  snprintf(text, sizeof text, "\"folder\": there is no folder %.400s", plan->folder);
  return setting_refuse(create, text);
}

int spawn_plan_open(qn_create *create, spawn_plan *ret_plan) {
  *ret_plan = (spawn_plan){ .script = -1 };
  int rc = read_script(create, ret_plan);
  rc = rc == 0 ? read_argv(create, ret_plan) : rc;
  rc = rc == 0 ? read_environment(create, ret_plan) : rc;
  rc = rc == 0 ? find_program(create, ret_plan) : rc;
  rc = rc == 0 ? find_folder(create, ret_plan) : rc;
  if (rc != 0) {
    spawn_plan_done(ret_plan);
  }
  return rc == -ENOMEM ? setting_refuse(create, "no memory for the stage") : rc;
}

/* --- starting --- */

/* A pipe whose ends are none of the three that the child puts in place. */
static int pipe_open(int *ret_ends) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return -errno;
  }
  int rc = 0;
  for (int i = 0; i < 2; i++) {
    if (ends[i] >= FIRST_FREE) {
      continue;
    }
    int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, FIRST_FREE);
    rc = moved < 0 ? -errno : rc;
    if (moved >= 0) {
      close(ends[i]);
      ends[i] = moved;
    }
  }
  if (rc != 0) {
    close(ends[0]);
    close(ends[1]);
    return rc;
  }
  fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES); /* fewer turns for long lines; no matter if refused */
  memcpy(ret_ends, ends, sizeof ends);
  return 0;
}

static void close_pipes(int pipes[3][2]) {
  for (int i = 0; i < 6; i++) {
    int fd = pipes[i / 2][i % 2];
    if (fd >= 0) {
      close(fd);
    }
  }
}

static int set_actions(posix_spawn_file_actions_t *actions, const spawn_plan *plan, int pipes[3][2]) {
  int rc = posix_spawn_file_actions_adddup2(actions, pipes[0][0], 0);
  rc = rc == 0 ? posix_spawn_file_actions_adddup2(actions, pipes[1][1], 1) : rc;
  rc = rc == 0 ? posix_spawn_file_actions_adddup2(actions, pipes[2][1], 2) : rc;
  if (rc == 0 && plan->script >= 0) {
    rc = posix_spawn_file_actions_adddup2(actions, plan->script, SCRIPT_FD);
  }
  int first_closed = plan->script >= 0 ? SCRIPT_FD + 1 : SCRIPT_FD;
  rc = rc == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, first_closed) : rc;
  return rc == 0 && plan->folder != NULL ? posix_spawn_file_actions_addchdir_np(actions, plan->folder) : rc;
}

/* No signal is blocked or ignored in the program, and a Ctrl-C at our terminal does not reach it: it is told to leave by
 * the end of its input. */
static int set_attributes(posix_spawnattr_t *attributes) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  int rc = posix_spawnattr_setsigmask(attributes, &none);
  rc = rc == 0 ? posix_spawnattr_setsigdefault(attributes, &all) : rc;
  rc = rc == 0 ? posix_spawnattr_setpgroup(attributes, 0) : rc;
  return rc == 0 ? posix_spawnattr_setflags(attributes,
                                            POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)
                 : rc;
}

static int run(const spawn_plan *plan, int pipes[3][2], pid_t *ret_pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int rc = posix_spawn_file_actions_init(&actions);
  if (rc != 0) {
    return -rc;
  }
  rc = posix_spawnattr_init(&attributes);
  if (rc == 0) {
    rc = set_actions(&actions, plan, pipes);
    rc = rc == 0 ? set_attributes(&attributes) : rc;
    rc = rc == 0 ? posix_spawn(ret_pid, plan->path, &actions, &attributes, plan->argv, plan->envp) : rc;
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return -rc;
}

int spawn_start(const spawn_plan *plan, spawned *ret_spawned) {
  int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
  pid_t pid = -1;
  int rc = 0;
  for (int i = 0; rc == 0 && i < 3; i++) {
    rc = pipe_open(pipes[i]);
  }
  const int ours[3] = { pipes[0][1], pipes[1][0], pipes[2][0] };
  for (int i = 0; rc == 0 && i < 3; i++) {
    rc = fcntl(ours[i], F_SETFL, O_NONBLOCK) != 0 ? -errno : 0;
  }
  rc = rc == 0 ? run(plan, pipes, &pid) : rc;
  if (rc != 0) {
    close_pipes(pipes);
    return rc;
  }
  *ret_spawned = (spawned){ .pid = pid, .pidfd = pidfd_open(pid, 0), .in = ours[0], .out = ours[1], .err = ours[2] };
  close(pipes[0][0]);
  close(pipes[1][1]);
  close(pipes[2][1]);
  return 0;
}

ssize_t spawn_write(int fd, const void *bytes, size_t len) {
  sigset_t pipe_only;
  sigset_t before;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
  ssize_t n = write(fd, bytes, len);
  int code = errno;
  if (n < 0 && code == EPIPE && !sigismember(&before, SIGPIPE)) {
    const struct timespec now = { 0, 0 };
    sigtimedwait(&pipe_only, NULL, &now);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return n < 0 ? -code : n;
}
