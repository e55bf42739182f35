/* SPDX-License-Identifier: Apache-2.0 */

/* Universities that are named by their places behind one word for several: "جامعتي توركو ويوفاسكولا". */
#ifndef ENTITIES_CAMPUSES_H
#define ENTITIES_CAMPUSES_H

#include "entities/senses.h"

/* Makes such chosen places organisations, linked if the lexicon has them. */
void campuses_tell(scan *s, const senses *d);

#endif
