/* SPDX-License-Identifier: Apache-2.0 */

/* What the words of the lexicon's longer names say: a word that ends names of three insurers likely ends that of a fourth. Counted
 * while a lexicon is compiled, by type of the entry and by place in the name. */
#ifndef ENTITIES_PARTS_H
#define ENTITIES_PARTS_H

#include "entities/lexicon_form.h"

typedef struct parts_counted {
  uint64_t print;
  uint32_t entry;
  uint8_t type;
  uint8_t places; /* PARTS_FIRST ... */
} parts_counted;

/* Where in its names a word stands. */
enum { PARTS_FIRST = 1, PARTS_INNER = 2, PARTS_LAST = 4 };

/* Sorts what was counted; returns how many words there are. */
uint32_t parts_sort(parts_counted *counted, uint32_t n);

/* Writes a table of 1 << log2 cells from what was sorted. */
void parts_write(const parts_counted *counted, uint32_t n, uint32_t log2, qlex_part *ret_cells);

#endif
