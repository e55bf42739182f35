/* SPDX-License-Identifier: Apache-2.0 */

/* A harness for each transform of a plan, and a document that goes from one to the next. */
#include "harness/trunk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness_body.h"
#include "harness/laws.h"

enum { STAGE_TIMEOUT_MS = 60000 };

typedef struct trunk_seat {
  uint32_t place; /* in the plan */
  qn_harness *harness;
} trunk_seat;

struct trunk {
  const plan *plan;
  document_pool *pool;
  uint32_t n;
  trunk_seat *seats;
};

/* --- its life --- */

static int seat_open(trunk *self, uint32_t place, registry *installed, const trunk_options *options, qn_error *error) {
  const plan_stage *planned = &self->plan->stages[place];
  harness_guest guest = { .info = planned->info,
                          .id = planned->id,
                          .config = planned->config,
                          .base_folder = self->plan->base_folder,
                          .layout = &planned->layout,
                          .schemas = self->plan->schemas,
                          .pool = self->pool,
                          .now_ms = options->now_ms,
                          .timeout_ms = planned->timeout_ms != 0 ? planned->timeout_ms : STAGE_TIMEOUT_MS,
                          .log = options->log,
                          .log_arg = options->arg };
  int rc = registry_load(installed, planned->info, &guest.table, error);
  rc = rc == 0 ? harness_open_guest(&guest, &self->seats[self->n].harness, error) : rc;
  if (rc == 0) {
    self->seats[self->n++].place = place;
  }
  return rc;
}

int trunk_open(const plan *planned, registry *installed, const trunk_options *options, trunk **ret_trunk,
               qn_error *error) {
  const document_limits limits = { .document_bytes = planned->limits.document_bytes,
                                   .document_memory = planned->limits.document_memory };
  trunk *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the stages");
  }
  self->plan = planned;
  self->seats = calloc(planned->n_stages, sizeof *self->seats);
  int rc = self->seats == NULL || document_pool_new(planned->schemas, &limits, &self->pool) != 0
               ? error_set(error, -ENOMEM, "no-memory", "no memory for the stages")
               : 0;
  for (uint32_t i = 0; rc == 0 && i < planned->n_stages; i++) {
    rc = planned->stages[i].info->role == ROLE_TRANSFORM ? seat_open(self, i, installed, options, error) : 0;
  }
  if (rc == 0 && self->n == 0) {
    rc = error_set(error, -EINVAL, "no-stages", "there is no transform between its source and its sink");
  }
  if (rc != 0) {
    qn_error left = { 0 };
    trunk_close(self, &left);
    return rc;
  }
  *ret_trunk = self;
  return 0;
}

int trunk_close(trunk *self, qn_error *error) {
  int rc = 0;
  if (self == NULL) {
    return 0;
  }
  for (uint32_t i = self->n; i-- > 0;) {
    qn_error left = { 0 };
    int code = harness_discard(self->seats[i].harness, &left);
    if (code != 0) {
      rc = error_set(error, code, left.slug, "stage \"%s\": %s", trunk_stage(self, i)->id, left.message);
    }
  }
  if (self->pool != NULL && document_pool_live(self->pool) == 0) {
    document_pool_free(self->pool);
  } else if (self->pool != NULL && rc == 0) {
    rc = error_set(error, -EPROTO, "documents-kept", "%zu documents are still alive", document_pool_live(self->pool));
  }
  free(self->seats);
  free(self);
  return rc;
}

uint32_t trunk_n_stages(const trunk *self) {
  return self->n;
}

const plan_stage *trunk_stage(const trunk *self, uint32_t index) {
  return &self->plan->stages[self->seats[index].place];
}

size_t trunk_stage_memory(const trunk *self, uint32_t index) {
  return qn_harness_memory(self->seats[index].harness);
}

/* --- documents --- */

qn_harness_doc *trunk_document(trunk *self, const void *payload, size_t len) {
  return qn_harness_doc_bytes(self->seats[0].harness, payload, len, NULL);
}

document *trunk_held(const qn_harness_doc *doc) {
  return doc->held;
}

/* Whether a reader of the same stage takes the document by its condition, so that "otherwise" does not. */
static int taken_by_another(const trunk *self, uint32_t from, const qn_harness_doc *doc) {
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    const plan_stage *other = &self->plan->stages[i];
    for (uint32_t k = 0; k < other->n_from; k++) {
      int holds = other->from[k] == from && other->predicate != NULL ? predicate_holds(other->predicate, doc->held) : 0;
      if (holds != 0) {
        return holds;
      }
    }
  }
  return 0;
}

static int comes_to(const trunk *self, const trunk_way *way, const plan_stage *stage, const qn_harness_doc *doc) {
  bool comes = false;
  for (uint32_t i = 0; i < stage->n_from && !comes; i++) {
    uint32_t from = stage->from[i];
    bool source = self->plan->stages[from].info->role == ROLE_SOURCE;
    comes = source || way->reached[from];
    if (comes && stage->otherwise) {
      int taken = taken_by_another(self, from, doc);
      if (taken < 0) {
        return taken;
      }
      comes = taken == 0;
    }
  }
  return comes && stage->predicate != NULL ? predicate_holds(stage->predicate, doc->held) : comes;
}

