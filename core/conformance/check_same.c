/* SPDX-License-Identifier: Apache-2.0 */

/* Documents: what comes of each keeps the rules, and is the same again, at a second attempt, in another order, on many
 * threads and beside another instance. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/check.h"
#include "conformance/config_case.h"
#include "conformance/configured.h"

enum {
  CHANCE_SAMPLES = 24,
  ORDER_SAMPLES = 30,
  THREAD_ROUNDS = 2,
  THREADS = 4,
  FEW = 6,
  FUZZ_FROM = 1000,
  FUZZ_SAME_CONFIG = 16
};

static bool keeps_state(const subject *what) {
  return what->info->role == ROLE_TRANSFORM && what->info->concurrency == CONCURRENCY_ORDERED;
}

/* Whether a second attempt can be had by throwing away the first. */
static bool can_throw_away(const stage_info *info) {
  return info->role == ROLE_TRANSFORM && info->call == CALL_ONE && !info->splits &&
         info->concurrency != CONCURRENCY_ORDERED;
}

static void first_words(const sample *from, const char *what, char *ret_text, size_t capacity) {
  snprintf(ret_text, capacity, "sample %u (%s), %s", from->number, from->name, what);
}

/* --- one document after the other --- */

/* Processes document, throws the result away, and tries again: what was read must be as it was, and the result as ever. */
static void second_attempt(stand *on, const sample *from, const outcome *usual) {
  qn_harness_outcome ended = { 0 };
  outcome again;
  char what[160];
  qn_harness_doc *document = stand_document(on, from);
  char *before = document != NULL ? world_dump(&on->world, document->held) : NULL;
  if (before == NULL) {
    qn_harness_doc_free(document);
    return;
  }
  teller_at(on->teller, from->number, "a first attempt that is thrown away");
  on->watch->throws_away = true;
  qn_harness_process(on->harness, document, &ended);
  on->watch->throws_away = false;
  char *after = world_dump(&on->world, document->held);
  if (after != NULL && strcmp(before, after) != 0) {
    teller_find(on->teller, RULE_LAYER_READ_ONLY, "sample %u (%s): what it read is not as it was", from->number,
                from->name);
  }
  free(before);
  free(after);
  on->watch->attempt = 2;
  teller_at(on->teller, from->number, "a second attempt");
  qn_harness_process(on->harness, document, &ended);
  on->watch->attempt = 1;
  stand_outcome(on, document, &ended, &again);
  first_words(from, "first attempt and second", what, sizeof what);
  stand_same(on, RULE_SAME_ATTEMPT, usual, &again, what);
  outcome_done(&again);
  qn_harness_doc_free(document);
}

static void document_check(stand *on, const sample *from) {
  outcome first, again;
  char what[160];
  teller_at(on->teller, from->number, "a document");
  stand_process(on, from, &first);
  on->watch->fill = 0x5A; /* what lent room held before makes no difference */
  bool same = true;
  if (!keeps_state(on->subject) && !first.is_internal && !check_is_over(on->teller)) {
    teller_at(on->teller, from->number, "the same document again");
    stand_process(on, from, &again);
    first_words(from, "first time and second", what, sizeof what);
    same = stand_same(on, RULE_SAME_AGAIN, &first, &again, what);
    outcome_done(&again);
  }
  on->watch->fill = 0xA5;
  if (same && can_throw_away(on->subject->info) && !first.is_internal && !first.is_fault) {
    second_attempt(on, from, &first);
  }
  outcome_done(&first);
}

/* Whether to go on with document i of n. */
static bool has_time(teller *to, uint32_t i, uint32_t n, uint64_t until_ms) {
  if (check_now_ms() < until_ms) {
    return !check_is_over(to);
  }
  teller_skip(to, "cut short after %u of %u documents: it is slow; --limit gives it more time", i, n);
  return false;
}

