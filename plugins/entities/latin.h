/* SPDX-License-Identifier: Apache-2.0 */

/* Names in Latin letters that the lexicon does not know: among Arabic words hardly anything else is written so. */
#ifndef ENTITIES_LATIN_H
#define ENTITIES_LATIN_H

#include "entities/scan.h"

void latin_propose(scan *s);

#endif
