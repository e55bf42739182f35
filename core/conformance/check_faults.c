/* SPDX-License-Identifier: Apache-2.0 */

/* Memory that runs out and host functions that fail, at every place in turn. */
#include <string.h>

#include "conformance/check.h"

enum { PLACES_MAX = 400, PLACES_EACH = 12 };

/* --- create --- */

/* True if the fault struck: then there may be a further place. */
static bool create_with(const subject *what, teller *to, const qn_harness_fault *fault) {
  stand one;
  qn_error error = { 0 };
  const stand_options options = { .watch = { .create_fault = *fault } };
  watch_left left = { 0 };
  teller_at(to, NO_DOCUMENT, "create, where call %u of %s fails", fault->nth, fault->function);
  int rc = stand_open_left(&one, what, to, &options, &left, &error);
  if (rc == 0) {
    bool struck = qn_harness_fault_struck(one.harness) != 0;
    stand_close(&one);
    return struck;
  }
  /* Of files and conditions the host itself knows why; of memory it does not. */
  if (strcmp(error.slug, "no-message") == 0 && strcmp(fault->function, "alloc") == 0) {
    teller_find(to, RULE_SAY_CREATE, "when call %u of %s failed: %s", fault->nth, fault->function, error.message);
  }
  if (left.n_blocks > 0) {
    teller_find(to, RULE_LIFE_CREATE_FAILS,
                "create failed when call %u of %s did, and kept %u blocks of the host's memory", fault->nth,
                fault->function, left.n_blocks);
  }
  return true;
}

void check_create_memory(const subject *what, teller *to) {
  static const char *const functions[] = { "alloc", "data_open", "file_open", "predicate_open" };
  stand usual;
  if (!check_stand_open(what, to, NULL, &usual)) {
    return;
  }
  stand_close(&usual);
  teller_blame(to, RULE_LIFE_CREATE_FAILS, RULE_LIFE_CREATE_FAILS);
  uint64_t until_ms = check_now_ms() + 3 * what->budget_ms;
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    qn_harness_fault fault = { .function = functions[i], .nth = 1 };
    while (fault.nth <= PLACES_MAX && check_now_ms() < until_ms && create_with(what, to, &fault)) {
      fault.nth++;
    }
  }
}

/* --- process --- */

typedef struct fault_walk {
  const subject *subject;
  teller *teller;
  const stand_options *options;
  const sample *from;
  bool
      keeps_state; /* an ordered stage: what comes of a document depends on those before it, so each try has a new instance */
  outcome usual;
  rule_id rule;
  stand stand;
} fault_walk;

static bool stand_anew(fault_walk *self) {
  stand_close(&self->stand);
  return check_stand_open(self->subject, self->teller, self->options, &self->stand);
}

/* The next document after one that struck. Of an ordered stage, it is enough that it is fit to go on. */
static bool process_after(fault_walk *self, const qn_harness_fault *fault) {
  outcome again;
  char what[160];
  stand_process(&self->stand, self->from, &again);
  snprintf(what, sizeof what, "the next document after call %u of %s failed", fault->nth, fault->function);
  bool fine = self->keeps_state || stand_same(&self->stand, self->rule, &self->usual, &again, what);
  outcome_done(&again);
  return fine;
}

/* True if it struck. */
static bool process_with(fault_walk *self, const qn_harness_fault *fault) {
  outcome ended;
  char what[160];
  if (self->keeps_state && !stand_anew(self)) {
    return false;
  }
  stand *on = &self->stand;
  teller_at(self->teller, self->from->number, "a document, where call %u of %s fails", fault->nth, fault->function);
  qn_harness_fault_set(on->harness, fault);
  stand_process(on, self->from, &ended);
  bool struck = qn_harness_fault_struck(on->harness) != 0;
  qn_harness_fault_set(on->harness, &(qn_harness_fault){ 0 });
  snprintf(what, sizeof what, "OK, though call %u of %s failed", fault->nth, fault->function);
  bool fine = !struck || ended.status != QN_STATUS_OK || stand_same(on, self->rule, &self->usual, &ended, what);
  if (struck && fine && !ended.is_fault) {
    fine = process_after(self, fault);
  }
  outcome_done(&ended);
  return struck && fine && !check_is_over(self->teller);
}

static void faults_of(const subject *what, teller *to, const sample *from, world_kind kind, uint64_t until_ms) {
  static const char *const functions[] = { "alloc",         "layer_reserve",  "layer_commit", "layer_edit",
                                           "layer_replace", "view_reserve",   "view_commit",  "view_alias",
                                           "field_set",     "record_encode",  "prepared_set", "emit_reserve",
                                           "emit_commit",   "predicate_holds" };
  const stand_options options = { .kind = kind };
  fault_walk walk = { .subject = what,
                      .teller = to,
                      .options = &options,
                      .from = from,
                      .keeps_state =
                          what->info->concurrency == CONCURRENCY_ORDERED && what->info->role == ROLE_TRANSFORM };
  if (!check_stand_open(what, to, &options, &walk.stand)) {
    return;
  }
  stand_process(&walk.stand, from, &walk.usual);
  for (size_t i = 0; i < sizeof functions / sizeof functions[0] && walk.usual.status == QN_STATUS_OK; i++) {
    walk.rule = i == 0 ? RULE_LIFE_PROCESS_FAILS : RULE_LIFE_HOST_FAILS;
    teller_blame(to, walk.rule, walk.rule);
    qn_harness_fault fault = { .function = functions[i], .nth = 1 };
    while (fault.nth <= PLACES_EACH * what->effort && check_now_ms() < until_ms && process_with(&walk, &fault)) {
      fault.nth++;
    }
  }
  teller_blame(to, RULE_RUN_CRASH, RULE_RUN_HANG);
  outcome_done(&walk.usual);
  stand_close(&walk.stand);
}

void check_process_faults(const subject *what, teller *to) {
  static const uint32_t numbers[] = { 2, 18, 26, 1 }; /* of which something can be made */
  uint64_t until_ms = check_now_ms() + 2 * what->budget_ms;
  for (uint32_t i = 0; i < sizeof numbers / sizeof numbers[0] && !check_is_over(to); i++) {
    sample from;
    bool made = what->only != NULL
                    ? sample_of(what->seed, what->only->number, what->only->bytes, what->only->len, &from) == 0
                    : sample_make(what->seed, numbers[i], &from) == 0;
    if (made) {
      faults_of(what, to, &from, i % 2 == 0 ? WORLD_RICH : WORLD_BARE, until_ms);
      sample_done(&from);
    }
  }
}