/* The next document of an ordered stage, on one instance and on another that has had the same ones before. */
static void next_check(stand *first, stand *second, const sample *from) {
  outcome one, other;
  char what[160];
  teller_at(first->teller, from->number, "a document");
  stand_process(first, from, &one);
  stand_process(second, from, &other);
  first_words(from, "first run and second", what, sizeof what);
  stand_same(first, RULE_SAME_AGAIN, &one, &other, what);
  outcome_done(&one);
  outcome_done(&other);
}

/* An ordered stage: the whole row of documents on one instance, and again on another. */
static void rows_check(stand *first, stand *second, const sample_list *samples, uint64_t until_ms) {
  for (uint32_t i = 0; i < samples->n && has_time(first->teller, i, samples->n, until_ms); i++) {
    next_check(first, second, &samples->items[i]);
  }
}

static void documents_in(const subject *what, teller *to, const sample_list *samples, world_kind kind,
                         uint64_t until_ms) {
  const stand_options options = { .kind = kind };
  stand one, other;
  if (!check_stand_open(what, to, &options, &one)) {
    return;
  }
  if (keeps_state(what)) {
    if (check_stand_open(what, to, &options, &other)) {
      rows_check(&one, &other, samples, until_ms);
      stand_close(&other);
    }
  } else {
    for (uint32_t i = 0; i < samples->n && has_time(to, i, samples->n, until_ms); i++) {
      document_check(&one, &samples->items[i]);
    }
  }
  stand_close(&one);
}

void check_documents(const subject *what, teller *to) {
  sample_list samples;
  if (sample_list_make(what, sample_n_fixed() + CHANCE_SAMPLES * what->effort, &samples) != 0) {
    return;
  }
  uint64_t begin_ms = check_now_ms();
  documents_in(what, to, &samples, WORLD_RICH, begin_ms + what->limit_ms / 3);
  if (world_kinds_differ(what->info) && !check_is_over(to)) {
    documents_in(what, to, &samples, WORLD_BARE, begin_ms + 2 * (uint64_t)what->limit_ms / 3);
  }
  sample_list_done(&samples);
}

/* --- what others are compared with --- */

typedef struct expectation {
  sample_list samples;
  outcome *outcomes;
} expectation;

static void expectation_done(expectation *self) {
  for (uint32_t i = 0; i < self->samples.n && self->outcomes != NULL; i++) {
    outcome_done(&self->outcomes[i]);
  }
  free(self->outcomes);
  sample_list_done(&self->samples);
}

/* What comes of samples one after the other on an instance of their own. */
static bool expect(const subject *what, teller *to, uint32_t n, expectation *ret_expectation) {
  expectation self = { 0 };
  stand one;
  if (sample_list_make(what, n, &self.samples) != 0) {
    return false;
  }
  self.outcomes = calloc(self.samples.n, sizeof *self.outcomes);
  if (self.outcomes == NULL || !check_stand_open(what, to, NULL, &one)) {
    expectation_done(&self);
    return false;
  }
  for (uint32_t i = 0; i < self.samples.n && !check_is_over(to); i++) {
    teller_at(to, self.samples.items[i].number, "a document");
    stand_process(&one, &self.samples.items[i], &self.outcomes[i]);
  }
  stand_close(&one);
  *ret_expectation = self;
  return true;
}

/* --- order --- */

void check_order(const subject *what, teller *to) {
  expectation wanted;
  stand one;
  if (!expect(what, to, ORDER_SAMPLES, &wanted)) {
    return;
  }
  if (!check_is_over(to) && check_stand_open(what, to, NULL, &one)) {
    for (uint32_t i = wanted.samples.n; i-- > 0 && !check_is_over(to);) {
      outcome ended;
      char text[160];
      const sample *from = &wanted.samples.items[i];
      teller_at(to, from->number, "a document, in another order");
      stand_process(&one, from, &ended);
      first_words(from, "in this order and backwards", text, sizeof text);
      stand_same(&one, RULE_SAME_ORDER, &wanted.outcomes[i], &ended, text);
      outcome_done(&ended);
    }
    stand_close(&one);
  }
  expectation_done(&wanted);
}

/* --- threads --- */

