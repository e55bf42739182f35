/* SPDX-License-Identifier: Apache-2.0 */

/* Names that differ by one letter that spellings confuse from one in a country that the document speaks of: "سول" in Korea is
 * "سيول". Short names have no skeleton (spelling.h), and only the country tells such neighbours apart. */
#ifndef ENTITIES_NEAR_H
#define ENTITIES_NEAR_H

#include "entities/senses.h"

/* Links a chosen place or organisation of this folded form, if one thing has nearly this name. */
void near_link(const scan *s, const senses *d, candidate *c, const char *form, uint32_t len);

#endif
