/* SPDX-License-Identifier: Apache-2.0 */

/* What the document itself says of a name that no lexicon links: that it is a part of a longer name that is linked elsewhere, or
 * a model of a maker that is named elsewhere. */
#ifndef ENTITIES_RELATIVES_H
#define ENTITIES_RELATIVES_H

#include "entities/scan.h"

/* Links chosen candidates that have neither entry nor link. */
void relatives_link(scan *s);

#endif