int trunk_reaches(const trunk *self, trunk_way *way, uint32_t index, const qn_harness_doc *doc) {
  uint32_t place = self->seats[index].place;
  int holds = comes_to(self, way, &self->plan->stages[place], doc);
  way->reached[place] = holds > 0;
  return holds;
}

int trunk_arrives(const trunk *self, const trunk_way *way, const qn_harness_doc *doc) {
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    const plan_stage *stage = &self->plan->stages[i];
    int holds = stage->info->role == ROLE_SINK ? comes_to(self, way, stage, doc) : 0;
    if (holds != 0) {
      return holds;
    }
  }
  return 0;
}

trunk_way trunk_way_of_part(const trunk *self, uint32_t index) {
  trunk_way way = { { false } };
  way.reached[self->seats[index].place] = true;
  return way;
}

void trunk_way_end(const trunk *self, trunk_way *way, uint32_t index) {
  way->reached[self->seats[index].place] = false;
}

qn_status trunk_step(trunk *self, uint32_t index, qn_harness_doc *doc, qn_harness_outcome *ret_outcome) {
  return qn_harness_process(self->seats[index].harness, doc, ret_outcome);
}

/* As an outcome, when a condition cannot be told. */
static qn_status undecided(qn_harness_outcome *ret_outcome, int code) {
  *ret_outcome = (qn_harness_outcome){ .status = QN_STATUS_REJECT, .slug = "undecided" };
  snprintf(ret_outcome->message, sizeof ret_outcome->message, "the condition on its way cannot be told: %s",
           code == -ELOOP ? "a regular expression takes too many steps" : strerror(-code));
  return QN_STATUS_REJECT;
}

qn_status trunk_push(trunk *self, qn_harness_doc *doc, uint32_t *ret_stopped, qn_harness_outcome *ret_outcome) {
  trunk_way way = { { false } };
  *ret_outcome = (qn_harness_outcome){ .status = QN_STATUS_OK };
  for (uint32_t i = 0; i < self->n; i++) {
    int reaches = trunk_reaches(self, &way, i, doc);
    qn_status status = reaches < 0   ? undecided(ret_outcome, reaches)
                       : reaches > 0 ? trunk_step(self, i, doc, ret_outcome)
                                     : QN_STATUS_OK;
    if (status != QN_STATUS_OK) {
      *ret_stopped = i;
      return status;
    }
  }
  return QN_STATUS_OK;
}

/* --- the laws --- */

static qn_status law_process(void *arg, qn_harness_doc *doc, qn_harness_outcome *ret_outcome) {
  uint32_t stopped;
  return trunk_push(arg, doc, &stopped, ret_outcome);
}

/* Documents that come to a stage, among those still on their way. */
typedef struct crossing {
  uint32_t n;
  qn_harness_doc **docs;
  uint32_t *places;
  qn_harness_outcome *outcomes;
  trunk_way *ways;
} crossing;

static void cross(trunk *self, uint32_t stage, qn_harness_doc *const *docs, uint32_t n_docs,
                  qn_harness_outcome *outcomes, crossing *at) {
  at->n = 0;
  for (uint32_t i = 0; i < n_docs; i++) {
    int reaches = outcomes[i].status == QN_STATUS_OK ? trunk_reaches(self, &at->ways[i], stage, docs[i]) : 0;
    if (reaches < 0) {
      undecided(&outcomes[i], reaches);
    } else if (reaches > 0) {
      at->places[at->n] = i;
      at->docs[at->n++] = docs[i];
    }
  }
}

static int law_threads(void *arg, qn_harness_doc *const *docs, uint32_t n_docs, uint32_t n_threads,
                       qn_harness_outcome *ret_outcomes) {
  trunk *self = arg;
  crossing at = { .docs = calloc(n_docs, sizeof(qn_harness_doc *)),
                  .places = calloc(n_docs, sizeof(uint32_t)),
                  .outcomes = calloc(n_docs, sizeof(qn_harness_outcome)),
                  .ways = calloc(n_docs, sizeof(trunk_way)) };
  int rc = at.docs == NULL || at.places == NULL || at.outcomes == NULL || at.ways == NULL ? -ENOMEM : 0;
  memset(ret_outcomes, 0, n_docs * sizeof *ret_outcomes);
  for (uint32_t stage = 0; rc == 0 && stage < self->n; stage++) {
    cross(self, stage, docs, n_docs, ret_outcomes, &at);
    rc = qn_harness_process_threads(self->seats[stage].harness, at.docs, at.n, n_threads, at.outcomes);
    for (uint32_t i = 0; rc == 0 && i < at.n; i++) {
      ret_outcomes[at.places[i]] = at.outcomes[i];
    }
  }
  free(at.docs);
  free(at.places);
  free(at.outcomes);
  free(at.ways);
  return rc;
}

int trunk_check_laws(trunk *self, const char *const *texts, uint32_t n_texts, char *message, size_t size) {
  laws_subject subject = { .maker = self->seats[0].harness,
                           .process = law_process,
                           .threads = law_threads,
                           .arg = self,
                           .any_order = true,
                           .parallel = true };
  for (uint32_t i = 0; i < self->n; i++) {
    stage_concurrency concurrency = trunk_stage(self, i)->info->concurrency;
    subject.any_order = subject.any_order && concurrency != CONCURRENCY_ORDERED;
    subject.parallel = subject.parallel && concurrency == CONCURRENCY_PARALLEL;
  }
  return laws_check(&subject, texts, n_texts, 1, message, size);
}
