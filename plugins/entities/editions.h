/* SPDX-License-Identifier: Apache-2.0 */

/* Which year's edition of an event is meant: "كأس العالم" on a page about the one of 2026. */
#ifndef ENTITIES_EDITIONS_H
#define ENTITIES_EDITIONS_H

#include "entities/scan.h"

/* Links events with the edition that their year names, or that the page names elsewhere, if the lexicon has it. */
void editions_link(scan *s);

#endif
