/* SPDX-License-Identifier: Apache-2.0 */

/* A picture of one pipeline. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serve/supervisor_body.h"

static void add_line(journal_counts *sum, const journal_counts *one) {
  sum->accepted += one->accepted;
  sum->known += one->known;
  sum->refused += one->refused;
  sum->settled += one->settled;
  sum->quarantined += one->quarantined;
  sum->waiting += one->waiting;
  sum->taken += one->taken;
  sum->bytes += one->bytes;
  sum->oldest_ms =
      sum->oldest_ms == 0 || (one->oldest_ms != 0 && one->oldest_ms < sum->oldest_ms) ? one->oldest_ms : sum->oldest_ms;
}

/* [locked] */
static void report_lines(const supervisor *self, service_pipeline *to) {
  const edition *of = self->edition;
  for (uint32_t i = 0; i < of->n_journaled; i++) {
    journal_line *line;
    journal_counts counts = { 0 };
    qn_error error;
    const char *id = of->plan->stages[of->journaled[i].stage].id;
    if (journal_line_get(self->parts->journal, self->name, id, &line, &error) == 0) {
      journal_line_counts_get(line, &counts);
      add_line(&to->line, &counts);
    }
  }
}

/* [locked] */
static void report_runs(const supervisor *self, service_pipeline *to) {
  to->counts = self->past;
  const plan_limits *limits = &self->edition->plan->limits;
  to->limit_documents = limits->documents;
  to->limit_bytes = limits->bytes;
  for (uint32_t i = 0; i < self->n_draining; i++) {
    supervisor_add_counts(&to->counts, self->draining[i]);
  }
  if (self->running == NULL) {
    return;
  }
  supervisor_add_counts(&to->counts, self->running);
  runtime *run = generation_runtime(self->running);
  for (uint32_t i = 0; i < to->n_stages; i++) {
    runtime_stage_get(run, i, &to->stages[i].sum);
    to->stages[i].queue = runtime_queue_get(run, i);
    to->stages[i].restarts = runtime_restarts_get(run, i);
    runtime_memory_get(run, i, &to->stages[i].memory);
  }
  runtime_passage passage;
  runtime_passage_get(run, &passage);
  to->took = passage.took;
  to->oldest_ms = passage.oldest_ms;
  to->bytes_in_flight = passage.bytes_in_flight;
}

int supervisor_report(supervisor *self, service_pipeline *to, edition **ret_edition) {
  pthread_mutex_lock(&self->mutex);
  const plan *planned = self->edition->plan;
  to->stages = calloc(planned->n_stages + 1, sizeof *to->stages);
  to->troubles = calloc(SERVICE_TROUBLES, sizeof *to->troubles);
  if (to->stages == NULL || to->troubles == NULL) {
    pthread_mutex_unlock(&self->mutex);
    return -ENOMEM;
  }
  to->name = self->name;
  to->path = self->path;
  to->state = self->state;
  to->generation = self->n_generations;
  to->n_failures = self->n_failures;
  to->last_reload_ok = self->last_reload_ok;
  to->last_reload_ms = self->last_reload_ms;
  memcpy(to->reload_message, self->reload_message, sizeof to->reload_message);
  to->plan = planned;
  to->n_stages = planned->n_stages;
  for (uint32_t i = 0; i < planned->n_stages; i++) {
    to->stages[i].planned = &planned->stages[i];
  }
  report_lines(self, to);
  report_runs(self, to);
  *ret_edition = edition_ref(self->edition);
  pthread_mutex_unlock(&self->mutex);
  to->n_troubles = letters_troubles(self->letters, to->troubles);
  return 0;
}
