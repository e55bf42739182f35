/* SPDX-License-Identifier: Apache-2.0 */

/* Towns that are called like their country (تونس, الجزائر): what is joined to a town by و is a town, and so is what stands before
 * the dash of a dateline. */
#ifndef ENTITIES_CAPITALS_H
#define ENTITIES_CAPITALS_H

#include "entities/scan.h"

/* Links chosen countries of which that is said with the town. */
void capitals_tell(scan *s);

#endif
