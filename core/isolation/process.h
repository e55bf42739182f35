/* SPDX-License-Identifier: Apache-2.0 */

/* A stage host as a process: how it is started, listened to and ended. Floor 4. */
#ifndef CORE_ISOLATION_PROCESS_H
#define CORE_ISOLATION_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "document/error.h"
#include "isolation/stage_host.h"
#include "plugin/host.h"

enum { PROCESS_LINE_MAX = 1024 };

typedef struct process {
  pid_t pid;  /* 0: none */
  int socket; /* does not block */
  int said;   /* its standard error; -1: ended */
  stage_scene *scene;
  char line[PROCESS_LINE_MAX]; /* not ended yet */
  uint32_t line_len;
} process;

#define PROCESS_NONE ((process){ .socket = -1, .said = -1 })

typedef void process_log(void *arg, uint32_t level, const char *text, size_t len);

/* program NULL: this program's own file. In a process group of its own, with nothing open but what it needs. */
int process_start(process *process, const char *program, qn_error *error);
/* How it ended. */
typedef struct process_exit {
  int status; /* of wait() */
  bool by_us;
  uint64_t most_bytes; /* of memory; 0: not known */
} process_exit;

/* Ends it and all of its group, and waits; first so long for it to end by itself. */
void process_end(process *process, uint32_t patience_ms, process_log *log, void *arg, process_exit *ret_exit);

/* Passes on the lines that are there. */
void process_listen(process *process, process_log *log, void *arg);

/* What the process says that its stage has. */
host_memory process_memory(const process *process);

/* A new batch; and how many documents of it the child says it has begun. */
void process_begin(process *process);
uint32_t process_at(const process *process);

#endif
