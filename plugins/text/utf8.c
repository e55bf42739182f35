/* SPDX-License-Identifier: Apache-2.0 */

/* The scans of utf8.h over long stretches, eight bytes at a time where these are ASCII. */
#include "text/utf8.h"

#include "text/blocks.h"

#define HIGH_BITS 0x8080808080808080u

size_t utf8_ascii_prefix(const uint8_t *bytes, size_t len) {
  size_t pos = 0;
  while (len - pos >= 8 && (utf8_load8(bytes + pos) & HIGH_BITS) == 0) {
    pos += 8;
  }
  while (pos < len && bytes[pos] < 0x80) {
    pos++;
  }
  return pos;
}

/* Four two-byte characters in a row, as Arabic, Greek and Cyrillic words have them. */
static int is_four_pairs(uint64_t word) {
  const uint64_t mask = 0xC0E0C0E0C0E0C0E0u; /* little endian: lead bytes are the even ones */
  const uint64_t want = 0x80C080C080C080C0u;
  /* C0 and C1 begin overlong forms: their bits 1 to 4 are all zero. */
  uint64_t lead_bits = word & 0x001E001E001E001Eu;
  return (word & mask) == want && ((lead_bits + 0x001E001E001E001Eu) & 0x0020002000200020u) == 0x0020002000200020u;
}

/* True if a block that stands behind a whole character has only characters of one or two bytes, of which the last may
 * reach past its end: the bytes behind lead bytes, and no others, continue. */
static int is_pairs_block(const uint8_t *bytes) {
  text_block at = block_load(bytes);
  text_block before = block_load(bytes - 1);
  text_block continues = block_is(at & 0xC0, 0x80);
  text_block expected = block_is(before & 0xC0, 0xC0);
  text_block other = block_is(at & 0xE0, 0xE0) | block_is(at & 0xFE, 0xC0); /* longer, or overlong */
  return !block_any((continues ^ expected) | other);
}

size_t utf8_valid_prefix(const uint8_t *bytes, size_t len) {
  size_t pos = 0;
  while (pos < len) {
    if (pos > 0 && len - pos >= TEXT_BLOCK && is_pairs_block(bytes + pos)) {
      pos += TEXT_BLOCK - (size_t)(bytes[pos + TEXT_BLOCK - 1] >= 0xC0);
      continue;
    }
    if (len - pos >= 8) {
      uint64_t word = utf8_load8(bytes + pos);
      if ((word & HIGH_BITS) == 0 || (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && is_four_pairs(word))) {
        pos += 8;
        continue;
      }
    }
    uint32_t step;
    if (utf8_decode(bytes + pos, len - pos, &step) == UTF8_INVALID) {
      return pos;
    }
    pos += step;
  }
  return pos;
}

size_t utf8_count(const uint8_t *text, size_t len) {
  size_t count = 0;
  for (size_t i = 0; i < len; i++) {
    count += (size_t)utf8_is_lead(text[i]);
  }
  return count;
}
