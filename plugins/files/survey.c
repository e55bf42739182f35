/* SPDX-License-Identifier: Apache-2.0 */

/* A second walk over the inputs that only looks at sizes. It costs a look at each file's entry, which reading needs soon
 * after, and runs beside the reading so that the first document does not wait for it. */
#include "files/survey.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/walk.h"

struct files_survey {
  file_walk *walk; /* the thread's */
  pthread_t thread;
  _Atomic bool stopping;
  _Atomic uint64_t total;
};

/* Adds the size of one file. False if it has none: standard input, a pipe. */
static bool add_size(const char *path, uint64_t *total) {
  struct stat status;
  if (strcmp(path, "-") == 0) {
    return false;
  }
  if (stat(path, &status) != 0) {
    return true; /* reading it will fail, and say so */
  }
  *total += (uint64_t)status.st_size;
  return S_ISREG(status.st_mode);
}

static void *survey_all(void *arg) {
  files_survey *survey = arg;
  uint64_t total = 0;
  while (!atomic_load_explicit(&survey->stopping, memory_order_relaxed)) {
    walk_kind kind;
    const char *path;
    file_fault fault;
    if (walk_next(survey->walk, &kind, &path, &fault) != 0 || (kind == WALK_FILE && !add_size(path, &total))) {
      break;
    }
    if (kind == WALK_END) {
      atomic_store_explicit(&survey->total, total, memory_order_relaxed);
      break;
    }
  }
  return NULL;
}

/* Signals are the program's business, not this thread's. */
static int start_thread(files_survey *survey) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(&survey->thread, NULL, survey_all, survey);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return -rc;
}

int survey_start(const char *const *paths, uint32_t n_paths, const char *const *include, uint32_t n_include,
                 files_survey **ret_survey) {
  files_survey *survey = calloc(1, sizeof *survey);
  if (survey == NULL) {
    return -ENOMEM;
  }
  int rc = walk_new(paths, n_paths, include, n_include, &survey->walk);
  if (rc == 0) {
    rc = start_thread(survey);
  }
  if (rc != 0) {
    walk_free(survey->walk);
    free(survey);
    return rc;
  }
  *ret_survey = survey;
  return 0;
}

uint64_t survey_total(const files_survey *survey) {
  return atomic_load_explicit(&survey->total, memory_order_relaxed);
}

void survey_free(files_survey *survey) {
  if (survey == NULL) {
    return;
  }
  atomic_store_explicit(&survey->stopping, true, memory_order_relaxed);
  pthread_join(survey->thread, NULL);
  walk_free(survey->walk);
  free(survey);
}
