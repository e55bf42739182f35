/* SPDX-License-Identifier: Apache-2.0 */

/* Random numbers that are the same for a seed on every machine. Private to core/harness. */
#ifndef CORE_HARNESS_DICE_H
#define CORE_HARNESS_DICE_H

#include <stddef.h>
#include <stdint.h>

typedef struct dice {
  uint64_t state;
} dice;

uint32_t dice_below(dice *dice, uint32_t below);
/* About so many bytes of valid text in several scripts; free() it. NULL: no memory. */
char *dice_text(dice *dice, uint32_t about_bytes, size_t *ret_len);

#endif
