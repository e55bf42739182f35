/* SPDX-License-Identifier: Apache-2.0 */

/* A stage that does what the payload says, to be run where it can do no harm. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qanat/stage.h"

/* The descriptor that a stage host talks to its parent through. */
enum { PARENT_SOCKET = 3, GARBAGE = 64 };

static int create(qn_create *with, void **ret_instance) {
  static const char why[] = "create was told to fail";
  qn_str how = qn_config_str(with, "/create");
  *ret_instance = NULL;
  if (how.len == 4) {
    return with->host->create_fail(with, why, sizeof why - 1);
  }
  if (how.len == 5) {
    abort();
  }
  return 0;
}

static void destroy(void *instance) {
  (void)instance;
}

static int answer(qn_call *call, int64_t number) {
  qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = number } };
  return call->host->field_set(call, QN_LIT("answer"), &value);
}

static void take_all_memory(void) {
  for (;;) {
    const size_t bytes = 1 << 20;
    char *room = malloc(bytes);
    memset(room, 1, bytes); /* a stage that never looks at what malloc gave */
    __asm__ volatile("" : : "r"(room) : "memory");
  }
}

static void *stay(void *arg) {
  return arg;
}

/* What the attempt came to: 0 it worked, else an errno. */
static int try_to(const char *what) {
  int fd = -1;
  pthread_t thread;
  if (strcmp(what, "fork") == 0) {
    pid_t pid = fork();
    if (pid == 0) {
      _exit(0);
    }
    return pid < 0 ? errno : (waitpid(pid, NULL, 0), 0);
  }
  if (strcmp(what, "socket") == 0) {
    fd = socket(AF_INET, SOCK_STREAM, 0);
  } else if (strcmp(what, "file") == 0) {
    fd = open("/etc/passwd", O_RDONLY);
  } else if (strcmp(what, "write") == 0) {
    fd = open("/dev/shm/qanat-hostile", O_WRONLY | O_CREAT, 0600);
  } else if (strcmp(what, "exec") == 0) {
    execl("/bin/true", "true", (char *)NULL);
  } else if (strcmp(what, "kill") == 0) {
    return kill(getppid(), SIGTERM) == 0 ? 0 : errno;
  } else if (strcmp(what, "thread") == 0) {
    int rc = pthread_create(&thread, NULL, stay, NULL);
    return rc != 0 ? rc : pthread_join(thread, NULL);
  } else {
    return -1;
  }
  int code = fd < 0 ? errno : 0;
  if (fd >= 0) {
    close(fd);
  }
  return code;
}

static void harm(const char *what) {
  static const char garbage[GARBAGE] = "no frame at all";
  if (strcmp(what, "crash") == 0) {
    signal(SIGSEGV, SIG_DFL); /* whatever a sanitizer does with it */
    raise(SIGSEGV);
  } else if (strcmp(what, "exit") == 0) {
    _exit(3);
  } else if (strcmp(what, "hang") == 0) {
    for (;;) {
      pause();
    }
  } else if (strcmp(what, "memory") == 0) {
    take_all_memory();
  } else if (strcmp(what, "garbage") == 0) {
    ssize_t n = write(PARENT_SOCKET, garbage, sizeof garbage);
    (void)n;
  } else if (strcmp(what, "close") == 0) {
    close(PARENT_SOCKET);
  } else if (strcmp(what, "shout") == 0) {
    for (int i = 0; i < 20000; i++) {
      fputs("a line that nobody asked for\n", stderr);
    }
  }
}

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  qn_view payload;
  char what[32] = "";
  if (call->host->view_get(call, &payload) == 0 && payload.len < sizeof what) {
    memcpy(what, payload.data, payload.len);
  }
  if (strcmp(what, "reject") == 0) {
    return call->host->fail(call, QN_STATUS_REJECT, "not-mine", "it is not mine", strlen("it is not mine"));
  }
  if (strcmp(what, "drop") == 0) {
    return QN_STATUS_DROP;
  }
  harm(what);
  int code = try_to(what);
  return answer(call, code >= 0 ? code : (int64_t)payload.len) == 0 ? QN_STATUS_OK : QN_STATUS_FATAL;
}

static void process_batch(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                          qn_status *ret_statuses) {
  for (uint32_t i = 0; i < n_calls; i++) {
    ret_statuses[i] = process(instance, context, calls[i]);
  }
}

static const qn_transform one_table = {
  .size = sizeof(qn_transform), .create = create, .destroy = destroy, .process = process
};
static const qn_transform batch_table = {
  .size = sizeof(qn_transform), .create = create, .destroy = destroy, .process_batch = process_batch
};
static const qn_stage one = { .size = sizeof(qn_stage), .name = "hostile", .transform = &one_table };
static const qn_stage batch = { .size = sizeof(qn_stage), .name = "hostile-batch", .transform = &batch_table };
static const qn_stage *const stages[] = { &one, &batch };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 2, .stages = stages };
