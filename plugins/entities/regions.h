/* SPDX-License-Identifier: Apache-2.0 */

/* Provinces that are called like their capitals: "محافظة المنيا" is not the town. */
#ifndef ENTITIES_REGIONS_H
#define ENTITIES_REGIONS_H

#include "entities/scan.h"

/* Links chosen towns that are called a province with that, if a lexicon has it. */
void regions_tell(scan *s);

#endif
