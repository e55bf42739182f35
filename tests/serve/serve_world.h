/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of a worker without its service: a state folder, a journal, a loop, editions of pipelines of probe stages; or a whole
 * service on a thread. Everything said is kept. */
#ifndef TESTS_SERVE_SERVE_WORLD_H
#define TESTS_SERVE_SERVE_WORLD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "delivery/journal.h"
#include "runtime/loop.h"
#include "serve/edition.h"
#include "serve/intake.h"
#include "serve/service.h"
#include "serve/service_parts.h"

typedef struct serve_world {
  registry *registry; /* of the probe, and of the stages of this build */
  pthread_mutex_t registry_mutex;
  journal *journal; /* in state/; NULL until serve_world_open */
  loop loop;
  struct listeners *listeners;
  uint32_t n_ended; /* sources */
  service_options options;
  service_parts parts; /* for what needs no service */

  service *service; /* serve_world_start */
  pthread_t thread;
  int code;
  qn_error error;

  pthread_mutex_t log_mutex;
  char log[1 << 16]; /* "pipeline/stage: text\n" for each line, as far as there is room */
} serve_world;

/* Set-up and teardown: a new folder is the working directory, and is removed with all that is in it. *state is the world. */
int serve_world_enter(void **state);
int serve_world_leave(void **state);

/* The journal, the loop and the parts. options NULL: the usual ones. */
void serve_world_open(serve_world *self, const journal_options *options);
void serve_world_close(serve_world *self);

/* Writes a file in the folder, with ' for ". */
void serve_world_write(const char *path, const char *text);
/* What it says, or "" if it is not there; free it. */
char *serve_world_read(const char *path);
edition *serve_world_edition(serve_world *self, const char *text); /* what makes no plan fails the test */

/* A service with the pipeline files, run on a thread; options are those of the world. */
void serve_world_start(serve_world *self, const char *const *paths, uint32_t n_paths);
/* Told to stop; the code of its run. It is freed. */
int serve_world_stop(serve_world *self);

/* Puts documents with the payloads "first" to "first + n - 1" into the line, as the probe's source would, and waits until they are on the
 * disk. */
void serve_world_put(journal *journal, journal_line *line, uint64_t first, uint64_t n);

uint32_t serve_world_logged(serve_world *self, const char *text); /* how often the log has it */
/* Calls it until it holds; after a minute the test fails with the words. */
void serve_world_wait(bool (*holds)(void *arg), void *arg, const char *words);
void serve_world_nap(uint32_t ms);

#endif
