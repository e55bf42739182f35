/* SPDX-License-Identifier: Apache-2.0 */

/* Persons named by one word: which of the persons that the document names in full is meant, in whichever script. */
#ifndef ENTITIES_NAMESAKES_H
#define ENTITIES_NAMESAKES_H

#include "entities/scan.h"

/* Gives chosen persons of one word that have no link that of the one person whose surname, or first name, it is. What the
 * tokenizer took for a proclitic is given back where the name begins with it. */
void namesakes_link(scan *s);

#endif
