/* SPDX-License-Identifier: Apache-2.0 */

/* Names that only vowel signs tell apart: عمّان is a town, عُمان a country. The view has such a sign where it was written (normalize
 * leaves it there); keys and forms never have. */
#ifndef ENTITIES_MARKS_H
#define ENTITIES_MARKS_H

#include "entities/scan.h"

/* 1 if a sign in word i says that it is called by this entry of a lexicon, -1 if it says that it is not, 0 if nothing is said. */
int marks_tell(const scan *s, uint32_t i, const lexicon *lex, uint32_t entry);

/* Links a chosen candidate with what its sign says. */
void marks_correct(const scan *s, candidate *c);

#endif
