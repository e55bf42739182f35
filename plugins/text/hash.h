/* SPDX-License-Identifier: Apache-2.0 */

/* Hashes of short byte strings, the same on every machine, since tables are made of them when Qanat is built. Not for
 * strings that somebody may choose to collide: a collision costs a wrong annotation, never memory. */
#ifndef TEXT_HASH_H
#define TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SEED 0xCBF29CE484222325u

static inline uint64_t hash_step(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
  return hash ^ hash >> 32;
}

/* Eight bytes, the first lowest; compilers make one load of it. */
static inline uint64_t hash_load(const uint8_t *bytes) {
  return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24 |
         (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 | (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

/* Less than eight bytes, the first highest, behind what is in tail; in as few loads as there are bits in len. */
static inline uint64_t hash_tail(uint64_t tail, const uint8_t *bytes, size_t len) {
  if ((len & 4) != 0) {
    tail = tail << 32 | (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    bytes += 4;
  }
  if ((len & 2) != 0) {
    tail = tail << 16 | (uint32_t)bytes[0] << 8 | bytes[1];
    bytes += 2;
  }
  return (len & 1) != 0 ? tail << 8 | bytes[0] : tail;
}

/* Continues a hash over a string, which counts as a whole: "a" then "b" is not "ab". */
static inline uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t len) {
  uint64_t tail = len;
  for (; len >= 8; len -= 8, bytes += 8) {
    hash = hash_step(hash, hash_load(bytes));
  }
  return hash_step(hash, hash_tail(tail, bytes, len));
}

static inline uint64_t hash_load_4(const uint8_t *bytes) {
  return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24;
}

/* Continues a hash over a word, otherwise than hash_bytes: up to sixteen bytes are two loads that overlap. Words are of
 * lengths that no processor foresees, and each loop over their bytes costs more than all loads. */
static inline uint64_t hash_word(uint64_t hash, const uint8_t *bytes, size_t len) {
  hash ^= len * 0xD6E8FEB86659FD93u;
  for (; len > 16; len -= 8, bytes += 8) {
    hash = hash_step(hash, hash_load(bytes));
  }
  if (len >= 8) {
    return hash_step(hash_step(hash, hash_load(bytes)), hash_load(bytes + len - 8));
  }
  if (len >= 4) {
    return hash_step(hash, hash_load_4(bytes) << 32 | hash_load_4(bytes + len - 4));
  }
  return hash_step(hash, len == 0 ? 0 : (uint64_t)bytes[0] << 16 | (uint64_t)bytes[len / 2] << 8 | bytes[len - 1]);
}

#endif
