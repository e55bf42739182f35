/* SPDX-License-Identifier: Apache-2.0 */

/* Runs one check in a child process with limits, and says how it ended. Floor 4. */
#ifndef CORE_CONFORMANCE_CHILD_H
#define CORE_CONFORMANCE_CHILD_H

#include "conformance/teller.h"

enum { CHILD_SAID_MAX = 16384 };

typedef enum child_end_kind {
  CHILD_DONE,     /* it said so */
  CHILD_CRASHED,  /* a signal ended it */
  CHILD_HUNG,     /* the limit of time did */
  CHILD_EXITED,   /* it ended without saying that it was done */
  CHILD_SANITIZER /* it ended with a sanitizer's report */
} child_end_kind;

typedef struct child_end {
  child_end_kind kind;
  int signal;   /* CHILD_CRASHED */
  int status;   /* CHILD_EXITED */
  rule_id rule; /* the one broken by crashing or hanging there */
  uint32_t document;
  char doing[SCENE_TEXT_MAX];
  char said[CHILD_SAID_MAX]; /* the end of what it wrote to standard error and output */
} child_end;

typedef struct child_job {
  void (*body)(void *arg, teller *teller);            /* in the child */
  void (*told)(void *arg, const tell_record *record); /* in the parent, as it comes */
  void *arg;                                          /* of both */
  uint32_t time_ms;
} child_job;

/* 0; -EINTR if somebody wants the calling process to end (SIGINT, SIGTERM, SIGHUP), which is left to the caller; or the errno of
 * what is needed to start one. The calling process must have one thread. */
int child_run(const child_job *job, child_end *ret_end);

#endif
