/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8 as the shipped stages read and write it: decoding, encoding, boundaries and fast scans.
 *
 * Two families. utf8_next and utf8_prev trust their input, as stages may: the host lends valid views. The rest
 * takes any bytes. */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What utf8_decode gives for bytes that are no character. */
#define UTF8_INVALID UINT32_MAX

/* The longest encoding of one code point, in bytes. */
#define UTF8_MAX 4

/* Bytes of the character that a lead byte begins; 1 for a byte that begins none, so that loops advance. */
static inline uint32_t utf8_len(uint8_t lead) {
  return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* True if a character may begin with this byte: it is no continuation byte. */
static inline int utf8_is_lead(uint8_t byte) {
  return (byte & 0xC0) != 0x80;
}

/* The character at *pos of valid text; moves *pos past it. The caller checks that *pos is inside. */
static inline uint32_t utf8_next(const uint8_t *text, uint32_t *pos) {
  const uint8_t *at = text + *pos;
  if (at[0] < 0x80) {
    *pos += 1;
    return at[0];
  }
  if (at[0] < 0xE0) {
    *pos += 2;
    return (uint32_t)(at[0] & 0x1F) << 6 | (at[1] & 0x3F);
  }
  if (at[0] < 0xF0) {
    *pos += 3;
    return (uint32_t)(at[0] & 0x0F) << 12 | (uint32_t)(at[1] & 0x3F) << 6 | (at[2] & 0x3F);
  }
  *pos += 4;
  return (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3F) << 12 | (uint32_t)(at[2] & 0x3F) << 6 |
         (at[3] & 0x3F);
}

/* The character at pos of valid text, without moving. */
static inline uint32_t utf8_peek(const uint8_t *text, uint32_t pos) {
  return utf8_next(text, &pos);
}

/* The character before *pos of valid text; moves *pos to its begin. The caller checks that *pos is not 0. */
static inline uint32_t utf8_prev(const uint8_t *text, uint32_t *pos) {
  do {
    *pos -= 1;
  } while (*pos > 0 && !utf8_is_lead(text[*pos]));
  return utf8_peek(text, *pos);
}

/* The character that any bytes begin with, and its length: UTF8_INVALID and 1 if they begin with none
 * (overlong forms, surrogates and code points over U+10FFFF are none). len must not be 0. */
static inline uint32_t utf8_decode(const uint8_t *bytes, size_t len, uint32_t *ret_len) {
  uint32_t need = utf8_len(bytes[0]);
  uint32_t pos = 0;
  *ret_len = 1;
  if (bytes[0] < 0x80) {
    return bytes[0];
  }
  if (bytes[0] < 0xC2 || bytes[0] > 0xF4 || need > len) {
    return UTF8_INVALID;
  }
  for (uint32_t i = 1; i < need; i++) {
    if (utf8_is_lead(bytes[i])) {
      return UTF8_INVALID;
    }
  }
  uint32_t code = utf8_next(bytes, &pos);
  if ((need == 3 && (code < 0x800 || (code >= 0xD800 && code < 0xE000))) ||
      (need == 4 && (code < 0x10000 || code > 0x10FFFF))) {
    return UTF8_INVALID;
  }
  *ret_len = need;
  return code;
}

/* Writes a code point, which must be below U+110000 and no surrogate, in 1 to 4 bytes. Returns how many. */
static inline uint32_t utf8_encode(uint32_t code, uint8_t *out) {
  if (code < 0x80) {
    out[0] = (uint8_t)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (uint8_t)(0xC0 | code >> 6);
    out[1] = (uint8_t)(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (uint8_t)(0xE0 | code >> 12);
    out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
    out[2] = (uint8_t)(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = (uint8_t)(0xF0 | code >> 18);
  out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
  out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
  out[3] = (uint8_t)(0x80 | (code & 0x3F));
  return 4;
}

/* True if pos is a border of code points in text: its begin, its end, or the begin of a character. */
static inline int utf8_boundary(const uint8_t *text, size_t len, size_t pos) {
  return pos == 0 || pos == len || (pos < len && utf8_is_lead(text[pos]));
}

/* Eight bytes as one word, in memory order; for scans that test them at once. */
static inline uint64_t utf8_load8(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* How many bytes at the begin are ASCII. */
size_t utf8_ascii_prefix(const uint8_t *bytes, size_t len);

/* How many bytes at the begin are valid UTF-8 of whole characters; NUL counts as valid. */
size_t utf8_valid_prefix(const uint8_t *bytes, size_t len);

/* Code points in valid text. */
size_t utf8_count(const uint8_t *text, size_t len);

#endif
