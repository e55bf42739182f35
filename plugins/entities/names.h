/* SPDX-License-Identifier: Apache-2.0 */

/* Whether a word looks like a part of a proper name: what the pattern recognizers share. */
#ifndef ENTITIES_NAMES_H
#define ENTITIES_NAMES_H

#include "entities/scan.h"

/* A way to begin a name at a word: whole, or behind its proclitics. */
typedef struct name_start {
  uint32_t begin;  /* byte */
  uint16_t lore;   /* LORE_* of what begins there */
  uint8_t is_core; /* behind proclitics */
} name_start;

/* The starts worth trying at word i, best first; returns how many: 0, 1 or 2. */
uint32_t names_starts(const scan *s, uint32_t i, name_start *ret_starts);

/* Evidence that word i, with this lore, is a part of a person's name; below 0 it speaks against it. */
float names_person_value(const scan *s, uint32_t i, uint16_t lore);

/* True if word i joins two parts of a name (بن، آل، أبو، van, de). */
int names_is_particle(const scan *s, uint32_t i);

/* True if word i is not an ordinary word: unknown to the lexicon but for names, or Latin with a capital. */
int names_is_proper(const scan *s, uint32_t i, uint16_t lore);

/* The end of the row of letter names ("إتش إس بي سي") that begins at word i; i if there are not two. */
uint32_t names_spelled_end(const scan *s, uint32_t i);

/* True if the proclitics of word i begin with و or ف. */
int names_is_joined(const scan *s, uint32_t i);

/* True if word i ends like an adjective: in ي or ة. Many names do too. */
int names_is_adjective(const scan *s, uint32_t i);

/* True if word i looks like an ordinary word by its ending: صيني، صينيون، شرائح. */
int names_is_ordinary(const scan *s, uint32_t i);

/* True if the word before i is "في". */
int names_follows_in(const scan *s, uint32_t i);

/* The end of the Latin name that begins at word i: words with capitals, numbers and what joins them; i if none. */
uint32_t names_latin_end(const scan *s, uint32_t i);

/* True if a pronoun stands behind a noun: حديثه، كلامها. Read from the view, where ه is not ة. */
int names_has_pronoun(const scan *s, uint32_t i);

#endif
