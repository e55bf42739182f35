/* SPDX-License-Identifier: Apache-2.0 */

/* Names of persons by pattern: given and family names, titles and reporting verbs before unknown names. */
#ifndef ENTITIES_PERSONS_H
#define ENTITIES_PERSONS_H

#include "entities/scan.h"

void persons_propose(scan *s);

#endif