static void thread_round(stand *on, const expectation *wanted, uint32_t round) {
  uint32_t n = wanted->samples.n;
  qn_harness_doc **documents = calloc(n, sizeof(qn_harness_doc *));
  qn_harness_outcome *ended = calloc(n, sizeof *ended);
  uint32_t n_made = 0;
  while (documents != NULL && ended != NULL && n_made < n) {
    /* Another way round each time, so that others meet. */
    documents[n_made] = stand_document(on, &wanted->samples.items[(n_made + round * THREADS) % n]);
    if (documents[n_made] == NULL) {
      break;
    }
    n_made++;
  }
  teller_at(on->teller, NO_DOCUMENT, "%d threads at once", THREADS);
  if (n_made == n && qn_harness_process_threads(on->harness, documents, n, THREADS, ended) == 0) {
    for (uint32_t i = 0; i < n; i++) {
      outcome one;
      char text[160];
      uint32_t at = (i + round * THREADS) % n;
      teller_at(on->teller, wanted->samples.items[at].number, "%d threads at once", THREADS);
      stand_outcome(on, documents[i], &ended[i], &one);
      first_words(&wanted->samples.items[at], "on one thread and on many", text, sizeof text);
      stand_same(on, RULE_SAME_THREADS, &wanted->outcomes[at], &one, text);
      outcome_done(&one);
    }
  }
  for (uint32_t i = 0; i < n_made; i++) {
    qn_harness_doc_free(documents[i]);
  }
  free(documents);
  free(ended);
}

void check_threads(const subject *what, teller *to) {
  expectation wanted;
  stand one;
  if (!expect(what, to, ORDER_SAMPLES, &wanted)) {
    return;
  }
  if (!check_is_over(to) && check_stand_open(what, to, NULL, &one)) {
    for (uint32_t round = 0; round < THREAD_ROUNDS * what->effort && !check_is_over(to); round++) {
      thread_round(&one, &wanted, round);
    }
    stand_close(&one);
  }
  expectation_done(&wanted);
}

/* --- instances --- */

static cJSON *config_by(const subject *what, uint32_t number, chance luck) {
  bool strings = what->info->n_needs == 0 && what->info->role == ROLE_TRANSFORM;
  cJSON *other = config_other(what->info->config, what->config, &luck, strings);
  const char *owned = what->info->exclusive;
  if (other != NULL && owned != NULL && cJSON_IsString(cJSON_GetObjectItemCaseSensitive(other, owned))) {
    char path[PATH_MAX]; /* an output of its own */
    snprintf(path, sizeof path, "%s/other-%u", what->scratch, number);
    cJSON_ReplaceItemInObjectCaseSensitive(other, owned, cJSON_CreateString(path));
  }
  cJSON *filled = other != NULL ? configured_fill(what->info, other) : NULL;
  cJSON_Delete(other);
  return filled;
}

/* The configuration with other values where it can have any. */
static cJSON *other_config(const subject *what, uint32_t number) {
  enum { TRIES = 8 };
  cJSON *config = NULL;
  for (uint32_t i = 0; i < TRIES && (config == NULL || cJSON_Compare(config, what->config, 1)); i++) {
    cJSON_Delete(config);
    config = config_by(what, number, chance_for(what->seed, 2000 + number * TRIES + i));
  }
  return config;
}

static void instances_take_turns(stand *on, stand *beside, const expectation *wanted) {
  for (uint32_t i = 0; i < wanted->samples.n && !check_is_over(on->teller); i++) {
    outcome ended, ignored;
    char text[160];
    const sample *from = &wanted->samples.items[i];
    teller_at(on->teller, from->number, "a document, with another instance beside");
    if (beside != NULL) {
      stand_process(beside, from, &ignored);
      outcome_done(&ignored);
    }
    stand_process(on, from, &ended);
    first_words(from, beside != NULL ? "alone and beside another instance" : "before and after another instance", text,
                sizeof text);
    stand_same(on, RULE_SAME_INSTANCES, &wanted->outcomes[i], &ended, text);
    outcome_done(&ended);
  }
}

