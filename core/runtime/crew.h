/* SPDX-License-Identifier: Apache-2.0 */

/* The worker threads: they go round the segments and run what is ready. Floor 4. */
#ifndef CORE_RUNTIME_CREW_H
#define CORE_RUNTIME_CREW_H

#include "runtime/flow.h"
#include "runtime/lane.h"
#include "runtime/state.h"

/* So many workers may be given up before the run is. */
enum { CREW_LOST_MAX = 4 };

typedef struct worker {
  crew *crew;
  uint32_t index;
  pthread_t thread;
  bool has_thread;
  builder *builder;
  record_encoder *encoder;
  flow flow;
  watch watch;
  bool is_lost;         /* it was given up while a stage did not return, and is to end [worker] */
  _Atomic bool is_gone; /* and has ended */
  document *pinned;     /* what it may still look at [loop] */
  lane *lanes;          /* by segment: the worker's own contexts, where the segment's work opens them */
  int opened;           /* what opening the lanes returned */
  bool is_open;         /* they are there [under the crew's mutex] */
  qn_error error;
} worker;

struct crew {
  runtime *runtime;
  uint32_t n_workers;
  worker *workers;    /* room for those that take the place of given-up ones */
  uint32_t n_started; /* [loop] */
  uint32_t n_lost;    /* [loop] */
  flow flow;          /* for documents whose worker was given up [loop] */
  uv_timer_t look;    /* [loop] */
  bool has_look;
  _Atomic bool stopping;
  pthread_mutex_t mutex; /* over n_opened, and the workers' is_open */
  pthread_cond_t opened;
  uint32_t n_opened;
};

/* Starts the threads and waits until each has opened its contexts. */
int crew_new(runtime *runtime, uint32_t n_workers, crew **ret_crew, qn_error *error);
/* Waits for the threads to end; they close their contexts. False: some will not, since a stage does not return; then
 * nothing that they may use may be freed. NULL is fine. [loop] */
bool crew_free(crew *crew);
/* True if some thread that was given up has not ended. [loop] */
bool crew_is_stuck(const crew *crew);
/* Raises the cancel flag of everything that runs. [loop] */
void crew_cancel(crew *crew);

#endif
