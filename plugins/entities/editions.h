/* SPDX-License-Identifier: Apache-2.0 */

/* Which year's edition of an event is meant: "كأس العالم" on a page about the one of 2026. */
#ifndef ENTITIES_EDITIONS_H
#define ENTITIES_EDITIONS_H

#include "entities/scan.h"

/* The digits of a year. */
enum { EDITIONS_YEAR = 4 };

/* Editions that a document names: more are no help to tell which one is meant. */
enum { EDITIONS_NAMED_MAX = 64 };

typedef struct edition {
  uint32_t lexicon;
  uint32_t entry;
} edition;

typedef struct editions {
  edition named[EDITIONS_NAMED_MAX]; /* each once */
  uint32_t n;
} editions;

/* Gathers what the events of a document are called, so that not every event looks through all others. */
void editions_begin(editions *e, const scan *s);

/* Links an event with the edition that its year names, or that the page names elsewhere, if the lexicon has it. If it has only
 * others of about that time: the year, whose edition will be called like them; else NULL. */
const char *editions_link(editions *e, const scan *s, candidate *c);

#endif
