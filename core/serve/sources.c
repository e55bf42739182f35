/* SPDX-License-Identifier: Apache-2.0 */

/* A place for each source name that the pipeline has or had; what runs there changes. */
#include "serve/sources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES_MAX = PLAN_STAGES_MAX, RETIRED_MAX = 64, DELAY_MIN_MS = 1000, DELAY_MAX_MS = 60000, HEALTHY_MS = 60000 };

typedef struct source_place {
  intake_port *port;
  char *name;
  intake *current;
  intake *prepared; /* by a reload that is not decided yet */
  bool is_wanted;   /* by the edition that was prepared */
  edition *edition; /* that the current one is of, to make it anew; NULL: it is not to be */
  const journaled *of;
  uint32_t delay_ms; /* after its next failure */
  uint64_t made_ms;  /* when the current one was made */
  uint64_t due_ms;   /* when it is made anew; 0: it is not */
} source_place;

struct sources {
  const service_parts *parts;
  const intake_world *world;
  const char *pipeline;
  uint32_t n_places;
  source_place places[PLACES_MAX];
  uint32_t n_retired;
  intake *retired[RETIRED_MAX]; /* told to end */
  bool stopping;
};

int sources_new(const service_parts *parts, const intake_world *world, const char *pipeline, sources **ret_sources) {
  sources *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->parts = parts;
  made->world = world;
  made->pipeline = pipeline;
  *ret_sources = made;
  return 0;
}

static void log_text(const sources *self, const char *source, uint32_t level, const char *text) {
  self->world->log(self->world->arg, self->pipeline, source, level, text, strlen(text));
}

/* --- ending --- */

static void retire(sources *self, intake *of) {
  if (of == NULL) {
    return;
  }
  intake_stop(of);
  if (intake_has_ended(of) || self->n_retired == RETIRED_MAX) {
    intake_free(of);
    return;
  }
  self->retired[self->n_retired++] = of;
}

static void forget(source_place *at) {
  edition_unref(at->edition);
  at->edition = NULL;
  at->of = NULL;
  at->due_ms = 0;
}

static void free_place(source_place *at) {
  forget(at);
  intake_port_free(at->port);
  free(at->name);
}

bool sources_free(sources *self) {
  bool all_ended = true;
  if (self == NULL) {
    return true;
  }
  for (uint32_t i = 0; i < self->n_retired; i++) {
    all_ended &= intake_free(self->retired[i]);
  }
  for (uint32_t i = 0; i < self->n_places; i++) {
    all_ended &= intake_free(self->places[i].current);
    all_ended &= intake_free(self->places[i].prepared);
  }
  if (!all_ended) {
    return false; /* a thread still works with all there is */
  }
  for (uint32_t i = 0; i < self->n_places; i++) {
    free_place(&self->places[i]);
  }
  free(self);
  return true;
}

/* --- making --- */

static source_place *find(const sources *self, const char *name) {
  for (uint32_t i = 0; i < self->n_places; i++) {
    if (strcmp(self->places[i].name, name) == 0) {
      return (source_place *)&self->places[i];
    }
  }
  return NULL;
}

static int add_place(sources *self, const char *name, source_place **ret_place, qn_error *error) {
  if (self->n_places == PLACES_MAX) {
    return error_set(error, -E2BIG, "too-many", "too many different sources over all reloads; restart the worker");
  }
  source_place *made = &self->places[self->n_places];
  *made = (source_place){ .name = strdup(name), .delay_ms = DELAY_MIN_MS };
  if (made->name == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for source '%s'", name);
  }
  int rc = intake_port_new(self->world, self->pipeline, made->name, &made->port, error);
  if (rc != 0) {
    free(made->name);
    return rc;
  }
  self->n_places++;
  *ret_place = made;
  return 0;
}

static int make(const sources *self, const source_place *at, edition *from, const journaled *of, intake **ret_intake,
                qn_error *error) {
  const qn_stage *table;
  pthread_mutex_lock(self->parts->registry_mutex);
  int rc = registry_load(self->parts->options->registry, of->original, &table, error);
  pthread_mutex_unlock(self->parts->registry_mutex);
  return rc == 0 ? intake_new(at->port, from, of, table, ret_intake, error) : rc;
}

/* What runs may go on if nothing of it has changed. */
static bool goes_on(const source_place *at, const edition *next, const journaled *of) {
  if (at->current == NULL || intake_has_ended(at->current)) {
    return false;
  }
  const journaled *was;
  const edition *before = intake_edition(at->current, &was);
  return edition_same_source(before, was, next, of);
}

static int prepare_one(sources *self, edition *next, const journaled *of, qn_error *error) {
  const char *name = next->plan->stages[of->stage].id;
  source_place *at = find(self, name);
  int rc = at == NULL ? add_place(self, name, &at, error) : 0;
  if (rc != 0) {
    return rc;
  }
  at->is_wanted = true;
  return goes_on(at, next, of) ? 0 : make(self, at, next, of, &at->prepared, error);
}

