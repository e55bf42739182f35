/* SPDX-License-Identifier: Apache-2.0 */

/* Reads hostile sets, as a state file may hold, and cuts hostile texts: a set that can be read is ascending and comes back
 * the same from its own bytes; the shingles of a text are a set that resembles itself wholly. */
#include <stdlib.h>
#include <string.h>

#include "dedupe/packed.h"
#include "dedupe/shingles.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int holds) {
  if (!holds) {
    abort();
  }
}

static void check_set(const print *set, print *other) {
  static uint8_t bytes[PACKED_BOUND(PRINT_MAX)];
  demand(set->n <= PRINT_MAX && set->limit <= PRINT_ALL);
  for (uint32_t i = 0; i < set->n; i++) {
    demand(set->values[i] < set->limit && (i == 0 || set->values[i - 1] < set->values[i]));
  }
  size_t len = packed_write(set, bytes);
  demand(len <= PACKED_BOUND(set->n));
  demand(packed_read(bytes, len, set->n, set->limit, other) == 0);
  demand(set->n == 0 || print_similarity(set, other) == 1);
  demand(print_may_reach(set, other->n, other->limit, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static print set, other;
  if (size < 6) {
    return 0;
  }
  uint32_t n = (uint32_t)data[0] | (uint32_t)(data[1] & 0x1F) << 8;
  uint32_t limit = (uint32_t)data[2] | (uint32_t)data[3] << 8 | (uint32_t)data[4] << 16;
  if (packed_read(data + 5, size - 5, n, limit == 0 ? PRINT_ALL : limit, &set) == 0) {
    print_derive(&set);
    check_set(&set, &other);
  }
  const shingle_form form = { .letters = data[0] & 1, .size = data[1] % SHINGLE_MAX + 1 };
  shingles_make(&form, data + 5, utf8_valid_prefix(data + 5, size - 5), &set);
  check_set(&set, &other);
  return 0;
}
