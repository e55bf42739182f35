/* SPDX-License-Identifier: Apache-2.0 */

/* The worker threads: they take leaves from the borders of parallel segments and run them to the segment's end. Floor 4. */
#ifndef CORE_RUNTIME_CREW_H
#define CORE_RUNTIME_CREW_H

#include "runtime/lane.h"
#include "runtime/settle.h"
#include "runtime/state.h"

typedef struct worker {
  crew *crew;
  uint32_t index;
  pthread_t thread;
  bool has_thread;
  builder *builder;
  record_encoder *encoder;
  lane *lanes; /* by segment; only those of parallel segments are open */
  int opened;  /* what opening the lanes returned */
  qn_error error;
} worker;

struct crew {
  runtime *runtime;
  park park; /* all borders that workers read wake it */
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
/* Raises the cancel flag of everything that runs. [any] */
void crew_cancel(crew *crew);

#endif
