/* SPDX-License-Identifier: Apache-2.0 */

/* Chance from a seed: the same numbers on every machine, so that a seed is all a finding needs to be seen again. */
#ifndef CORE_CONFORMANCE_CHANCE_H
#define CORE_CONFORMANCE_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct chance {
  uint64_t state;
} chance;

/* splitmix64. */
static inline uint64_t chance_next(chance *self) {
  uint64_t z = (self->state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* A number below n, which is not 0. */
static inline uint32_t chance_below(chance *self, uint32_t n) {
  return (uint32_t)(((chance_next(self) >> 32) * n) >> 32);
}

/* True once in n times. */
static inline bool chance_once_in(chance *self, uint32_t n) {
  return chance_below(self, n) == 0;
}

/* A generator of its own for one thing of many. */
static inline chance chance_for(uint64_t seed, uint64_t number) {
  chance one = { seed ^ (number + 1) * UINT64_C(0xD1B54A32D192ED03) };
  (void)chance_next(&one);
  return one;
}

#endif
