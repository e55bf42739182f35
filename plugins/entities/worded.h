/* SPDX-License-Identifier: Apache-2.0 */

/* Links a name that the lexicon has in other words (wordings.h). */
#ifndef ENTITIES_WORDED_H
#define ENTITIES_WORDED_H

#include "entities/senses.h"

/* Links a chosen candidate of this folded form, if one thing of its type is worded so and nothing that the document says of
 * countries speaks against it. */
void worded_link(const scan *s, const senses *d, candidate *c, const char *form, uint32_t len);

#endif
