/* SPDX-License-Identifier: Apache-2.0 */

/* Titles and cues: the words beside a name that say what it names. */
#ifndef ENTITIES_TRIGGERS_H
#define ENTITIES_TRIGGERS_H

#include "entities/scan.h"

/* Fills s->triggers from the hits: what announces a name at each word, also across attributes and the
 * organisation or country that a title belongs to ("رئيس وزراء باكستان شهباز شريف"). */
void triggers_spread(scan *s);

#endif
