/* SPDX-License-Identifier: Apache-2.0 */

/* Hosts of other versions: one without optional powers, and one whose tables go on where this one's end. */
#include <stdio.h>
#include <string.h>

#include "conformance/check.h"
#include "conformance/report.h"

enum { SAMPLES = 6 };

void check_older_host(const subject *what, teller *to) {
  stand one;
  qn_error error = { 0 };
  const stand_options options = { .watch = { .older_host = true } };
  if (!check_stand_open(what, to, NULL, &one)) {
    return; /* and it would not be the older host's fault */
  }
  stand_close(&one);
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

/* What comes of the samples with one host. False: create failed, or that host cannot be compared. */
static bool process_all(const subject *what, teller *to, const stand_options *options, outcome *ret_outcomes,
                        qn_error *error) {
  stand one;
  if (stand_open(&one, what, to, options, error) != 0) {
    return false;
  }
  for (uint32_t i = 0; i < SAMPLES && what->info->role != ROLE_SOURCE && !check_is_over(to); i++) {
    sample from;
    if (sample_make(what->seed, i, &from) == 0) {
      teller_at(to, i, "a document, with %s host", options != NULL ? "a newer" : "this");
      stand_process(&one, &from, &ret_outcomes[i]);
      sample_done(&from);
    }
  }
  stand_close(&one);
  return true;
}

static void compare(teller *to, const outcome *usual, const outcome *newer) {
  for (uint32_t i = 0; i < SAMPLES; i++) {
    teller_at(to, i, "a document, with a newer host");
    if (usual[i].text != NULL && newer[i].text != NULL) {
      stand_same_text(to, RULE_HOST_NEWER, usual[i].text, newer[i].text, "with this host and a newer one");
    }
  }
}

/* One after the other, since some stages own what they write to. */
void check_newer_host(const subject *what, teller *to) {
  const stand_options options = { .watch = { .newer_host = true } };
  outcome usual[SAMPLES] = { { 0 } }, newer[SAMPLES] = { { 0 } };
  qn_error error = { 0 };
  if (!process_all(what, to, NULL, usual, &error)) {
    teller_skip(to, REPORT_NO_STAGE "%s", error.message);
    return;
  }
  teller_blame(to, RULE_HOST_NEWER, RULE_HOST_NEWER);
  teller_at(to, NO_DOCUMENT, "create with a newer host");
  if (process_all(what, to, &options, newer, &error)) {
    compare(to, usual, newer);
  } else {
    teller_find(to, RULE_HOST_NEWER, "create fails with a newer host: %s", error.message);
  }
  for (uint32_t i = 0; i < SAMPLES; i++) {
    outcome_done(&usual[i]);
    outcome_done(&newer[i]);
  }
}
