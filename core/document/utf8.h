/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8 as documents hold it: valid, shortest form, no surrogates, and no NUL. Private to core/document. */
#ifndef CORE_DOCUMENT_UTF8_H
#define CORE_DOCUMENT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if all of it is valid. Uses the widest kernel this processor has. */
bool utf8_valid(const uint8_t *data, size_t len);
/* The same, one code point at a time: the reference that the kernels are tested against. */
bool utf8_valid_scalar(const uint8_t *data, size_t len);
/* Where the first fault is; len if there is none. */
size_t utf8_fault(const uint8_t *data, size_t len);
/* Bytes of the valid code point at data, 0 if there is none. */
size_t utf8_step(const uint8_t *data, size_t len);

/* True if a code point begins at this byte (or the text ends there, its end being a 0). */
static inline bool utf8_is_border(uint8_t byte) {
  return (byte & 0xC0) != 0x80;
}

/* Writes source to target with U+FFFD for every faulty byte and NUL; target needs 3 * len bytes. */
size_t utf8_repair(const uint8_t *source, size_t len, uint8_t *target);

#endif
