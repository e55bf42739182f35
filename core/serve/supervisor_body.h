/* SPDX-License-Identifier: Apache-2.0 */

/* The inside of a supervisor. Floor 4, private to its own files. */
#ifndef CORE_SERVE_SUPERVISOR_BODY_H
#define CORE_SERVE_SUPERVISOR_BODY_H

#include "runtime/pool.h"
#include "serve/letters.h"
#include "serve/supervisor.h"

enum { DRAINING_MAX = 8, DELAY_MIN_MS = 1000 };

/* Somebody's wish for a reload. */
typedef struct reload_request {
  struct reload_request *next;
  bool is_waited_for; /* its asker frees it */
  bool done;
  int code;
  char message[1024];
} reload_request;

struct supervisor {
  const service_parts *parts;
  char *path, *name;
  intake_world world;
  sources *sources; /* [loop's thread] */
  letters *letters;
  instance_pool *pool; /* [its thread] */
  generation *first;   /* built with it, until it is started */
  pthread_t thread;
  bool has_thread;
  _Atomic bool has_ended, is_stuck;

  pthread_mutex_t mutex; /* all that follows */
  pthread_cond_t changed;
  bool stopping;
  uint64_t stop_by_ms; /* once it is: when all must be over, whatever it was doing */
  reload_request *requests;
  edition *edition; /* that runs, or is to run again */
  generation *running;
  uint32_t n_draining;
  generation *draining[DRAINING_MAX];
  pipeline_state state;
  uint32_t n_generations;
  uint32_t n_failures;
  uint64_t started_ms, due_ms; /* of the running one; when to start another, 0: not */
  bool last_reload_ok;
  int64_t last_reload_ms;
  char reload_message[1024];
  runtime_counts past; /* of generations that are gone */
};

/* --- supervisor.c [its thread] --- */

uint64_t supervisor_clock_ms(void); /* never goes back */
void supervisor_say(const supervisor *self, uint32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int supervisor_build(supervisor *self, edition *of, generation **ret_generation, qn_error *error);
/* Makes it the one that runs; it is gone if that fails. */
int supervisor_launch(supervisor *self, generation *of, qn_error *error);
/* Takes what runs out of sight of others. NULL: nothing does. */
generation *supervisor_take_running(supervisor *self, pipeline_state state);
/* Warns of documents in the journal whose source the pipeline no longer has. */
void supervisor_tell_orphans(const supervisor *self);
/* The earlier of the moment and the one by which a worker that ends must be done. */
uint64_t supervisor_deadline(supervisor *self, uint64_t until_ms);
/* Lets it finish under the deadline; what is left then goes back to the journal. False: it does not even end then. */
bool supervisor_drain(supervisor *self, generation *of);
/* Adds those of the run; of in_flight too. */
void supervisor_add_counts(runtime_counts *sum, const generation *of);
/* Takes down one that has ended and that nobody looks at any more. */
void supervisor_bury(supervisor *self, generation *of);

/* --- supervisor_reload.c [its thread] --- */

/* Reads the file as it is now, for all who have asked for it so far. */
void supervisor_answer_requests(supervisor *self);
void supervisor_refuse_requests(supervisor *self);

#endif
