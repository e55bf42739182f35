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
  stand *stand;
  const sample *from;
  outcome usual;
  rule_id rule;
} fault_walk;

/* True if it struck. */
static bool process_with(fault_walk *self, const qn_harness_fault *fault) {
  stand *on = self->stand;
  teller *to = on->teller;
  outcome ended, again;
  char what[160];
  teller_at(to, self->from->number, "a document, where call %u of %s fails", fault->nth, fault->function);
  qn_harness_fault_set(on->harness, fault);
  stand_process(on, self->from, &ended);
  bool struck = qn_harness_fault_struck(on->harness) != 0;
  qn_harness_fault_set(on->harness, &(qn_harness_fault){ 0 });
  snprintf(what, sizeof what, "OK, though call %u of %s failed", fault->nth, fault->function);
  bool fine = !struck || ended.status != QN_STATUS_OK || stand_same(on, self->rule, &self->usual, &ended, what);
  if (struck && fine && !ended.is_fault) {
    stand_process(on, self->from, &again);
    snprintf(what, sizeof what, "the next document after call %u of %s failed", fault->nth, fault->function);
    fine = stand_same(on, self->rule, &self->usual, &again, what);
    outcome_done(&again);
  }
  outcome_done(&ended);
  return struck && fine && !check_is_over(to);
}

static void faults_of(const subject *what, teller *to, const sample *from, world_kind kind, uint64_t until_ms) {
  static const char *const functions[] = { "alloc",         "layer_reserve",  "layer_commit", "layer_edit",
                                           "layer_replace", "view_reserve",   "view_commit",  "view_alias",
                                           "field_set",     "record_encode",  "prepared_set", "emit_reserve",
                                           "emit_commit",   "predicate_holds" };
  stand one;
  const stand_options options = { .kind = kind };
  if (!check_stand_open(what, to, &options, &one)) {
    return;
  }
  fault_walk walk = { .stand = &one, .from = from };
  stand_process(&one, from, &walk.usual);
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
  stand_close(&one);
}

void check_process_faults(const subject *what, teller *to) {
  static const uint32_t numbers[] = { 2, 18, 26, 1 }; /* of which something can be made */
  uint64_t until_ms = check_now_ms() + 2 * what->budget_ms;
  if (what->info->concurrency == CONCURRENCY_ORDERED && what->info->role == ROLE_TRANSFORM) {
    teller_skip(to, "what an ordered stage makes of a document depends on those before it");
    return;
  }
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
