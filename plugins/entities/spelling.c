/* SPDX-License-Identifier: Apache-2.0 */

/* The edit distance of two spellings, and the nearest alias of a lexicon. */
#include "entities/spelling.h"

#include <stdbool.h>
#include <string.h>

#include "text/utf8.h"

/* Of U+0621 to U+064A: the place among the 29 letters that folding leaves, from 0; 255 for the others. */
static uint8_t arabic_letter(uint32_t code) {
  static const uint8_t places[] = {
    0,  255, 255, 255, 255, 255, 1,   2,   255, 3,   4,   5,  6,  7,  8,  9,  10, 11, 12, 13,  14,
    15, 16,  17,  18,  19,  255, 255, 255, 255, 255, 255, 20, 21, 22, 23, 24, 25, 26, 27, 255, 28,
  };
  return code >= 0x621 && code - 0x621 < sizeof places ? places[code - 0x621] : 255;
}

void spelling_of(const char *form, size_t len, spelling *ret_spelling) {
  uint32_t n = 0;
  for (uint32_t pos = 0; pos < len;) {
    uint32_t code = utf8_next((const uint8_t *)form, &pos);
    uint8_t letter = arabic_letter(code);
    if (letter != 255) {
      letter = (uint8_t)(letter + SPELLING_ARABIC);
    } else if (code >= 'a' && code <= 'z') {
      letter = (uint8_t)(code - 'a' + SPELLING_LATIN);
    } else if (code >= '0' && code <= '9') {
      letter = (uint8_t)(code - '0' + SPELLING_DIGIT);
    } else {
      continue;
    }
    if (n == SPELLING_LEN_MAX) {
      n = 0;
      break;
    }
    ret_spelling->letters[n++] = letter;
  }
  ret_spelling->n = n;
}

uint32_t spelling_distance(const uint8_t costs[SPELLING_LETTERS][SPELLING_LETTERS], const spelling *a,
                           const spelling *b, uint32_t limit) {
  uint32_t row[SPELLING_LEN_MAX + 1];
  uint32_t longer = a->n > b->n ? a->n : b->n;
  if (a->n == 0 || b->n == 0) {
    return SPELLING_FAR;
  }
  row[0] = 0;
  for (uint32_t k = 0; k < b->n; k++) {
    row[k + 1] = row[k] + costs[SPELLING_GAP][b->letters[k]];
  }
  for (uint32_t i = 0; i < a->n; i++) {
    const uint8_t *of = costs[a->letters[i]];
    uint32_t diagonal = row[0];
    uint32_t least = row[0] += of[SPELLING_GAP];
    for (uint32_t k = 0; k < b->n; k++) {
      uint32_t best = diagonal + of[b->letters[k]];
      uint32_t without_a = row[k + 1] + of[SPELLING_GAP];
      uint32_t without_b = row[k] + costs[SPELLING_GAP][b->letters[k]];
      best = without_a < best ? without_a : best;
      best = without_b < best ? without_b : best;
      diagonal = row[k + 1];
      row[k + 1] = best;
      least = best < least ? best : least;
    }
    if (least > (limit + 1) * longer) {
      return SPELLING_FAR;
    }
  }
  uint32_t mean = (row[b->n] + longer - 1) / longer;
  return mean > limit || mean >= SPELLING_FAR ? SPELLING_FAR : mean;
}

uint32_t spelling_range(const lexicon *lex, uint32_t skeleton, uint32_t *ret_n) {
  uint32_t low = 0;
  uint32_t high = lex->header->n_spellings;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (lex->spellings[middle].skeleton < skeleton) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  uint32_t n = 0;
  while (low + n < lex->header->n_spellings && lex->spellings[low + n].skeleton == skeleton) {
    n++;
  }
  *ret_n = n;
  return low;
}

static bool same_name(const lexicon *lex, uint32_t a, uint32_t b) {
  qn_str left = lexicon_name(lex, a);
  qn_str right = lexicon_name(lex, b);
  return left.len == right.len && memcmp(left.data, right.data, left.len) == 0;
}

int spelling_find(const lexicon *lex, const char *form, size_t len, uint32_t type, spelling_match *ret_match) {
  enum { LIMIT = 32, MOST = 256 }; /* more aliases than that share no telling skeleton */
  uint32_t skeleton = skeleton_of(form, len, NULL);
  uint32_t n = 0;
  spelling sought;
  spelling_match found = { 0, SPELLING_FAR, 0, SPELLING_FAR, { NULL, 0 } };
  spelling_of(form, len, &sought);
  found.letters = sought.n;
  uint32_t first = skeleton != 0 && sought.n > 0 ? spelling_range(lex, skeleton, &n) : 0;
  for (uint32_t i = first; i < first + n && n <= MOST; i++) {
    const qlex_spelling *at = &lex->spellings[i];
    spelling other;
    bool equal = at->form_len == len && memcmp(lex->strings + at->form, form, len) == 0;
    if (lex->entries[at->entry].type != type || (at->shortened != 0 && !equal)) {
      continue;
    }
    spelling_of(lex->strings + at->form, at->form_len, &other);
    uint32_t distance = spelling_distance(spelling_costs, &sought, &other, LIMIT);
    bool same = found.distance < SPELLING_FAR && same_name(lex, found.entry, at->entry);
    if (distance < found.distance) {
      found.runner_up = same ? found.runner_up : found.distance;
      found.entry = at->entry;
      found.distance = distance;
      found.form = (qn_str){ lex->strings + at->form, at->form_len };
    } else if (!same && distance < found.runner_up) {
      found.runner_up = distance;
    }
  }
  if (found.distance == SPELLING_FAR) {
    return 0;
  }
  *ret_match = found;
  return 1;
}
