/* SPDX-License-Identifier: Apache-2.0 */

/* Starting a program with three pipes and nothing else of ours: its environment, folder and descriptors are what the
 * configuration says. */
#ifndef EXEC_SPAWN_H
#define EXEC_SPAWN_H

#include <sys/types.h>

#include "qanat/stage.h"

/* Where the program finds the file that "script" names: it is the same whatever happens to the file meanwhile. */
#define SPAWN_SCRIPT "/dev/fd/3"

/* What is started. Owned strings. */
typedef struct spawn_plan {
  char *path;  /* absolute */
  char **argv; /* NULL-terminated, as envp */
  char **envp;
  char *folder; /* NULL: where we are */
  int script;   /* a sealed file in memory that the program finds at SPAWN_SCRIPT; -1: none */
} spawn_plan;

/* A process, and our ends of its pipes: non-blocking, closed on exec. */
typedef struct spawned {
  pid_t pid;
  int pidfd;
  int in, out, err;
} spawned;

/* Reads "command", "script", "folder", "inherit" and "environment"; looks the program up. 0, or a negative errno after
 * create_fail(). [create] */
int spawn_plan_open(qn_create *create, spawn_plan *ret_plan);
void spawn_plan_done(spawn_plan *plan); /* also one whose open failed */

/* 0, or the negative errno of what did not work. The process leads a group of its own. */
int spawn_start(const spawn_plan *plan, spawned *ret_spawned);

/* write() that raises no signal when nobody reads. As write(), but with a negative errno. */
ssize_t spawn_write(int fd, const void *bytes, size_t len);

#endif
