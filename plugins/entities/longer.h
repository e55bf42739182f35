/* SPDX-License-Identifier: Apache-2.0 */

/* Mentions that are the end of a name that the lexicon has: "شلالات" before "فيكتوريا" is no town. */
#ifndef ENTITIES_LONGER_H
#define ENTITIES_LONGER_H

#include "entities/scan.h"

/* Links a chosen place, or what else has no link, with what it is called together with the word before it, if that is certain. */
void longer_link(const scan *s, candidate *c);

#endif
