/* SPDX-License-Identifier: Apache-2.0 */

/* Names with and without the word that says what they are: the lexicon has "حزب الأمة" and the text "الأمة", or the other way round. */
#ifndef ENTITIES_HEADED_H
#define ENTITIES_HEADED_H

#include "entities/senses.h"

/* Links a chosen candidate that has no entry. */
void headed_link(const scan *s, const senses *d, candidate *c);

#endif
