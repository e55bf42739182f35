/* SPDX-License-Identifier: Apache-2.0 */

/* What a maze stage does with a document: a function of the document's name and the stage's salt, shared by the stages and
 * by the test that foretells them. */
#ifndef TESTS_SUPPORT_PLUGINS_MAZE_H
#define TESTS_SUPPORT_PLUGINS_MAZE_H

#include <stddef.h>
#include <stdint.h>

enum { MAZE_COLORS = 3, MAZE_PARTS_MAX = 5, MAZE_RETRIES_MAX = 3 };

typedef enum maze_fate { MAZE_PASS, MAZE_DROP, MAZE_REJECT, MAZE_RETRY, MAZE_FATAL } maze_fate;

static inline uint64_t maze_hash(const char *name, size_t len, uint64_t salt) {
  uint64_t hash = UINT64_C(14695981039346656037) ^ (salt * UINT64_C(0x9E3779B97F4A7C15));
  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
  }
  hash ^= hash >> 29;
  hash *= UINT64_C(0xBF58476D1CE4E5B9);
  return hash ^ hash >> 32;
}

/* trouble per mille of each of the three. */
static inline maze_fate maze_fate_of(uint64_t hash, uint64_t trouble) {
  uint64_t roll = hash % 1000;
  return roll < trouble ? MAZE_DROP : roll < 2 * trouble ? MAZE_REJECT : roll < 3 * trouble ? MAZE_RETRY : MAZE_PASS;
}

/* Whether the stage breaks at it: FATAL. */
static inline int maze_breaks(uint64_t hash, uint64_t fatal) {
  return (hash >> 34) % 1000 < fatal;
}

/* Async: 0: by its return; 1: completed before that; else later ... */
static inline uint32_t maze_async_way(uint64_t hash) {
  return (uint32_t)(hash >> 40) % 4;
}

/* ... or only once it is cancelled. */
static inline int maze_forgets(uint64_t hash, uint64_t forget) {
  return maze_async_way(hash) > 1 && (hash >> 45) % 1000 < forget;
}

/* A document that is to be tried again is, so often. */
static inline uint32_t maze_retries_of(uint64_t hash) {
  return 1 + (uint32_t)(hash >> 20) % MAZE_RETRIES_MAX;
}

static inline uint32_t maze_color_of(const char *name, size_t len) {
  return (uint32_t)(maze_hash(name, len, 77) % MAZE_COLORS);
}

static inline uint32_t maze_parts_of(uint64_t hash) {
  return (uint32_t)(hash >> 30) % (MAZE_PARTS_MAX + 1);
}

#endif
