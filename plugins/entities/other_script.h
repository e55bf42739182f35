/* SPDX-License-Identifier: Apache-2.0 */

/* Names that a page writes in both scripts: behind "Regula Zadran" a lone زدران is she. */
#ifndef ENTITIES_OTHER_SCRIPT_H
#define ENTITIES_OTHER_SCRIPT_H

#include "entities/scan.h"

/* Proposes words that no candidate of the first n_first was chosen for and that spell, in the other script, the surname of a person
 * chosen there or a name of one word. Failures are kept in s->failed. */
void other_script_recall(scan *s, uint32_t n_first);

#endif
