/* SPDX-License-Identifier: Apache-2.0 */

/* Names that machine translation makes of what is none: منظمة العفو الدولية of "AI". */
#ifndef ENTITIES_MISREAD_H
#define ENTITIES_MISREAD_H

#include "entities/scan.h"

/* Takes the hits of such names back where the document shows two different signs of what was translated and none of the name
 * ("قالت منظمة ..." is one), and marks their words as an ordinary phrase. Works on hits, before anything is proposed. */
void misread_take_back(scan *s);

#endif
