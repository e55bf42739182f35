/* SPDX-License-Identifier: Apache-2.0 */

/* The worker threads: they go round the segments and run what is ready. Floor 4. */
#ifndef CORE_RUNTIME_CREW_H
#define CORE_RUNTIME_CREW_H

#include "runtime/flow.h"
#include "runtime/lane.h"
#include "runtime/state.h"

typedef struct worker {
  crew *crew;
  uint32_t index;
  pthread_t thread;
  bool has_thread;
  builder *builder;
  record_encoder *encoder;
  flow flow;
  lane *lanes; /* by segment: the worker's own contexts, where the segment's work opens them */
  int opened;  /* what opening the lanes returned */
  qn_error error;
} worker;

struct crew {
  runtime *runtime;
  uint32_t n_workers;
  worker *workers;
  _Atomic bool stopping;
  pthread_mutex_t mutex; /* over n_opened */
  pthread_cond_t opened;
  uint32_t n_opened;
};

/* Starts the threads and waits until each has opened its contexts. */
int crew_new(runtime *runtime, uint32_t n_workers, crew **ret_crew, qn_error *error);
/* Waits for the threads to end; they close their contexts. NULL is fine. */
void crew_free(crew *crew);
/* Raises the cancel flag of everything that runs. [loop] */
void crew_cancel(crew *crew);

#endif
