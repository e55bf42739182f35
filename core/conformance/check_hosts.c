/* SPDX-License-Identifier: Apache-2.0 */

/* Hosts of other versions: one without optional powers, and one whose tables go on where this one's end. */
#include <stdio.h>
#include <string.h>

#include "conformance/check.h"

enum { SAMPLES = 6 };

void check_older_host(const subject *what, teller *to) {
  stand one;
  qn_error error = { 0 };
  const stand_options options = { .watch = { .no_extensions = true } };
  teller_blame(to, RULE_HOST_OLDER, RULE_HOST_OLDER);
  teller_at(to, NO_DOCUMENT, "create with a host that has no optional powers");
  int rc = stand_open(&one, what, to, &options, &error);
  if (rc != 0) {
    if (strcmp(error.slug, "no-message") == 0) {
      teller_find(to, RULE_HOST_OLDER, "%s", error.message);
    }
    return;
  }
  for (uint32_t i = 0; i < SAMPLES && what->info->role != ROLE_SOURCE && !check_is_over(to); i++) {
    sample from;
    outcome ended;
    if (sample_make(what->seed, i, &from) == 0) {
      teller_at(to, i, "a document, with a host that has no optional powers");
      stand_process(&one, &from, &ended);
      outcome_done(&ended);
      sample_done(&from);
    }
  }
  stand_close(&one);
}

/* Both hosts side by side. */
static void compare(stand *usual, stand *newer) {
  teller *to = usual->teller;
  for (uint32_t i = 0; i < SAMPLES && !check_is_over(to); i++) {
    sample from;
    outcome one, other;
    char what[120];
    if (sample_make(usual->subject->seed, i, &from) != 0) {
      return;
    }
    teller_at(to, i, "a document, with a newer host");
    stand_process(usual, &from, &one);
    stand_process(newer, &from, &other);
    snprintf(what, sizeof what, "sample %u (%s), with this host and a newer one", i, from.name);
    stand_same(usual, RULE_HOST_NEWER, &one, &other, what);
    outcome_done(&one);
    outcome_done(&other);
    sample_done(&from);
  }
}

void check_newer_host(const subject *what, teller *to) {
  stand usual, newer;
  qn_error error = { 0 };
  const stand_options options = { .watch = { .newer_host = true } };
  if (!check_stand_open(what, to, NULL, &usual)) {
    return;
  }
  teller_blame(to, RULE_HOST_NEWER, RULE_HOST_NEWER);
  teller_at(to, NO_DOCUMENT, "create with a newer host");
  int rc = stand_open(&newer, what, to, &options, &error);
  if (rc != 0) {
    teller_find(to, RULE_HOST_NEWER, "create fails with a newer host: %s", error.message);
  } else {
    if (what->info->role != ROLE_SOURCE) {
      compare(&usual, &newer);
    }
    stand_close(&newer);
  }
  stand_close(&usual);
}
