/* SPDX-License-Identifier: Apache-2.0 */

/* How a check, in its child process, tells what it found, and what it is about when it is cut short.
 *
 * Every word is one write to a pipe, small enough to be whole, so any thread may tell. What the check is at stands in a page
 * shared with the parent, which reads it after a crash or a hang. Floor 4. */
#ifndef CORE_CONFORMANCE_TELLER_H
#define CORE_CONFORMANCE_TELLER_H

#include <stdatomic.h>
#include <stdint.h>

#include "conformance/rule.h"

enum { TELL_TEXT_MAX = 1200, TELL_EACH_MAX = 4, SCENE_TEXT_MAX = 200 };
#define NO_DOCUMENT UINT32_MAX

typedef enum tell_kind { TELL_FINDING = 1, TELL_SKIPPED = 2, TELL_DONE = 3, TELL_MADE = 4 } tell_kind;

typedef struct tell_record {
  uint32_t kind;
  uint32_t rule;
  uint32_t document; /* the sample's number, or NO_DOCUMENT; of TELL_MADE the layer's, as the ABI counts them */
  uint32_t reserved;
  char text[TELL_TEXT_MAX];
} tell_record;

/* In memory that the child shares with its parent. */
typedef struct scene {
  _Atomic uint32_t document;
  _Atomic uint32_t crash_rule,
      hang_rule; /* what it breaks to end here; RULE_RUN_CRASH and RULE_RUN_HANG if nothing else */
  char doing[SCENE_TEXT_MAX];
} scene;

typedef struct teller {
  int fd;
  scene *scene;
  _Atomic uint32_t told[RULE_N];
  _Atomic uint32_t made; /* a bit for each layer */
} teller;

/* What is being done now, in words that follow "while it was at"; and with which sample. */
void teller_at(teller *self, uint32_t document, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* From here on a crash or a hang breaks these rules rather than the general ones. */
void teller_blame(teller *self, rule_id crash_rule, rule_id hang_rule);

/* A rule was broken. The first few of each rule are kept; all are counted. [any] */
void teller_find(teller *self, rule_id rule, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The check could not be done, and why. [any] */
void teller_skip(teller *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Rows of a layer came out of it. Told once. [any] */
void teller_made(teller *self, uint32_t layer);

/* The check is over. */
void teller_done(teller *self);

/* Whether the rule was found broken by this check already: what follows from it need not be told. */
int teller_has(teller *self, rule_id rule);

#endif
