/* SPDX-License-Identifier: Apache-2.0 */

/* Whether two spellings are of one name, in Arabic, Latin letters or one of each: what transliteration does not keep
 * apart (skeletons), and how far two spellings lie from each other (a weighted edit distance).
 *
 * Both take folded forms (text/fold.h) and look at letters and digits alone. */
#ifndef ENTITIES_SPELLING_H
#define ENTITIES_SPELLING_H

#include "entities/lexicon.h"

enum {
  SPELLING_GAP = 0,    /* no letter */
  SPELLING_ARABIC = 1, /* ء ا ب ت ث ج ح خ د ذ ر ز س ش ص ض ط ظ ع غ ف ق ك ل م ن ه و ي */
  SPELLING_LATIN = 30, /* a … z */
  SPELLING_DIGIT = 56, /* 0 … 9 */
  SPELLING_LETTERS = 66,
  SPELLING_LEN_MAX = 64, /* letters compared; longer names are no variants of anything */
  SPELLING_FAR = 255
};

/* What it costs that one letter stands for the other, or for none, in sixteenths of a nat; trained by
 * tools/train-spelling.c, which also wrote spelling_costs.c. */
extern const uint8_t spelling_costs[SPELLING_LETTERS][SPELLING_LETTERS];

/* A form as letters of the costs. */
typedef struct spelling {
  uint8_t letters[SPELLING_LEN_MAX];
  uint32_t n; /* 0: too long, or none */
} spelling;

void spelling_of(const char *form, size_t len, spelling *ret_spelling);

/* Cost of the cheapest way from a to b, for a letter of the longer one, in sixteenths of a nat: 0 equal, SPELLING_FAR if
 * limit is passed. costs is spelling_costs but for its trainer. */
uint32_t spelling_distance(const uint8_t costs[SPELLING_LETTERS][SPELLING_LETTERS], const spelling *a,
                           const spelling *b, uint32_t limit);

/* The consonants of a form in classes that spellings confuse, as a hash; 0 if there are too few to tell names apart. The text
 * of it, for people, goes to ret_text if that is not NULL. */
enum { SKELETON_MIN = 3, SKELETON_MAX = 24 };
uint32_t skeleton_of(const char *form, size_t len, char ret_text[SKELETON_MAX + 1]);

/* An alias that a spelling may be a variant of. */
typedef struct spelling_match {
  uint32_t entry;
  uint32_t distance;  /* sixteenths of a nat a letter */
  uint32_t letters;   /* of the spelling asked for */
  uint32_t runner_up; /* distance of the nearest alias of another name, SPELLING_FAR if there is none */
  qn_str form;        /* the alias, folded */
} spelling_match;

/* The nearest alias of an entry of this type with the same skeleton. 1 if there is one, else 0. */
int spelling_find(const lexicon *lex, const char *form, size_t len, uint32_t type, spelling_match *ret_match);

/* The range of spellings with a skeleton: its first place; sets how many. */
uint32_t spelling_range(const lexicon *lex, uint32_t skeleton, uint32_t *ret_n);

/* How near a variant must be to be taken for the name, and how much nearer than any other name. Chosen by
 * tools/train-spelling --judge on aliases that were hidden from the lexicon; for long spellings, of so many letters, also on the links
 * of articles. */
enum { SPELLING_NEAR = 4, SPELLING_NEAR_LONG = 9, SPELLING_LONG = 7, SPELLING_MARGIN = 8 };

/* person: two persons' names may be as near as two spellings of one, however long. */
static inline int spelling_is_near(const spelling_match *m, int person) {
  uint32_t near = !person && m->letters >= SPELLING_LONG ? SPELLING_NEAR_LONG : SPELLING_NEAR;
  return m->distance <= near && m->runner_up >= m->distance + SPELLING_MARGIN;
}

#endif
