/* SPDX-License-Identifier: Apache-2.0 */

/* Clubs that are called by their city, on pages about sport. */
#ifndef ENTITIES_CLUBS_H
#define ENTITIES_CLUBS_H

#include "entities/scan.h"

/* Makes chosen cities the clubs of that name where a page speaks of clubs and nothing says that it is a place. */
void clubs_tell(scan *s);

#endif
