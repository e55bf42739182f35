/* SPDX-License-Identifier: Apache-2.0 */

/* Hides lines of a lexicon by the hash of their first column. */
#include "thin_lexicon.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const char *bytes, size_t len, uint64_t seed) {
  uint64_t x = seed * 0x9E3779B97F4A7C15u + 0x12345;
  for (size_t i = 0; i < len; i++) {
    x = (x ^ (uint8_t)bytes[i]) * 0x100000001B3u;
  }
  x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
  return x ^ x >> 32;
}

/* How likely, in percent, a line is hidden. Entities: whose second column is a type, in capitals. Ordinary words: the
 * list was counted over the training articles among others, so that it knows all their words; of another article's
 * words it will miss rare ones, and what it misses must not look like a name. Lists of names and titles: some. */
static uint32_t chance_to_hide(const qn_str columns[3], uint32_t percent) {
  if (columns[1].len == 0 || percent == 0) {
    return 0;
  }
  if (columns[1].data[0] >= 'A' && columns[1].data[0] <= 'Z') {
    return percent;
  }
  if (columns[1].len == 6 && memcmp(columns[1].data, "common", 6) == 0) {
    unsigned long times = columns[2].len > 0 ? strtoul(columns[2].data, NULL, 10) : 1;
    return 4 * percent / (uint32_t)(times + 1);
  }
  return percent / 3;
}

qn_str thin_lexicon(qn_str text, uint32_t seed, uint32_t percent) {
  char *kept = malloc(text.len + 1);
  size_t used = 0;
  if (kept == NULL) {
    return (qn_str){ NULL, 0 };
  }
  for (size_t at = 0; at < text.len;) {
    const char *line = text.data + at;
    const char *line_end = memchr(line, '\n', text.len - at);
    size_t len = line_end != NULL ? (size_t)(line_end - line) + 1 : text.len - at;
    qn_str columns[3] = { { NULL, 0 } };
    size_t from = 0;
    for (uint32_t c = 0; c < 3 && from < len; c++) {
      const char *tab = memchr(line + from, '\t', len - from);
      size_t end = tab != NULL ? (size_t)(tab - line) : len;
      columns[c] = (qn_str){ line + from, end - from };
      from = end + 1;
    }
    if (hash_of(columns[0].data, columns[0].len, seed) % 100 >= chance_to_hide(columns, percent)) {
      memcpy(kept + used, line, len);
      used += len;
    }
    at += len;
  }
  return (qn_str){ kept, used };
}
