/* SPDX-License-Identifier: Apache-2.0 */

/* Configurations: those that the schema forbids are refused before create, and create does with all others. */
#include <stdio.h>
#include <string.h>

#include "conformance/check.h"
#include "conformance/config_case.h"
#include "conformance/configured.h"
#include "document/utf8.h"
#include "plugin/config.h"

enum { OTHERS = 10, SAMPLES = 3, SHOWN = 300 };

typedef struct bad_state {
  const subject *subject;
  teller *teller;
  uint32_t n_reports;
  bool unreadable;
} bad_state;

static void on_report(void *arg, const char *pointer, int at_key, const char *message) {
  bad_state *self = arg;
  (void)at_key;
  self->n_reports++;
  size_t len = message != NULL ? strlen(message) : 0;
  self->unreadable = self->unreadable || len == 0 || !utf8_valid((const uint8_t *)message, len) || pointer == NULL;
}

static void on_bad(void *arg, const cJSON *bad, const char *what) {
  bad_state *self = arg;
  cJSON *taken = NULL;
  self->n_reports = 0;
  self->unreadable = false;
  if (config_check(self->subject->info->config, bad, on_report, self, &taken) == 0) {
    teller_find(self->teller, RULE_CONFIG_REFUSED, "%s: it is not refused", what);
    cJSON_Delete(taken);
  } else if (self->n_reports == 0 || self->unreadable) {
    teller_find(self->teller, RULE_CONFIG_REFUSED, "%s: it is refused without a reason that can be read", what);
  }
}

/* Creates the stage with one configuration and gives it a few documents. */
static void try_one(const subject *what, teller *to, const cJSON *config, uint32_t number) {
  stand one;
  qn_error error = { 0 };
  const stand_options options = { .kind = number % 2 == 0 ? WORLD_RICH : WORLD_BARE, .config = config };
  char *shown = cJSON_PrintUnformatted(config);
  teller_at(to, NO_DOCUMENT, "create with %.150s", shown != NULL ? shown : "?");
  teller_blame(to, RULE_CONFIG_TAKEN, RULE_RUN_HANG);
  int rc = stand_open(&one, what, to, &options, &error);
  teller_blame(to, RULE_RUN_CRASH, RULE_RUN_HANG);
  if (rc != 0 && strcmp(error.slug, "no-message") == 0) {
    teller_find(to, RULE_SAY_CREATE, "with %.*s: %s", SHOWN, shown != NULL ? shown : "?", error.message);
  }
  cJSON_free(shown);
  if (rc != 0) {
    return;
  }
  for (uint32_t i = 0; i < SAMPLES && what->info->role != ROLE_SOURCE && !check_is_over(to); i++) {
    sample from;
    outcome ended;
    if (sample_make(what->seed, i * 2, &from) == 0) {
      teller_at(to, from.number, "a document, configured otherwise");
      stand_process(&one, &from, &ended);
      outcome_done(&ended);
      sample_done(&from);
    }
  }
  stand_close(&one);
}

/* What a stage reaches for outside is not to be named at random. */
static bool strings_are_free(const stage_info *info) {
  return info->n_needs == 0 && info->role == ROLE_TRANSFORM;
}

void check_config(const subject *what, teller *to) {
  bad_state bad = { .subject = what, .teller = to };
  teller_at(to, NO_DOCUMENT, "configurations that its schema forbids");
  cJSON *plain = configured_plain(what->info, what->config);
  config_bad_all(what->info->config, plain, on_bad, &bad);
  cJSON_Delete(plain);
  stand usual;
  if (!check_stand_open(what, to, NULL, &usual)) {
    return;
  }
  stand_close(&usual);
  uint64_t until_ms = check_now_ms() + 2 * what->budget_ms;
  for (uint32_t i = 0; i < OTHERS * what->effort && check_now_ms() < until_ms && !check_is_over(to); i++) {
    chance luck = chance_for(what->seed, 1000 + i);
    cJSON *other = config_other(what->info->config, what->config, &luck, strings_are_free(what->info));
    cJSON *filled = other != NULL ? configured_fill(what->info, other) : NULL;
    if (filled != NULL) {
      try_one(what, to, filled, i);
    }
    cJSON_Delete(filled);
    cJSON_Delete(other);
  }
}
