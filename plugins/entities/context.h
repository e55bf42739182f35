/* SPDX-License-Identifier: Apache-2.0 */

/* Weighs the aliases found against their surroundings: an alias that means only one thing stands by itself, one
 * marked `~` needs a title, a cue, a neighbour or the rest of the document to be believed. */
#ifndef ENTITIES_CONTEXT_H
#define ENTITIES_CONTEXT_H

#include "entities/senses.h"

/* Proposes a candidate for every meaning of every hit, doubtful ones with a score below SCAN_THRESHOLD. */
void context_propose(scan *s, const senses *d);

/* What the surroundings of words [first, last) add to the belief in a type: from -0.3 to 0.6. */
float context_support(const scan *s, uint32_t first, uint32_t last, uint32_t type);

/* True if the word before i is a preposition of place, on its own or attached to i. */
int context_is_located(const scan *s, uint32_t i);

/* True if words [first, last) stand by themselves in quotation marks or parentheses. */
int context_is_enclosed(const scan *s, uint32_t first, uint32_t last);

#endif
