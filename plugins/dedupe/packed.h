/* SPDX-License-Identifier: Apache-2.0 */

/* Sets of numbers as bytes: the gaps between them in a Rice code, which comes near to the least that a random set takes
 * (17 bits a number for 400 of 24 bits). The same on every machine: state files hold them. */
#ifndef DEDUPE_PACKED_H
#define DEDUPE_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "dedupe/print.h"

/* The most bytes that a set of n takes: n times 24 bits and the unary parts, which are no more than 2 n bits. */
#define PACKED_BOUND(n) (((size_t)(n) * (PRINT_BITS + 4)) / 8 + 16)

/* Writes the values of a print, which is a set. Returns the bytes. */
size_t packed_write(const print *from, uint8_t *out);

/* Reads n values below limit into to, from any bytes. 0, -EBADMSG (they are no such set). */
int packed_read(const uint8_t *bytes, size_t len, uint32_t n, uint32_t limit, print *to);

#endif
