/* SPDX-License-Identifier: Apache-2.0 */

/* Sources: what they emit, how often, in which order; and that they stop. The subject's scratch folder has files for those
 * that read any. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/check.h"

enum { PULL_MS = 1500, DOCUMENTS_MAX = 400, NAMES_MAX = 64, CANCELLED_MAX = 2, WAITS_MS = 200 };

/* What a run of a source gave. */
typedef struct haul {
  uint32_t n;
  char *documents[DOCUMENTS_MAX];
  uint64_t cookies[DOCUMENTS_MAX];
  uint32_t n_names;
  struct {
    char *name;
    uint64_t ordinal;
  } names[NAMES_MAX];
  bool lives_on; /* it waits for more */
} haul;

static void haul_done(haul *self) {
  for (uint32_t i = 0; i < self->n; i++) {
    free(self->documents[i]);
  }
  for (uint32_t i = 0; i < self->n_names; i++) {
    free(self->names[i].name);
  }
  *self = (haul){ 0 };
}

static void ordinal_check(haul *self, teller *to, const qn_emit *emit) {
  uint32_t i = 0;
  while (i < self->n_names && (strlen(self->names[i].name) != emit->source.len ||
                               memcmp(self->names[i].name, emit->source.data, emit->source.len) != 0)) {
    i++;
  }
  if (i < self->n_names && emit->ordinal <= self->names[i].ordinal) {
    teller_find(to, RULE_SOURCE_ORDINALS, "source \"%.200s\": ordinal %llu comes after %llu", self->names[i].name,
                (unsigned long long)emit->ordinal, (unsigned long long)self->names[i].ordinal);
  }
  if (i == self->n_names && i < NAMES_MAX) {
    self->names[i].name = emit->source.len > 0 ? strndup(emit->source.data, emit->source.len) : strdup("");
    self->n_names += self->names[i].name != NULL;
  }
  if (i < self->n_names) {
    self->names[i].ordinal = emit->ordinal;
  }
}

static void keep(haul *self, stand *on, const qn_harness_emitted *got) {
  char *dump = world_dump(&on->world, got->doc->held), *text = NULL;
  if (dump != NULL &&
      asprintf(&text, "%s%s %s", got->rejected ? "rejected " : "", got->rejected ? got->slug : "", dump) < 0) {
    text = NULL;
  }
  free(dump);
  if (text != NULL) {
    self->cookies[self->n] = got->emit.cookie;
    self->documents[self->n++] = text;
  }
}

/* Takes documents until the source ends, at_most are there, or it waits for more. */
static void haul_pull(haul *self, stand *on, uint32_t at_most) {
  qn_harness_emitted got;
  int rc = 0;
  while (self->n < at_most && (rc = qn_harness_source_pull(on->harness, PULL_MS, &got)) == 0) {
    ordinal_check(self, on->teller, &got.emit);
    keep(self, on, &got);
    qn_harness_doc_free(got.doc);
  }
  self->lives_on = rc == -ETIMEDOUT || self->n == at_most;
}

/* Tells the source how its documents ended, in any order and in pieces. */
static void haul_settle(const haul *self, stand *on, chance *luck) {
  for (uint32_t i = self->n; i > 0;) {
    uint32_t n = 1 + chance_below(luck, 7);
    qn_receipt told[8] = { { 0 } };
    n = n < i ? n : i;
    for (uint32_t k = 0; k < n; k++) {
      told[k] = (qn_receipt){ .cookie = self->cookies[i - 1 - k], .outcome = chance_below(luck, 3) };
    }
    qn_harness_source_settle(on->harness, told, n);
    i -= n;
  }
}

static void end_check(stand *on, const qn_harness_outcome *ended) {
  teller *to = on->teller;
  if (ended->timed_out != 0) {
    teller_find(to, RULE_SOURCE_STOP, "it was told to stop, and goes on");
  } else if (ended->is_fault != 0) {
    teller_find(to, strcmp(ended->slug, "no-message") == 0 ? RULE_SAY_WHY : RULE_STATUS_ALLOWED, "%s", ended->message);
  }
}

