/* SPDX-License-Identifier: Apache-2.0 */

/* Finds lines that repeat an earlier one, word for word or nearly so. */
#ifndef DECLUTTER_REPEATS_H
#define DECLUTTER_REPEATS_H

#include "declutter/lines.h"

#define REPEAT_NONE UINT32_MAX

/* Scratch space, kept from document to document. */
typedef struct repeats {
  uint32_t *of; /* for each line the first line it repeats, or REPEAT_NONE */
  uint32_t of_capacity;
  uint32_t *slots; /* a hash table of lines by their words */
  uint32_t n_slots;
  uint32_t *sorted; /* words of two lines, for comparing */
  uint32_t sorted_capacity;
} repeats;

void repeats_done(repeats *found);

/* Fills found->of. Lines of fewer than min_words repeat nothing. similarity: the share of words, of both lines together,
 * that near lines have in common (Jaccard). 0, -ENOMEM. */
int repeats_find(repeats *found, const page_lines *page, uint32_t min_words, double similarity);

#endif
