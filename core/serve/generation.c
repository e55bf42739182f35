/* SPDX-License-Identifier: Apache-2.0 */

/* From an edition to a runtime with feeds in it, and back. */
#include "serve/generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serve/docket.h"
#include "serve/thread.h"

struct generation {
  generation_options options;
  edition *edition;
  docket *docket;
  feed **feeds; /* by the edition's journaled sources */
  runtime *runtime;
  runtime_keeper keeper;
  pthread_t thread;
  bool has_thread;
  _Atomic bool has_ended;
  int code;
  qn_error error;
};

/* --- what sinks keep --- */

static int load_kept(void *arg, uint32_t stage, void **ret_bytes, size_t *ret_size) {
  const generation *self = arg;
  const plan *planned = self->edition->plan;
  return journal_kept(self->options.journal, planned->name, planned->stages[stage].id, ret_bytes, ret_size);
}

static int confirm(void *arg, uint32_t stage, const uint64_t *cookies, uint32_t n, const void *state, size_t size) {
  generation *self = arg;
  const plan *planned = self->edition->plan;
  if (n == 0 && state == NULL) {
    return 0;
  }
  journal_entry **entries = malloc((n + 1) * sizeof(journal_entry *));
  if (entries == NULL) {
    return -ENOMEM;
  }
  uint32_t n_entries = docket_entries(self->docket, cookies, n, entries);
  int rc =
      journal_confirm(self->options.journal, planned->name, planned->stages[stage].id, entries, n_entries, state, size);
  free(entries);
  return rc;
}

/* --- building --- */

static int build_feeds(generation *self, qn_error *error) {
  edition *from = self->edition;
  self->feeds = calloc(from->n_journaled + 1, sizeof *self->feeds);
  int rc = self->feeds == NULL ? -ENOMEM : docket_new(self->options.journal, &self->docket);
  for (uint32_t i = 0; rc == 0 && i < from->n_journaled; i++) {
    intake_port *port = self->options.ports[i];
    rc = feed_new(&from->journaled[i], from->plan, intake_port_line(port), self->docket, intake_port_finished, port,
                  &self->feeds[i]);
  }
  return rc == 0 ? 0 : error_set(error, rc, "no-memory", "no memory to run the pipeline");
}

static bool is_feed(const edition *of, uint32_t stage) {
  for (uint32_t i = 0; i < of->n_journaled; i++) {
    if (of->journaled[i].stage == stage) {
      return true;
    }
  }
  return false;
}

static int build_runtime(generation *self, qn_error *error) {
  const generation_options *given = &self->options;
  const plan *planned = self->edition->plan;
  const qn_stage *tables[PLAN_STAGES_MAX];
  for (uint32_t i = 0; i < planned->n_stages; i++) {
    const plan_stage *stage = &planned->stages[i];
    tables[i] = is_feed(self->edition, i) ? feed_table() : NULL;
    bool is_loaded = tables[i] != NULL || stage->isolate;
    pthread_mutex_lock(given->registry_mutex);
    int rc = is_loaded ? 0 : registry_load(given->registry, stage->info, &tables[i], error);
    pthread_mutex_unlock(given->registry_mutex);
    if (rc != 0) {
      return rc;
    }
  }
  self->keeper = (runtime_keeper){ .load = load_kept, .flushed = confirm, .arg = self };
  const runtime_options options = { .n_workers = given->n_workers,
                                    .log = given->log,
                                    .arg = given->arg,
                                    .letters = given->letters,
                                    .stage_host = given->stage_host,
                                    .tracer = given->tracer,
                                    .listeners = given->listeners,
                                    .pool = given->pool,
                                    .keeper = self->edition->all_journaled ? &self->keeper : NULL,
                                    .serves = true };
  int rc = runtime_new(planned, tables, &options, &self->runtime, error);
  for (uint32_t i = 0; rc == 0 && i < self->edition->n_journaled; i++) {
    feed_attach(self->feeds[i], self->runtime);
  }
  return rc;
}

int generation_new(const generation_options *options, generation **ret_generation, qn_error *error) {
  generation *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory to run the pipeline");
  }
  made->options = *options;
  made->edition = edition_ref(options->edition);
  int rc = build_feeds(made, error);
  rc = rc == 0 ? build_runtime(made, error) : rc;
  if (rc != 0) {
    generation_free(made);
    return rc;
  }
  *ret_generation = made;
  return 0;
}

/* --- running --- */

static void *run(void *arg) {
  generation *self = arg;
  self->code = runtime_run(self->runtime, &self->error);
  atomic_store(&self->has_ended, true);
  self->options.ended(self->options.arg);
  return NULL;
}

int generation_start(generation *self, qn_error *error) {
  int rc = thread_start(&self->thread, run, self, "pipeline");
  self->has_thread = rc == 0;
  return rc == 0 ? 0 : error_set(error, rc, "no-threads", "cannot start a thread for the pipeline: %s", strerror(-rc));
}

void generation_stop(generation *self) {
  runtime_stop(self->runtime);
}

void generation_abandon(generation *self) {
  runtime_abandon(self->runtime);
}

bool generation_has_ended(const generation *self) {
  return atomic_load(&self->has_ended);
}

int generation_code(const generation *self, const qn_error **ret_error) {
  *ret_error = &self->error;
  return self->code;
}

bool generation_free(generation *self) {
  if (self == NULL) {
    return true;
  }
  if (self->has_thread) {
    pthread_join(self->thread, NULL);
    self->has_thread = false;
  }
  if (runtime_is_stuck(self->runtime)) {
    return false;
  }
  runtime_free(self->runtime);
  for (uint32_t i = 0; self->feeds != NULL && i < self->edition->n_journaled; i++) {
    feed_free(self->feeds[i]);
  }
  free(self->feeds);
  docket_free(self->docket);
  edition_unref(self->edition);
  free(self);
  return true;
}

void generation_return_taken(generation *self) {
  for (uint32_t i = 0; i < self->edition->n_journaled; i++) {
    feed_return_taken(self->feeds[i]);
  }
}

runtime *generation_runtime(const generation *self) {
  return self->runtime;
}

edition *generation_edition(const generation *self) {
  return self->edition;
}

uint32_t generation_number(const generation *self) {
  return self->options.number;
}

feed *generation_feed(const generation *self) {
  return self->edition->n_journaled > 0 ? self->feeds[0] : NULL;
}
