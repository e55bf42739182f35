/* SPDX-License-Identifier: Apache-2.0 */

/* Acronyms whose letters are spelled out in Arabic: "تي تي بي" is TTP. */
#ifndef ENTITIES_SPELLED_H
#define ENTITIES_SPELLED_H

#include "entities/scan.h"

/* Links a chosen candidate that has no entry and is a row of letter names, if one thing of its type has that acronym. */
void spelled_link(const scan *s, candidate *c);

#endif
