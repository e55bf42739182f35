/* SPDX-License-Identifier: Apache-2.0 */

/* Makers that are called on a page about motor racing: their teams are meant, as cities' clubs are on one about football. */
#ifndef ENTITIES_RACING_H
#define ENTITIES_RACING_H

#include "entities/scan.h"

/* Links chosen makers with the teams that a lexicon has under their names. */
void racing_tell(scan *s);

#endif
