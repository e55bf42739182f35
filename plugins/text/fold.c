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

/* Folds characters of the basic Arabic block as long as they follow each other: most of most words. */
static inline size_t fold_arabic_run(const uint8_t *text, size_t len, size_t pos, uint8_t *out, size_t *n_out) {
  size_t n = *n_out;
  while (len - pos >= 2 && (text[pos] & 0xFC) == 0xD8 && !utf8_is_lead(text[pos + 1])) {
    uint16_t entry = fold_arabic[(text[pos] & 3) << 6 | (text[pos + 1] & 0x3F)];
    if (entry == 0) {
      break;
    }
    pos += 2; /* before writing: out may be text */
    if (entry > 0xFF) {
      out[n] = (uint8_t)entry;
      out[n + 1] = (uint8_t)(entry >> 8);
      n += 2;
    } else if (entry != FOLD_ARABIC_DROP) {
      out[n++] = (uint8_t)entry;
    }
  }
  *n_out = n;
  return pos;
}

size_t fold_key(const uint8_t *text, size_t len, uint8_t *out) {
  size_t pos = 0;
  size_t n_out = 0;
  while ((pos = fold_arabic_run(text, len, pos, out, &n_out)) < len) {
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