int sources_prepare(sources *self, edition *next, qn_error *error) {
  if (self->stopping) {
    return error_set(error, -ESHUTDOWN, "ending", "the worker is ending");
  }
  for (uint32_t i = 0; i < self->n_places; i++) {
    self->places[i].is_wanted = false;
  }
  for (uint32_t i = 0; i < next->n_journaled; i++) {
    int rc = prepare_one(self, next, &next->journaled[i], error);
    if (rc != 0) {
      sources_abort(self);
      return rc;
    }
  }
  return 0;
}

void sources_abort(sources *self) {
  for (uint32_t i = 0; i < self->n_places; i++) {
    retire(self, self->places[i].prepared);
    self->places[i].prepared = NULL;
  }
}

static void remember(source_place *at) {
  const journaled *of;
  edition *from = (edition *)intake_edition(at->current, &of);
  forget(at);
  at->edition = edition_ref(from);
  at->of = of;
}

void sources_commit(sources *self) {
  if (self->stopping) {
    sources_abort(self);
    return;
  }
  for (uint32_t i = 0; i < self->n_places; i++) {
    source_place *at = &self->places[i];
    if (at->prepared != NULL) {
      retire(self, at->current);
      at->current = at->prepared;
      at->prepared = NULL;
      remember(at);
    } else if (!at->is_wanted) {
      retire(self, at->current);
      at->current = NULL;
      forget(at);
    }
  }
}

void sources_ports(const sources *self, const edition *of, intake_port **ret_ports) {
  for (uint32_t i = 0; i < of->n_journaled; i++) {
    ret_ports[i] = find(self, of->plan->stages[of->journaled[i].stage].id)->port;
  }
}

/* --- from then on --- */

void sources_stop(sources *self) {
  self->stopping = true;
  for (uint32_t i = 0; i < self->n_places; i++) {
    source_place *at = &self->places[i];
    retire(self, at->current);
    at->current = NULL;
    forget(at);
  }
}

uint32_t sources_n_running(const sources *self) {
  uint32_t n = self->n_retired;
  for (uint32_t i = 0; i < self->n_places; i++) {
    n += self->places[i].current != NULL && !intake_has_ended(self->places[i].current);
  }
  return n;
}

/* One that ended by itself: for good, or to be made anew. */
static void take_leave(sources *self, source_place *at, uint64_t now_ms) {
  const qn_error *error;
  char text[1200];
  if (now_ms - at->made_ms > HEALTHY_MS) {
    at->delay_ms = DELAY_MIN_MS;
  }
  if (intake_code(at->current, &error) == 0) {
    log_text(self, at->name, QN_LOG_INFO, "the source has ended");
    forget(at);
  } else {
    snprintf(text, sizeof text, "the source broke: %s; it is started again in %u s", error->message,
             at->delay_ms / 1000);
    log_text(self, at->name, QN_LOG_ERROR, text);
    at->due_ms = now_ms + at->delay_ms;
    at->delay_ms = at->delay_ms * 2 < DELAY_MAX_MS ? at->delay_ms * 2 : DELAY_MAX_MS;
  }
  intake_free(at->current);
  at->current = NULL;
}

static void make_anew(sources *self, source_place *at, uint64_t now_ms) {
  qn_error error = { 0 };
  char text[1200];
  at->due_ms = 0;
  at->made_ms = now_ms;
  if (make(self, at, at->edition, at->of, &at->current, &error) == 0) {
    log_text(self, at->name, QN_LOG_WARNING, "the source is started again");
    return;
  }
  snprintf(text, sizeof text, "the source cannot be started: %s; tried again in %u s", error.message,
           at->delay_ms / 1000);
  log_text(self, at->name, QN_LOG_ERROR, text);
  at->due_ms = now_ms + at->delay_ms;
  at->delay_ms = at->delay_ms * 2 < DELAY_MAX_MS ? at->delay_ms * 2 : DELAY_MAX_MS;
}

void sources_reap(sources *self, uint64_t now_ms) {
  for (uint32_t i = 0; i < self->n_retired;) {
    if (intake_has_ended(self->retired[i])) {
      intake_free(self->retired[i]);
      self->retired[i] = self->retired[--self->n_retired];
    } else {
      i++;
    }
  }
  for (uint32_t i = 0; i < self->n_places; i++) {
    source_place *at = &self->places[i];
    if (at->current != NULL && intake_has_ended(at->current)) {
      take_leave(self, at, now_ms);
    }
    if (at->due_ms != 0 && at->due_ms <= now_ms && !self->stopping) {
      make_anew(self, at, now_ms);
    }
  }
}

uint64_t sources_due_ms(const sources *self) {
  uint64_t due_ms = 0;
  for (uint32_t i = 0; i < self->n_places; i++) {
    uint64_t at_ms = self->places[i].due_ms;
    due_ms = at_ms != 0 && (due_ms == 0 || at_ms < due_ms) ? at_ms : due_ms;
  }
  return due_ms;
}
