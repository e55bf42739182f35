/* SPDX-License-Identifier: Apache-2.0 */

/* Makes a lexicon that knows less, as the shipped one does of documents that it was not made beside: what is trained
 * beside it learns not to trust it too much. */
#ifndef TOOLS_THIN_LEXICON_H
#define TOOLS_THIN_LEXICON_H

#include "qanat/doc.h"

/* Copies the lines of a lexicon but for percent of the entities, and of the other lines what goes with it. The same
 * seed hides the same lines. The copy is to be freed; data is NULL if there is no memory. */
qn_str thin_lexicon(qn_str text, uint32_t seed, uint32_t percent);

#endif
