/* SPDX-License-Identifier: Apache-2.0 */

/* A document that somebody wants to see go through a running pipeline, to no sink. Floor 4.
 *
 * Two hold it: who asked and waits, and the run. */
#ifndef CORE_SERVE_TRIAL_H
#define CORE_SERVE_TRIAL_H

#include "runtime/runtime.h"

typedef struct trial {
  struct trial *next; /* in a feed's list */
  const char *media_type;
  const void *bytes;
  size_t len;
} trial;

/* Copies all of it. 0, -ENOMEM. */
int trial_new(const char *media_type, const void *bytes, size_t len, trial **ret_trial);
/* How it came out; NULL: not at all. The run's hold ends. [any] */
void trial_end(trial *trial, const runtime_end *end);
/* Waits for that. The asker's hold ends. 0 with the record, which is the caller's; -ETIMEDOUT; -EBADMSG (a stage failed on it), -ENODATA (it
 * was dropped on its way), -ECANCELED (the pipeline ended first), with error filled. */
int trial_wait(trial *trial, uint32_t timeout_ms, char **ret_record, qn_error *error);

#endif
