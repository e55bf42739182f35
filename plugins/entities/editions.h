/* SPDX-License-Identifier: Apache-2.0 */

/* Which year's edition of an event is meant: "كأس العالم" on a page about the one of 2026. */
#ifndef ENTITIES_EDITIONS_H
#define ENTITIES_EDITIONS_H

#include "entities/scan.h"

/* The digits of a year. */
enum { EDITIONS_YEAR = 4 };

/* Links an event with the edition that its year names, or that the page names elsewhere, if the lexicon has it. If it has only
 * others of about that time: the year, whose edition will be called like them; else NULL. */
const char *editions_link(scan *s, candidate *c);

#endif
