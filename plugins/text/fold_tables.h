/* SPDX-License-Identifier: Apache-2.0 */

/* The generated tables that fold.c reads; tools/generate-letters writes them. */
#ifndef TEXT_FOLD_TABLES_H
#define TEXT_FOLD_TABLES_H

#include <stdint.h>

/* An entry of fold_pages: 0 keeps the code point, FOLD_DROP removes it, from FOLD_EXPANSION to FOLD_EXPANSION_END it
 * is a place in fold_places, and else the code point to write instead. */
#define FOLD_DROP 0xFFFF
#define FOLD_EXPANSION 0xE000
#define FOLD_EXPANSION_END 0xF900

typedef struct fold_place {
  uint16_t offset; /* into fold_texts */
  uint16_t len;
} fold_place;

/* The basic Arabic block, U+0600 to U+06FF, ready to write: one or two bytes, the first in the low half. 1 removes; 0 is
 * not for this table. */
#define FOLD_ARABIC_DROP 1

extern const uint16_t fold_arabic[0x100];
extern const uint8_t fold_page_of[0x100];
extern const uint16_t fold_pages[][256];
extern const fold_place fold_places[];
extern const uint8_t fold_texts[];

#endif