/* One life of the source. False: it could not be opened. */
static bool haul_make_in(const subject *what, teller *to, uint32_t n_credits, bool worker, haul *ret_haul) {
  const stand_options options = { .worker = worker };
  stand on;
  qn_harness_outcome ended = { 0 };
  chance luck = chance_for(what->seed, 5);
  if (!check_stand_open(what, to, &options, &on)) {
    return false;
  }
  *ret_haul = (haul){ 0 };
  teller_at(to, NO_DOCUMENT,
            worker          ? "reading all there is, as in a worker"
            : n_credits > 0 ? "reading with credit for one document"
                            : "reading all there is");
  if (qn_harness_source_start(on.harness, n_credits) == 0) {
    haul_pull(ret_haul, &on, DOCUMENTS_MAX);
    haul_settle(ret_haul, &on, &luck);
    qn_harness_source_stop(on.harness, &ended);
    end_check(&on, &ended);
  }
  stand_close(&on);
  return true;
}

static bool haul_make(const subject *what, teller *to, uint32_t n_credits, haul *ret_haul) {
  return haul_make_in(what, to, n_credits, false, ret_haul);
}

static void hauls_compare(teller *to, rule_id rule, const haul *first, const haul *second, const char *what) {
  if (first->n != second->n) {
    teller_find(to, rule, "%s: %u documents, and then %u", what, first->n, second->n);
    return;
  }
  for (uint32_t i = 0; i < first->n; i++) {
    if (strcmp(first->documents[i], second->documents[i]) != 0) {
      teller_find(to, rule, "%s: document %u differs: \"%.200s\" and \"%.200s\"", what, i, first->documents[i],
                  second->documents[i]);
      return;
    }
  }
}

void check_source(const subject *what, teller *to) {
  haul first = { 0 }, again = { 0 }, scarce = { 0 }, worker = { 0 };
  if (haul_make(what, to, 0, &first) && !first.lives_on && !teller_has(to, RULE_SOURCE_STOP)) {
    haul_make(what, to, 0, &again);
    hauls_compare(to, RULE_SOURCE_AGAIN, &first, &again, "read twice");
    if (!teller_has(to, RULE_SOURCE_AGAIN)) {
      haul_make(what, to, 1, &scarce);
      hauls_compare(to, RULE_SOURCE_CREDIT, &first, &scarce, "with much credit and with little");
    }
  }
  if (!check_is_over(to) && haul_make_in(what, to, 0, true, &worker) && !worker.lives_on && !first.lives_on) {
    hauls_compare(to, RULE_SOURCE_AGAIN, &first, &worker, "in a run and in a worker");
  }
  haul_done(&first);
  haul_done(&again);
  haul_done(&scarce);
  haul_done(&worker);
}

/* Until it waits for credit, which most sources will before long: so that a stop finds them where it matters. */
static void wait_until_it_waits(const stand *on) {
  uint64_t until_ms = check_now_ms() + WAITS_MS;
  while (check_now_ms() < until_ms && atomic_load(&on->watch->n_emitting) == 0) {
    nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
  }
}

/* Stops it before anything is taken, and after a few documents. */
static void stop_after(const subject *what, teller *to, uint32_t n) {
  stand on;
  haul taken = { 0 };
  qn_harness_outcome ended = { 0 };
  if (!check_stand_open(what, to, NULL, &on)) {
    return;
  }
  teller_at(to, NO_DOCUMENT, "stopping after %u documents", n);
  if (qn_harness_source_start(on.harness, 1) == 0) {
    haul_pull(&taken, &on, n);
    if (n > 0) {
      wait_until_it_waits(&on);
    }
    uint32_t before = atomic_load(&on.watch->n_cancelled);
    qn_harness_source_stop(on.harness, &ended);
    end_check(&on, &ended);
    uint32_t n_cancelled = atomic_load(&on.watch->n_cancelled) - before;
    if (n_cancelled > CANCELLED_MAX && !teller_has(to, RULE_SOURCE_STOP)) {
      teller_find(to, RULE_SOURCE_AFTER_STOP, "it tried %u times to emit after it was told to stop", n_cancelled);
    }
  }
  haul_done(&taken);
  stand_close(&on);
}

void check_source_stop(const subject *what, teller *to) {
  teller_blame(to, RULE_RUN_CRASH, RULE_SOURCE_STOP);
  for (uint32_t n = 0; n < 3 && !teller_has(to, RULE_SOURCE_STOP); n++) {
    stop_after(what, to, n);
  }
}
