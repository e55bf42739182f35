/* SPDX-License-Identifier: Apache-2.0 */

/* Several things of one type that are called by the same words: the one whose name these words are, in Latin letters, goes before
 * one that is only also called so ("سريهاريكوتا": the town, not the space centre on it). */
#ifndef ENTITIES_SOUNDING_H
#define ENTITIES_SOUNDING_H

#include "entities/senses.h"

/* Changes the entry of a chosen candidate whose folded form this is. */
void sounding_tell(const scan *s, const senses *d, candidate *c, const char *form, uint32_t len);

#endif
