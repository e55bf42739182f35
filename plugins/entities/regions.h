/* SPDX-License-Identifier: Apache-2.0 */

/* Provinces that are called like their capitals: "محافظة المنيا" is not the town. */
#ifndef ENTITIES_REGIONS_H
#define ENTITIES_REGIONS_H

#include "entities/scan.h"

/* Links chosen towns that are called a province with that, if a lexicon has it. */
void regions_tell(scan *s);

/* 1 if a chosen candidate is linked with a province while the word before it says that the town, or the area, of that name is meant
 * ("مدينة البريمي", of which only the governorate is known); sets that name. Else 0. */
int regions_town(const scan *s, const candidate *c, qn_str *ret_name);

#endif
