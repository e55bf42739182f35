/* SPDX-License-Identifier: Apache-2.0 */

/* Puts the uses of a word together and lays them into a table with probing. */
#include "entities/parts.h"

#include <stdbool.h>
#include <stdlib.h>

enum { TYPES = 5 };

static int compare(const void *left, const void *right) {
  const parts_counted *a = left;
  const parts_counted *b = right;
  if (a->print != b->print) {
    return a->print < b->print ? -1 : 1;
  }
  if (a->entry != b->entry) {
    return a->entry < b->entry ? -1 : 1;
  }
  return a->places < b->places ? -1 : a->places > b->places;
}

/* Entries in steps: none or a twentieth of the most, one, up to four, more. */
static uint16_t step_of(uint32_t n, uint32_t n_all) {
  return n * 20 < n_all || n == 0 ? 0 : n == 1 ? 1 : n < 5 ? 2 : 3;
}

/* What a word's uses say, two bits a type and three for its places. */
static uint16_t use_of(const uint32_t n[TYPES], const uint32_t at[3]) {
  uint32_t n_all = 0;
  uint32_t at_all = at[0] + at[1] + at[2];
  uint16_t use = 0;
  for (uint32_t y = 0; y < TYPES; y++) {
    n_all += n[y];
  }
  for (uint32_t y = 0; y < TYPES; y++) {
    use |= (uint16_t)(step_of(n[y], n_all) << (2 * y));
  }
  for (uint32_t k = 0; k < 3; k++) {
    use |= (uint16_t)((at[k] * 5 >= at_all && at[k] > 0) << (2 * TYPES + k));
  }
  return use;
}

static void keep(qlex_part *cells, uint32_t mask, uint64_t print, uint16_t use) {
  for (uint32_t k = 0; k < QLEX_PARTS_PROBES; k++) {
    qlex_part *cell = &cells[((uint32_t)print + k) & mask];
    if (cell->use == 0) {
      *cell = (qlex_part){ (uint16_t)(print >> 48), use };
      return;
    }
  }
}

uint32_t parts_sort(parts_counted *counted, uint32_t n) {
  uint32_t n_words = 0;
  if (n > 1) {
    qsort(counted, n, sizeof *counted, compare);
  }
  for (uint32_t i = 0; i < n; i++) {
    n_words += i == 0 || counted[i].print != counted[i - 1].print;
  }
  return n_words;
}

void parts_write(const parts_counted *counted, uint32_t n, uint32_t log2, qlex_part *ret_cells) {
  for (uint32_t i = 0; i < n;) {
    uint64_t print = counted[i].print;
    uint32_t by_type[TYPES] = { 0 };
    uint32_t at[3] = { 0 };
    for (uint32_t before = UINT32_MAX; i < n && counted[i].print == print; i++) {
      bool again = counted[i].entry == before;
      before = counted[i].entry;
      by_type[counted[i].type] += !again;
      for (uint32_t k = 0; k < 3; k++) {
        at[k] += !again && (counted[i].places >> k & 1) != 0;
      }
    }
    keep(ret_cells, (1u << log2) - 1, print, use_of(by_type, at));
  }
}
