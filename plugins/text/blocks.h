/* SPDX-License-Identifier: Apache-2.0 */

/* Sixteen bytes at once, for scans that ask the same of every byte. gcc and clang both make of this what the processor
 * has; a comparison of two blocks gives all ones or zeros for each byte. */
#ifndef TEXT_BLOCKS_H
#define TEXT_BLOCKS_H

#include <stdint.h>
#include <string.h>

enum { TEXT_BLOCK = 16 };

typedef uint8_t text_block __attribute__((vector_size(TEXT_BLOCK)));

static inline text_block block_load(const uint8_t *bytes) {
  text_block block;
  memcpy(&block, bytes, sizeof block);
  return block;
}

/* Which bytes are this one. */
static inline text_block block_is(text_block block, uint8_t byte) {
  return (text_block)(block == byte);
}

/* True if a comparison held for any byte. */
static inline int block_any(text_block found) {
  uint64_t halves[2];
  memcpy(halves, &found, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

/* For how many bytes it held. */
static inline uint32_t block_count(text_block found) {
  const uint64_t ones = 0x0101010101010101u;
  uint64_t halves[2];
  memcpy(halves, &found, sizeof halves);
  return (uint32_t)(((halves[0] & ones) + (halves[1] & ones)) * ones >> 56);
}

#endif
