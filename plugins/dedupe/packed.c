/* SPDX-License-Identifier: Apache-2.0 */

/* The Rice code: of each gap the low bits as they are, before them the rest as so many zeros and a one. Bits fill bytes
 * from the low end. */
#include "dedupe/packed.h"

#include <errno.h>
#include <string.h>

enum { LOAD_BYTES = 8 };

/* How many low bits of a gap are written as they are: about the logarithm of the mean gap. Reader and writer agree. */
static uint32_t low_bits(uint32_t n, uint32_t limit) {
  uint32_t gap = n > 0 ? limit / n : 1;
  return gap <= 1 ? 0 : 31 - (uint32_t)__builtin_clz(gap);
}

typedef struct bit_writer {
  uint8_t *out;
  size_t n_bytes;
  uint64_t held;
  uint32_t n_held; /* fewer than 8 between calls */
} bit_writer;

/* At most 32 bits. */
static void put(bit_writer *self, uint64_t bits, uint32_t count) {
  self->held |= bits << self->n_held;
  self->n_held += count;
  while (self->n_held >= 8) {
    self->out[self->n_bytes++] = (uint8_t)self->held;
    self->held >>= 8;
    self->n_held -= 8;
  }
}

size_t packed_write(const print *from, uint8_t *out) {
  bit_writer writer = { .out = out };
  uint32_t low = low_bits(from->n, from->limit), next = 0;
  for (uint32_t i = 0; i < from->n; i++) {
    uint32_t gap = from->values[i] - next;
    uint32_t high = gap >> low;
    next = from->values[i] + 1;
    for (; high >= 32; high -= 32) {
      put(&writer, 0, 32);
    }
    put(&writer, 1ull << high, high + 1);
    put(&writer, gap & ((1u << low) - 1), low);
  }
  if (writer.n_held > 0) {
    put(&writer, 0, 8 - writer.n_held);
  }
  return writer.n_bytes;
}

/* 57 bits or more from a place, zeros behind the end. */
static inline uint64_t peek(const uint8_t *bytes, size_t len, size_t bit) {
  size_t at = bit >> 3;
  uint64_t word = 0;
  if (at + LOAD_BYTES <= len) {
    word = (uint64_t)bytes[at] | (uint64_t)bytes[at + 1] << 8 | (uint64_t)bytes[at + 2] << 16 |
           (uint64_t)bytes[at + 3] << 24 | (uint64_t)bytes[at + 4] << 32 | (uint64_t)bytes[at + 5] << 40 |
           (uint64_t)bytes[at + 6] << 48 | (uint64_t)bytes[at + 7] << 56;
  } else {
    for (size_t i = at; i < len; i++) {
      word |= (uint64_t)bytes[i] << 8 * (i - at);
    }
  }
  return word >> (bit & 7);
}

int packed_read(const uint8_t *bytes, size_t len, uint32_t n, uint32_t limit, print *to) {
  if (n > PRINT_MAX || limit > PRINT_ALL || n > limit) {
    return -EBADMSG;
  }
  uint32_t low = low_bits(n, limit);
  size_t bit = 0, n_bits = len * 8;
  uint64_t next = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint64_t word = peek(bytes, len, bit), high = 0;
    while (word == 0 && bit < n_bits) {
      high += 56;
      bit += 56;
      word = peek(bytes, len, bit);
    }
    if (word == 0) {
      return -EBADMSG;
    }
    uint32_t zeros = (uint32_t)__builtin_ctzll(word);
    high += zeros;
    bit += zeros + 1;
    uint64_t value = next + (high << low | (peek(bytes, len, bit) & ((1u << low) - 1)));
    bit += low;
    if (value >= limit || bit > n_bits) {
      return -EBADMSG;
    }
    to->values[i] = (uint32_t)value;
    next = value + 1;
  }
  to->n = n;
  to->limit = limit;
  return 0;
}
