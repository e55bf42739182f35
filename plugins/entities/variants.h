/* SPDX-License-Identifier: Apache-2.0 */

/* Spellings that no lexicon lists, but that are near enough to one that is listed (spelling.h). */
#ifndef ENTITIES_VARIANTS_H
#define ENTITIES_VARIANTS_H

#include "entities/senses.h"

/* Spellings asked for in this document: the lexicon is asked once for each. */
enum { VARIANTS_CACHE = 64 };

typedef struct variants_answer {
  uint64_t print;
  uint32_t document;
  uint32_t entry; /* SCAN_NONE: of nothing */
  uint32_t lexicon;
} variants_answer;

typedef struct variants {
  variants_answer cache[VARIANTS_CACHE];
  uint32_t document; /* numbers the documents, so that the cache need not be cleared */
} variants;

/* Before a document. */
void variants_begin(variants *v);

/* Links a chosen candidate whose folded form this is with what it is a spelling of. */
void variants_link(variants *v, const scan *s, const senses *d, candidate *c, const char *form, uint32_t len);

#endif
