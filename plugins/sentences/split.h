/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel of sentences: cuts a stretch of text into sentences, line by line. */
#ifndef SENTENCES_SPLIT_H
#define SENTENCES_SPLIT_H

#include <stdint.h>

#include "qanat/doc.h"

/* Takes a sentence. 0, or a negative errno that ends the split. */
typedef int (*split_take)(void *arg, qn_span sentence);

/* Cuts text[begin..end), which has no break inside, into sentences: without the white space around them, with the marks
 * that close them. A sentence without a letter or digit is no sentence. Sentences longer than max_words are cut at the
 * next best places; 0: never. 0, or what take returned. */
int split_sentences(const uint8_t *text, qn_span stretch, uint32_t max_words, split_take take, void *arg);

/* The same, but each line is one unit, whatever stops it has. */
int split_lines(const uint8_t *text, qn_span stretch, split_take take, void *arg);

#endif
