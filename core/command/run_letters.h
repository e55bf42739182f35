/* SPDX-License-Identifier: Apache-2.0 */

/* Where the failed documents of a run go: named at once if asked, the first of them kept to be told, and all of them
 * in a file if there is one. Floor 5. */
#ifndef CORE_COMMAND_RUN_LETTERS_H
#define CORE_COMMAND_RUN_LETTERS_H

#include <pthread.h>
#include <stdbool.h>

#include "delivery/letter_file.h"
#include "runtime/runtime.h"

typedef struct run_letters {
  letter_store store;                          /* what the runtime is given; must be first */
  letter_store *memory;                        /* the first, and how many there are */
  letter_store *file;                          /* NULL: none */
  const char *path;                            /* of the file */
  void (*name)(void *arg, const letter *note); /* says a failure at once; NULL: not wanted */
  void *arg;

  pthread_mutex_t mutex; /* what follows; the file's thread sets it */
  runtime *running;      /* to be stopped when no more can be kept; NULL before and after the run */
  qn_error trouble;      /* why it was; code 0: it was not */
} run_letters;

typedef struct run_letters_options {
  const char *path; /* NULL: no file */
  const char *pipeline;
  uint64_t max_bytes; /* of the file; 0: the usual */
  uint32_t n_kept;    /* in memory */
  void (*name)(void *arg, const letter *note);
  void *arg;
} run_letters_options;

int run_letters_init(run_letters *letters, const run_letters_options *options, qn_error *error);
void run_letters_done(run_letters *letters); /* also if it was never initialised, but zeroed */

/* The run begins, or has ended (NULL). */
void run_letters_watch(run_letters *letters, runtime *running);

/* After the run: waits for the file. 0, or a negative errno with error filled: not all failures are kept. */
int run_letters_flush(run_letters *letters, letter_file_counts *ret_counts, qn_error *error);

#endif
