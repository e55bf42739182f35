/* SPDX-License-Identifier: Apache-2.0 */

/* Repeats: exact ones by a hash of the words; near ones by sketches, then by comparing the words themselves. */
#include "declutter/repeats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  NEAR_LINES_MAX = 2000, /* each line is compared with each: beyond this only exact repeats are found */
  SKETCH_SHARED = 2,     /* near lines share so many of LINE_SKETCH words: all but one of 600 do at a likeness of 0.8 */
  FIRST_SLOTS = 64
};

void repeats_done(repeats *found) {
  free(found->of);
  free(found->slots);
  free(found->sorted);
  memset(found, 0, sizeof *found);
}

static int grow(uint32_t **array, uint32_t *capacity, uint32_t n) {
  if (n <= *capacity) {
    return 0;
  }
  uint32_t larger = n + n / 2;
  uint32_t *grown = realloc(*array, (size_t)larger * sizeof **array);
  if (grown == NULL) {
    return -ENOMEM;
  }
  *array = grown;
  *capacity = larger;
  return 0;
}

static const word_hash *words_of(const page_lines *page, const page_line *line) {
  return page->words + line->first_word;
}

static uint32_t hash_of(const page_lines *page, const page_line *line) {
  uint32_t hash = line->n_words;
  for (uint32_t i = 0; i < line->n_words; i++) {
    hash = (hash ^ words_of(page, line)[i].whole) * 0x9E3779B1u;
    hash ^= hash >> 15;
  }
  return hash;
}

static int same_words(const page_lines *page, const page_line *a, const page_line *b) {
  return a->n_words == b->n_words && memcmp(words_of(page, a), words_of(page, b), a->n_words * sizeof(word_hash)) == 0;
}

/* Finds exact repeats with a table of first lines. */
static int find_exact(repeats *found, const page_lines *page, uint32_t min_words) {
  uint32_t n_slots = FIRST_SLOTS;
  while (n_slots < page->n_lines * 2) {
    n_slots *= 2;
  }
  int rc = grow(&found->slots, &found->n_slots, n_slots);
  if (rc != 0) {
    return rc;
  }
  memset(found->slots, 0xFF, n_slots * sizeof *found->slots);
  for (uint32_t i = 0; i < page->n_lines; i++) {
    const page_line *line = &page->lines[i];
    if (line->n_words < min_words) {
      continue;
    }
    uint32_t at = hash_of(page, line) & (n_slots - 1);
    while (found->slots[at] != UINT32_MAX && !same_words(page, line, &page->lines[found->slots[at]])) {
      at = (at + 1) & (n_slots - 1);
    }
    if (found->slots[at] == UINT32_MAX) {
      found->slots[at] = i;
    } else {
      found->of[i] = found->slots[at];
    }
  }
  return 0;
}

/* --- near repeats --- */

static int compare_hashes(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* The share of words that two lines have in common, as bags. */
static double likeness(repeats *found, const page_lines *page, const page_line *a, const page_line *b) {
  uint32_t *first = found->sorted, *second = found->sorted + a->n_words;
  uint32_t i = 0, j = 0, common = 0;
  for (uint32_t k = 0; k < a->n_words; k++) {
    first[k] = words_of(page, a)[k].stem;
  }
  for (uint32_t k = 0; k < b->n_words; k++) {
    second[k] = words_of(page, b)[k].stem;
  }
  qsort(first, a->n_words, sizeof *first, compare_hashes);
  qsort(second, b->n_words, sizeof *second, compare_hashes);
  while (i < a->n_words && j < b->n_words) {
    common += first[i] == second[j];
    uint32_t x = first[i], y = second[j];
    i += x <= y;
    j += y <= x;
  }
  return (double)common / (double)(a->n_words + b->n_words - common);
}

static int may_be_near(const page_line *a, const page_line *b) {
  uint32_t low = a->n_words < b->n_words ? a->n_words : b->n_words;
  uint32_t high = a->n_words < b->n_words ? b->n_words : a->n_words;
  uint32_t shared = 0;
  if (low * 5 < high * 4) {
    return 0;
  }
  for (uint32_t k = 0; k < LINE_SKETCH; k++) {
    shared += a->sketch[k] == b->sketch[k];
  }
  return shared >= SKETCH_SHARED;
}

static int find_near(repeats *found, const page_lines *page, uint32_t min_words, double similarity) {
  for (uint32_t i = 1; i < page->n_lines; i++) {
    const page_line *line = &page->lines[i];
    if (line->n_words < min_words || found->of[i] != REPEAT_NONE) {
      continue;
    }
    for (uint32_t j = 0; j < i; j++) {
      const page_line *earlier = &page->lines[j];
      if (found->of[j] != REPEAT_NONE || earlier->n_words < min_words || !may_be_near(line, earlier)) {
        continue;
      }
      int rc = grow(&found->sorted, &found->sorted_capacity, line->n_words + earlier->n_words);
      if (rc != 0) {
        return rc;
      }
      if (likeness(found, page, line, earlier) >= similarity) {
        found->of[i] = j;
        break;
      }
    }
  }
  return 0;
}

int repeats_find(repeats *found, const page_lines *page, uint32_t min_words, double similarity) {
  int rc = grow(&found->of, &found->of_capacity, page->n_lines);
  if (rc != 0) {
    return rc;
  }
  for (uint32_t i = 0; i < page->n_lines; i++) {
    found->of[i] = REPEAT_NONE;
  }
  rc = find_exact(found, page, min_words);
  if (rc == 0 && page->n_lines <= NEAR_LINES_MAX && similarity < 1) {
    rc = find_near(found, page, min_words, similarity);
  }
  return rc;
}