void check_instances(const subject *what, teller *to) {
  expectation wanted;
  stand one, beside;
  qn_error error = { 0 };
  if (!expect(what, to, FEW, &wanted)) {
    return;
  }
  cJSON *config = other_config(what, 0);
  const stand_options options = { .kind = WORLD_RICH, .config = config };
  if (!check_is_over(to) && check_stand_open(what, to, NULL, &one)) {
    teller_at(to, NO_DOCUMENT, "another instance");
    teller_blame(to, RULE_CONFIG_TAKEN, RULE_RUN_HANG);
    int rc = stand_open(&beside, what, to, &options, &error);
    teller_blame(to, RULE_RUN_CRASH, RULE_RUN_HANG);
    if (rc == 0) {
      instances_take_turns(&one, &beside, &wanted);
      stand_close(&beside);
      instances_take_turns(&one, NULL, &wanted);
    }
    stand_close(&one);
  }
  cJSON_Delete(config);
  expectation_done(&wanted);
}

/* --- fuzz --- */

static int fuzz_sample(const subject *what, uint32_t number, sample *ret_sample) {
  return what->only != NULL && what->only->number == number
             ? sample_of(what->seed, number, what->only->bytes, what->only->len, ret_sample)
             : sample_make(what->seed, number, ret_sample);
}

static void fuzz_samples(const subject *what, stand *one, stand *other, uint32_t first, uint32_t last,
                         uint64_t until_ms) {
  for (uint32_t number = first; number < last && check_now_ms() < until_ms && !check_is_over(one->teller); number++) {
    sample from;
    if (fuzz_sample(what, number, &from) == 0) {
      if (other != NULL) {
        next_check(one, other, &from);
      } else {
        document_check(one, &from);
      }
      sample_done(&from);
    }
  }
}

/* Sixteen samples share one configuration, which their numbers tell; if order counts, an instance too. */
static uint32_t fuzz_round(const subject *what, teller *to, uint32_t first, uint32_t last, uint64_t until_ms) {
  stand one, other;
  qn_error error = { 0 };
  uint32_t round = first / FUZZ_SAME_CONFIG;
  cJSON *config = round % 2 == 0 ? NULL : other_config(what, round);
  const stand_options options = { .kind = round % 4 < 2 ? WORLD_RICH : WORLD_BARE, .config = config };
  char *shown = config != NULL ? cJSON_PrintUnformatted(config) : NULL;
  teller_at(to, NO_DOCUMENT, "create with %.150s", shown != NULL ? shown : "its usual configuration");
  cJSON_free(shown);
  teller_blame(to, config != NULL ? RULE_CONFIG_TAKEN : RULE_RUN_CRASH, RULE_RUN_HANG);
  bool two = keeps_state(what);
  bool opened = stand_open(&one, what, to, &options, &error) == 0;
  bool other_opened = opened && two && stand_open(&other, what, to, &options, &error) == 0;
  teller_blame(to, RULE_RUN_CRASH, RULE_RUN_HANG);
  if (opened && two == other_opened) {
    fuzz_samples(what, &one, two ? &other : NULL, first, last, until_ms);
  }
  if (other_opened) {
    stand_close(&other);
  }
  if (opened) {
    stand_close(&one);
  }
  cJSON_Delete(config);
  return last;
}

void check_fuzz(const subject *what, teller *to) {
  if (what->only != NULL) {
    /* What an ordered stage makes of it depends on those that came before it. */
    uint32_t number = what->only->number;
    uint32_t first = keeps_state(what) ? number - number % FUZZ_SAME_CONFIG : number;
    fuzz_round(what, to, first, number + 1, UINT64_MAX);
    return;
  }
  uint64_t until_ms = check_now_ms() + what->budget_ms;
  for (uint32_t number = FUZZ_FROM - FUZZ_FROM % FUZZ_SAME_CONFIG; check_now_ms() < until_ms && !check_is_over(to);) {
    number = fuzz_round(what, to, number, number + FUZZ_SAME_CONFIG, until_ms);
  }
}
