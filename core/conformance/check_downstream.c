/* SPDX-License-Identifier: Apache-2.0 */

/* A pipeline in which things go wrong behind the stage: what it made is thrown away at random and asked for again, while other
 * documents come between. Every document must end once, and as it would have without all that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/check.h"

enum { DOCUMENTS = 40, IN_FLIGHT = 8, ATTEMPTS_MAX = 4, THROWN_ONE_IN = 3, DROPPED_ONE_IN = 10 };

/* A document on its way. */
typedef struct traveller {
  const sample *from; /* NULL: the place is free */
  const outcome *wanted;
  qn_harness_doc *document;
  uint32_t attempt;
} traveller;

typedef struct journey {
  stand *on;
  chance luck;
  uint32_t n_admitted, n_delivered, n_dropped, n_failed;
  traveller travellers[IN_FLIGHT];
} journey;

static void traveller_end(journey *self, traveller *one, uint32_t *count) {
  (void)self;
  (*count)++;
  qn_harness_doc_free(one->document);
  *one = (traveller){ 0 };
}

/* One call of the stage for it; the last attempt is never thrown away. */
static void traveller_step(journey *self, traveller *one) {
  stand *on = self->on;
  qn_harness_outcome ended = { 0 };
  outcome got;
  char what[160];
  bool thrown = one->attempt < ATTEMPTS_MAX && chance_once_in(&self->luck, THROWN_ONE_IN);
  teller_at(on->teller, one->from->number, "attempt %u of a document, with others between", one->attempt);
  on->watch->attempt = one->attempt;
  on->watch->throws_away = thrown;
  qn_harness_process(on->harness, one->document, &ended);
  on->watch->throws_away = false;
  on->watch->attempt = 1;
  if (thrown && strcmp(ended.slug, WATCH_THROWN) == 0) {
    one->attempt++;
    return;
  }
  stand_outcome(on, one->document, &ended, &got);
  snprintf(what, sizeof what, "sample %u (%s), without failures behind it and with them, at attempt %u",
           one->from->number, one->from->name, one->attempt);
  stand_same(on, RULE_SAME_ATTEMPT, one->wanted, &got, what);
  traveller_end(self, one, got.status == QN_STATUS_OK ? &self->n_delivered : &self->n_failed);
  outcome_done(&got);
}

/* Everything that was admitted has ended, and nothing of it is left. */
static void account(journey *self) {
  size_t live = document_pool_live(self->on->world.pool);
  uint32_t n_ended = self->n_delivered + self->n_dropped + self->n_failed;
  if (n_ended != self->n_admitted || live != 0) {
    teller_find(self->on->teller, RULE_SAME_ATTEMPT, "of %u documents %u ended, and %zu are still held",
                self->n_admitted, n_ended, live);
  }
}

static traveller *free_place(journey *self) {
  for (uint32_t i = 0; i < IN_FLIGHT; i++) {
    if (self->travellers[i].from == NULL) {
      return &self->travellers[i];
    }
  }
  return NULL;
}

static bool any_on_its_way(const journey *self) {
  for (uint32_t i = 0; i < IN_FLIGHT; i++) {
    if (self->travellers[i].from != NULL) {
      return true;
    }
  }
  return false;
}

static void admit(journey *self, const sample *from, const outcome *wanted) {
  traveller *place = free_place(self);
  qn_harness_doc *document = stand_document(self->on, from);
  if (document != NULL) {
    *place = (traveller){ from, wanted, document, 1 };
    self->n_admitted++;
  }
}

static void travel(journey *self, const sample_list *samples, const outcome *wanted) {
  uint32_t next = 0;
  while ((next < samples->n || any_on_its_way(self)) && !check_is_over(self->on->teller)) {
    if (next < samples->n && free_place(self) != NULL) {
      admit(self, &samples->items[next], &wanted[next]);
      next++;
    }
    traveller *one = &self->travellers[chance_below(&self->luck, IN_FLIGHT)];
    if (one->from == NULL) {
      continue;
    }
    if (chance_once_in(&self->luck, DROPPED_ONE_IN)) {
      traveller_end(self, one, &self->n_dropped); /* another branch had failed */
    } else {
      traveller_step(self, one);
    }
  }
}

void check_downstream(const subject *what, teller *to) {
  sample_list samples;
  outcome wanted[DOCUMENTS] = { { 0 } };
  stand quiet;
  journey self = { .luck = chance_for(what->seed, 6) };
  if (sample_list_make(what, DOCUMENTS, &samples) != 0) {
    return;
  }
  if (check_stand_open(what, to, NULL, &quiet)) {
    for (uint32_t i = 0; i < samples.n && !check_is_over(to); i++) {
      teller_at(to, samples.items[i].number, "a document");
      stand_process(&quiet, &samples.items[i], &wanted[i]);
    }
    stand_close(&quiet);
    stand rough;
    if (!check_is_over(to) && check_stand_open(what, to, NULL, &rough)) {
      self.on = &rough;
      travel(&self, &samples, wanted);
      if (!check_is_over(to)) {
        account(&self);
      }
      stand_close(&rough);
    }
  }
  for (uint32_t i = 0; i < samples.n; i++) {
    outcome_done(&wanted[i]);
  }
  sample_list_done(&samples);
}
