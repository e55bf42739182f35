/* SPDX-License-Identifier: Apache-2.0 */

/* Canonical composition of one letter and its marks. */
#ifndef NORMALIZE_COMPOSE_H
#define NORMALIZE_COMPOSE_H

#include <stdint.h>

/* The longest cluster that is composed as one; what goes beyond stands as it is. */
#define COMPOSE_MAX 64

/* The letter that base and a combining madda or hamza (U+0653..0655) make; 0 if they make none. */
uint32_t compose_hamza(uint32_t base, uint32_t mark);

/* Brings n <= COMPOSE_MAX code points to NFC, in place; there is room for COMPOSE_MAX of them. Returns how many there
 * are then. Slow: for what is rare. */
uint32_t compose_nfc(uint32_t *codes, uint32_t n);

#endif
