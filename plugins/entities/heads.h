/* SPDX-License-Identifier: Apache-2.0 */

/* Names of organisations, places, products and events by pattern: descriptive names that begin with a known head
 * ("هيئة تنظيم الاتصالات"), and unknown names that a title announces ("شركة خزنة"). */
#ifndef ENTITIES_HEADS_H
#define ENTITIES_HEADS_H

#include "entities/scan.h"

void heads_propose(scan *s);

#endif
