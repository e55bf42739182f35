/* SPDX-License-Identifier: Apache-2.0 */

/* The right labels of an article's words, from its marks. */
#ifndef NER_LABELS_H
#define NER_LABELS_H

#include "ner/articles.h"

/* Fills labels, one a word of s, which the article was scanned into. Annotators take in and leave out what a river, a
 * mountain or a dam is called by, often both in one article; it makes another thing of the name, so that it is taught as a
 * part of it throughout. */
void labels_fill(const article *a, const scan *s, uint8_t *labels);

#endif
