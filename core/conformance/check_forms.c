/* SPDX-License-Identifier: Apache-2.0 */

/* Call forms of their own: batches, cancelled tickets, documents that are split. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/check.h"

enum { BATCH_SAMPLES = 40, BATCH_ROUNDS = 3, CANCEL_SAMPLES = 8, CANCEL_MS = 1500, SPLIT_SAMPLES = 20 };

/* --- batches --- */

/* Documents in one batch; what came of each goes to ret_outcomes. */
static bool batch_process(stand *on, const sample *samples, uint32_t n, outcome *ret_outcomes) {
  qn_harness_doc *documents[BATCH_SAMPLES] = { NULL };
  qn_harness_outcome ended[BATCH_SAMPLES];
  uint32_t n_made = 0;
  memset(ended, 0, sizeof ended);
  while (n_made < n && (documents[n_made] = stand_document(on, &samples[n_made])) != NULL) {
    n_made++;
  }
  if (n_made == n) {
    teller_at(on->teller, samples[0].number, "a batch of %u", n);
    qn_harness_process_batch(on->harness, documents, n, ended);
    for (uint32_t i = 0; i < n; i++) {
      stand_outcome(on, documents[i], &ended[i], &ret_outcomes[i]);
    }
  }
  for (uint32_t i = 0; i < n_made; i++) {
    qn_harness_doc_free(documents[i]);
  }
  return n_made == n;
}

/* All samples in batches of up to at_most, as chance has them. */
static void batches_process(stand *on, const sample_list *samples, uint32_t at_most, chance *luck,
                            outcome *ret_outcomes) {
  for (uint32_t i = 0; i < samples->n;) {
    uint32_t n = at_most > 1 ? 1 + chance_below(luck, at_most) : 1;
    n = n < samples->n - i ? n : samples->n - i;
    if (!batch_process(on, samples->items + i, n, ret_outcomes + i)) {
      return;
    }
    i += n;
  }
}

static void outcomes_done(outcome *outcomes, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    outcome_done(&outcomes[i]);
  }
}

void check_batches(const subject *what, teller *to) {
  sample_list samples;
  outcome alone[BATCH_SAMPLES] = { 0 }, together[BATCH_SAMPLES] = { 0 };
  chance luck = chance_for(what->seed, 4);
  stand one;
  if (sample_list_make(what, BATCH_SAMPLES, &samples) != 0) {
    return;
  }
  uint32_t size =
      what->info->batch_size > 0 && what->info->batch_size < BATCH_SAMPLES ? what->info->batch_size : BATCH_SAMPLES;
  for (uint32_t round = 0; round <= BATCH_ROUNDS; round++) {
    outcome *out = round == 0 ? alone : together;
    if (!check_stand_open(what, to, NULL, &one)) {
      break;
    }
    batches_process(&one, &samples, round == 0 ? 1 : size, &luck, out);
    for (uint32_t i = 0; i < samples.n && round > 0 && !teller_has(to, RULE_BATCH_STATUS); i++) {
      char text[160];
      snprintf(text, sizeof text, "sample %u (%s), in a batch alone and with others", samples.items[i].number,
               samples.items[i].name);
      teller_at(to, samples.items[i].number, "batches");
      stand_same(&one, RULE_BATCH_FALL, &alone[i], &together[i], text);
    }
    outcomes_done(together, samples.n);
    stand_close(&one);
  }
  outcomes_done(alone, samples.n);
  sample_list_done(&samples);
}

/* --- cancelling --- */

static void cancel_one(stand *on, const sample *from, bool at_once) {
  teller *to = on->teller;
  qn_harness_run *run = NULL;
  qn_harness_outcome ended = { 0 };
  qn_harness_doc *document = stand_document(on, from);
  if (document == NULL || qn_harness_begin(on->harness, document, &run) != 0) {
    qn_harness_doc_free(document);
    return;
  }
  teller_at(to, from->number, "a ticket that is cancelled");
  if (!at_once) {
    qn_harness_turn(on->harness, 1);
  }
  qn_harness_cancel(run);
  if (qn_harness_wait(run, CANCEL_MS, &ended) == QN_STATUS_PENDING) {
    teller_find(to, RULE_ASYNC_CANCEL, "sample %u (%s): cancelled, and not completed within %d ms", from->number,
                from->name, CANCEL_MS);
  }
  qn_harness_end(run);
  qn_harness_doc_free(document);
}

void check_cancelling(const subject *what, teller *to) {
  sample_list samples;
  stand one;
  if (sample_list_make(what, CANCEL_SAMPLES, &samples) != 0) {
    return;
  }
  if (check_stand_open(what, to, NULL, &one)) {
    for (uint32_t i = 0; i < samples.n && !check_is_over(to); i++) {
      cancel_one(&one, &samples.items[i], i % 2 == 0);
    }
    stand_close(&one);
  }
  sample_list_done(&samples);
}

/* --- splitting --- */

/* With all the credit it may want, and with credit for one part a call. */
static void split_twice(stand *on, const sample *from) {
  outcome whole, scarce;
  char text[160];
  teller_at(on->teller, from->number, "a document to split");
  stand_process(on, from, &whole);
  if (!check_is_over(on->teller)) {
    teller_at(on->teller, from->number, "a document to split, with credit for one part a call");
    on->watch->is_scarce = true;
    stand_process(on, from, &scarce);
    on->watch->is_scarce = false;
    snprintf(text, sizeof text, "sample %u (%s), with much credit and with little", from->number, from->name);
    stand_same(on, RULE_SPLIT_CREDIT, &whole, &scarce, text);
    outcome_done(&scarce);
  }
  outcome_done(&whole);
}

/* The pipeline stops in the middle of a document: nothing more is asked of the stage. */
static void split_stopped(const subject *what, teller *to, const sample *from) {
  stand one;
  qn_harness_outcome ended = { 0 };
  if (check_is_over(to) || !check_stand_open(what, to, NULL, &one)) {
    return;
  }
  qn_harness_doc *document = stand_document(&one, from);
  if (document != NULL) {
    teller_at(to, from->number, "a document of which only the first part is wanted");
    qn_harness_step(one.harness, document, &ended);
    qn_harness_doc_free(document);
  }
  stand_close(&one);
}

void check_splitting(const subject *what, teller *to) {
  sample_list samples;
  stand one;
  if (sample_list_make(what, SPLIT_SAMPLES, &samples) != 0) {
    return;
  }
  if (check_stand_open(what, to, NULL, &one)) {
    for (uint32_t i = 0; i < samples.n && !check_is_over(to); i++) {
      split_twice(&one, &samples.items[i]);
    }
    stand_close(&one);
    split_stopped(what, to, &samples.items[samples.n - 1]);
  }
  sample_list_done(&samples);
}
