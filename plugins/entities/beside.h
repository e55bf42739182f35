/* SPDX-License-Identifier: Apache-2.0 */

/* Several things of one name: the one of the country that stands right behind it is meant, as an adjective ("سوسة الليبية") or behind
 * "في". */
#ifndef ENTITIES_BESIDE_H
#define ENTITIES_BESIDE_H

#include "entities/scan.h"

/* Changes the entry of a chosen candidate if what stands behind it says that another of its name is meant. */
void beside_tell(const scan *s, candidate *c);

#endif
