/* SPDX-License-Identifier: Apache-2.0 */

/* "Did you mean": the candidate nearest to a word, by the number of letters changed, added, left out or swapped. */
#include <string.h>

#include "plugin/config.h"

/* Longer words are names nobody mistypes by a letter or two, and the tables stay on the stack. */
enum { WORD_MAX = 64 };

static unsigned char lower(char c) {
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* Damerau-Levenshtein distance (adjacent swaps count one), case ignored; three rows are enough. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len) {
  unsigned rows[3][WORD_MAX + 1];
  unsigned *before = rows[0], *above = rows[1], *row = rows[2];
  for (unsigned j = 0; j <= b_len; j++) {
    above[j] = j;
  }
  for (unsigned i = 1; i <= a_len; i++) {
    row[0] = i;
    for (unsigned j = 1; j <= b_len; j++) {
      unsigned change = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
      row[j] = least(change, least(above[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = least(row[j], before[j - 2] + 1);
      }
    }
    unsigned *oldest = before;
    before = above;
    above = row;
    row = oldest;
  }
  return above[b_len];
}

/* One slip in a short word, one letter in three in a longer one. */
static unsigned slips_allowed(size_t len) {
  return len < 3 ? 1 : (unsigned)(len + 2) / 3;
}

const char *config_nearest(const char *word, const char *const *candidates, unsigned n_candidates) {
  size_t len = strlen(word);
  if (len == 0 || len > WORD_MAX) {
    return NULL;
  }
  const char *best = NULL;
  unsigned best_distance = slips_allowed(len) + 1;
  for (unsigned i = 0; i < n_candidates; i++) {
    size_t candidate_len = strlen(candidates[i]);
    if (candidate_len == 0 || candidate_len > WORD_MAX) {
      continue;
    }
    unsigned found = distance(word, len, candidates[i], candidate_len);
    /* A word of which no letter is right is near nothing. */
    if (found < best_distance && found < candidate_len) {
      best = candidates[i];
      best_distance = found;
    }
  }
  return best;
}
