/* SPDX-License-Identifier: Apache-2.0 */

/* Match keys, by table; see fold.h for the rules. */
#include "text/fold.h"

#include <string.h>

#include "text/fold_tables.h"
#include "text/utf8.h"

static inline uint16_t fold_entry(uint32_t code) {
  return fold_pages[fold_page_of[code >> 8]][code & 0xFF];
}

/* Writes what a code point of the basic plane folds to. Returns the bytes written. */
static inline size_t fold_write(uint32_t code, uint8_t *out) {
  uint16_t entry = fold_entry(code);
  if (entry == FOLD_DROP) {
    return 0;
  }
  if (entry >= FOLD_EXPANSION && entry < FOLD_EXPANSION_END) {
    fold_place place = fold_places[entry - FOLD_EXPANSION];
    memcpy(out, fold_texts + place.offset, place.len);
    return place.len;
  }
  return utf8_encode(entry == 0 ? code : entry, out);
}

size_t fold_key(const uint8_t *text, size_t len, uint8_t *out) {
  size_t pos = 0;
  size_t n_out = 0;
  while (pos < len) {
    uint8_t lead = text[pos];
    if (lead < 0x80) {
      uint16_t entry = fold_entry(lead);
      if (entry != FOLD_DROP) {
        out[n_out++] = entry == 0 ? lead : (uint8_t)entry;
      }
      pos++;
      continue;
    }
    uint32_t step;
    uint32_t code = utf8_decode(text + pos, len - pos, &step);
    if (code == UTF8_INVALID || code > 0xFFFF) {
      memmove(out + n_out, text + pos, step);
      n_out += step;
    } else {
      n_out += fold_write(code, out + n_out);
    }
    pos += step;
  }
  return n_out;
}

uint32_t fold_code(uint32_t code) {
  if (code > 0xFFFF) {
    return code;
  }
  uint16_t entry = fold_entry(code);
  if (entry == FOLD_DROP) {
    return 0;
  }
  return entry == 0 || (entry >= FOLD_EXPANSION && entry < FOLD_EXPANSION_END) ? code : entry;
}
