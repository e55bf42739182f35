/* SPDX-License-Identifier: Apache-2.0 */

/* Finds every alias of the lexicons in the words of a document: all that begin at a word or behind its proclitics, of
 * any length, not only the longest. */
#ifndef ENTITIES_MATCH_H
#define ENTITIES_MATCH_H

#include "entities/scan.h"

/* Fills s->hits, sorted by first word, the readings and the lore of each word. */
void match_all(scan *s);

/* The readings of word i, the whole one first; 0: no name can begin here. */
static inline uint32_t match_readings(const scan *s, uint32_t i, const reading **ret_readings) {
  *ret_readings = s->readings + s->first_readings[i];
  return s->first_readings[i + 1] - s->first_readings[i];
}

/* True if a phrase may go on from word i to word i + 1; sets *ret_next to the word that follows: a hyphen, a point or
 * an apostrophe between them is skipped where nothing but it stands there. */
int match_next(const scan *s, uint32_t i, uint32_t *ret_next);

/* The key of words [first, last), the first of them from byte begin on, where one of its readings begins; a key that matches
 * nothing if a word has none. What joins the words inside of a name does not count. */
key match_key(const scan *s, uint32_t first, uint32_t last, uint32_t begin);

/* The place of the first hit that begins at this word or behind it. */
uint32_t match_hit_at(const scan *s, uint32_t word);

#endif
