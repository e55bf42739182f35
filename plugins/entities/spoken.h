/* SPDX-License-Identifier: Apache-2.0 */

/* Of towns and countries of one name the one of which the document, and its sentence above all, says most: "عمان" beside "الأردني". */
#ifndef ENTITIES_SPOKEN_H
#define ENTITIES_SPOKEN_H

#include "entities/national.h"

/* Changes the entry of a chosen place that may be another, too. */
void spoken_tell(national *of, const scan *s, candidate *c);

#endif
