/* SPDX-License-Identifier: Apache-2.0 */

/* One run of a pipeline: a runtime on a thread of its own, its feeds, and what of the journal it has in flight. Floor 4. */
#ifndef CORE_SERVE_GENERATION_H
#define CORE_SERVE_GENERATION_H

#include <pthread.h>

#include "delivery/journal.h"
#include "runtime/runtime.h"
#include "serve/edition.h"
#include "serve/feed.h"
#include "serve/intake.h"

typedef struct generation generation;

typedef struct generation_options {
  edition *edition; /* it takes a hold of its own */
  uint32_t number;  /* from 1 on */
  registry *registry;
  pthread_mutex_t *registry_mutex; /* whoever loads takes it */
  journal *journal;
  intake_port *const *ports; /* of the edition's journaled sources, in their order */
  letter_store *letters;
  struct instance_pool *pool;
  struct listeners *listeners;
  const char *stage_host;
  const struct tracer *tracer; /* NULL: nothing is traced */
  uint32_t n_workers;
  void (*log)(void *arg, const char *stage, uint32_t level, const char *text, size_t len); /* [any] */
  void (*ended)(void *arg); /* its thread is about to end [its thread] */
  void *arg;
} generation_options;

/* Builds it; nothing runs yet. 0, or a negative errno with error filled. */
int generation_new(const generation_options *options, generation **ret_generation, qn_error *error);
int generation_start(generation *generation, qn_error *error);
void generation_stop(generation *generation);    /* its sources end; what is in flight comes out [any] */
void generation_abandon(generation *generation); /* what is in flight goes back to the journal [any] */
bool generation_has_ended(const generation *generation);
/* How: 0, -EINTR (it was stopped), -ECANCELED (abandoned), or what broke it. After its end. */
int generation_code(const generation *generation, const qn_error **ret_error);
/* Joins its thread and takes it down. False: a stage does not return; all is left as it is, and the process should end. After its end, or
 * if it was never started. */
bool generation_free(generation *generation);

/* What its feeds took and did not emit goes back to the journal, for the next one to take. Once its sources have ended. */
void generation_return_taken(generation *generation);

runtime *generation_runtime(const generation *generation);
edition *generation_edition(const generation *generation);
uint32_t generation_number(const generation *generation);
/* The feed of its first journaled source; NULL: it has none. */
feed *generation_feed(const generation *generation);

#endif
