/* SPDX-License-Identifier: Apache-2.0 */

/* What a document says once helps it where it says less: surnames, first words and acronyms of what was named in full,
 * names in both scripts side by side, the same form elsewhere without a title. */
#ifndef ENTITIES_SECOND_PASS_H
#define ENTITIES_SECOND_PASS_H

#include "entities/memory.h"
#include "entities/scan.h"

/* Learns from the chosen candidates and proposes more, or gives doubtful ones the support they lacked. The choice is to
 * be made again afterwards. 0, -ENOMEM. */
int second_pass(scan *s, memory *m);

#endif
