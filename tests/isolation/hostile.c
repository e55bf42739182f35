/* SPDX-License-Identifier: Apache-2.0 */

/* A stage that does what the payload says, to be run where it can do no harm. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "qanat/stage.h"

/* The descriptor that a stage host talks to its parent through. */
enum { PARENT_SOCKET = 3, GARBAGE = 64, WORDS_MAX = 512, WORK_MS = 60, NAP_MS = 200 };

/* What create found, which documents ask for. */
typedef struct found {
  const qn_host *host;
  qn_env *env;
  int early_code; /* of opening a file by its name; 0: it could */
  int64_t data_bytes, list_bytes;
} found;

static int create(qn_create *with, void **ret_instance) {
  static const char why[] = "create was told to fail";
  qn_str how = qn_config_str(with, "/create"), lent;
  if (how.len == 4) {
    return with->host->create_fail(with, why, sizeof why - 1);
  }
  if (how.len == 5) {
    abort();
  }
  found *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *self = (found){ .host = with->host, .env = with->env, .data_bytes = -1, .list_bytes = -1 };
  int fd = open("/etc/passwd", O_RDONLY);
  self->early_code = fd < 0 ? errno : (close(fd), 0);
  if (with->host->data_open(with, "words.txt", &lent) == 0) {
    self->data_bytes = (int64_t)lent.len;
  }
  if (qn_config_str(with, "/list").len > 0 && with->host->file_open(with, "/list", &lent) == 0) {
    self->list_bytes = (int64_t)lent.len;
  }
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  found *self = instance;
  if (self != NULL) {
    self->host->log(self->env, QN_LOG_WARNING, "farewell", 8);
    self->host->release(self->env, self);
  }
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

/* Processor time of this thread. */
static void burn(int64_t ms) {
  struct timespec used = { 0 };
  while ((int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000 < ms) {
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  }
}

static void *burn_for_ever(void *arg) {
  burn(INT64_MAX);
  return arg;
}

/* "read PATH" and the like; -1: it is none of them. 0 it worked, else an errno. */
static int try_with_path(const char *what) {
  static const struct {
    const char *word;
    int flags;
  } ways[] = { { "read ", O_RDONLY },
               { "write ", O_WRONLY },
               { "make ", O_WRONLY | O_CREAT | O_EXCL },
               { "empty ", O_RDONLY | O_TRUNC } };
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    if (strncmp(what, ways[i].word, strlen(ways[i].word)) == 0) {
      int fd = open(what + strlen(ways[i].word), ways[i].flags, 0600);
      return fd < 0 ? errno : close(fd);
    }
  }
  if (strncmp(what, "truncate ", 9) == 0) {
    return truncate(what + 9, 0) == 0 ? 0 : errno;
  }
  if (strncmp(what, "chmod ", 6) == 0) {
    return chmod(what + 6, 0777) == 0 ? 0 : errno;
  }
  return -1;
}

static int count_descriptors(void) {
  int n = 0;
  while (dup(PARENT_SOCKET) >= 0) {
    n++;
  }
  for (int fd = PARENT_SOCKET + 2; n > 0 && fd < 70000; fd++) { /* not the socket, nor the page behind it */
    close(fd);
  }
  return n;
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
  } else if (strcmp(what, "unix") == 0) {
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
  } else if (strcmp(what, "raw") == 0) {
    fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  } else if (strcmp(what, "limits") == 0) {
    struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };
    return setrlimit(RLIMIT_AS, &more) == 0 ? 0 : errno;
  } else if (strcmp(what, "descriptors") == 0) {
    return count_descriptors();
  } else {
    return try_with_path(what);
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
  } else if (strcmp(what, "spin") == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, burn_for_ever, NULL);
    burn_for_ever(NULL);
  } else if (strcmp(what, "work") == 0) {
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    burn((int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000 + WORK_MS);
  } else if (strcmp(what, "nap") == 0) {
    nanosleep(&(struct timespec){ .tv_nsec = NAP_MS * 1000000L }, NULL);
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

static int64_t answer_to(const found *self, const char *what, size_t len) {
  if (strcmp(what, "early") == 0) {
    return self->early_code;
  }
  if (strcmp(what, "data") == 0) {
    return self->data_bytes;
  }
  if (strcmp(what, "list") == 0) {
    return self->list_bytes;
  }
  harm(what);
  int code = try_to(what);
  return code >= 0 ? code : (int64_t)len;
}

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)context;
  qn_view payload;
  char what[WORDS_MAX] = "";
  if (call->host->view_get(call, &payload) == 0 && payload.len < sizeof what) {
    memcpy(what, payload.data, payload.len);
  }
  if (strcmp(what, "reject") == 0) {
    return call->host->fail(call, QN_STATUS_REJECT, "not-mine", "it is not mine", strlen("it is not mine"));
  }
  if (strcmp(what, "drop") == 0) {
    return QN_STATUS_DROP;
  }
  return answer(call, answer_to(instance, what, payload.len)) == 0 ? QN_STATUS_OK : QN_STATUS_FATAL;
}

static void process_batch(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                          qn_status *ret_statuses) {
  for (uint32_t i = 0; i < n_calls; i++) {
    ret_statuses[i] = process(instance, context, calls[i]);
  }
}

/* --- asynchronous: each document in a thread of its own --- */

typedef struct pending {
  void *instance;
  qn_call *call;
  qn_ticket ticket;
} pending;

static void *process_and_complete(void *arg) {
  static const char why[] = "it is not mine";
  pending one = *(pending *)arg;
  const qn_host *host = one.call->host;
  qn_env *env = one.call->env;
  free(arg);
  qn_status status = process(one.instance, NULL, one.call);
  bool failed = status >= QN_STATUS_RETRY;
  host->complete(env, one.ticket, status, failed ? "not-mine" : NULL, failed ? why : NULL, failed ? sizeof why - 1 : 0);
  return NULL;
}

static qn_status process_later(void *instance, void *context, qn_call *call) {
  (void)context;
  pthread_t thread;
  pending *one = malloc(sizeof *one);
  if (one == NULL) {
    return qn_fail(call, QN_STATUS_FATAL, "no-memory", "no memory");
  }
  *one = (pending){ instance, call, call->ticket };
  if (pthread_create(&thread, NULL, process_and_complete, one) != 0) {
    free(one);
    return qn_fail(call, QN_STATUS_FATAL, "no-thread", "no thread");
  }
  pthread_detach(thread);
  return QN_STATUS_PENDING;
}

static const qn_transform async_table = {
  .size = sizeof(qn_transform), .create = create, .destroy = destroy, .process = process_later
};

static const qn_transform one_table = {
  .size = sizeof(qn_transform), .create = create, .destroy = destroy, .process = process
};
static const qn_transform batch_table = {
  .size = sizeof(qn_transform), .create = create, .destroy = destroy, .process_batch = process_batch
};
static const qn_stage one = { .size = sizeof(qn_stage), .name = "hostile", .transform = &one_table };
static const qn_stage batch = { .size = sizeof(qn_stage), .name = "hostile-batch", .transform = &batch_table };
static const qn_stage reach = { .size = sizeof(qn_stage), .name = "hostile-reach", .transform = &one_table };
static const qn_stage async = { .size = sizeof(qn_stage), .name = "hostile-async", .transform = &async_table };
static const qn_stage *const stages[] = { &one, &batch, &reach, &async };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 4, .stages = stages };
