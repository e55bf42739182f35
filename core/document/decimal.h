/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers as JSON text: the fewest digits that read back as the same number, whatever the locale. Private to
 * core/document. */
#ifndef CORE_DOCUMENT_DECIMAL_H
#define CORE_DOCUMENT_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_BYTES_MAX = 32 }; /* of any number written here */

/* Both return the bytes written, without a NUL. */
size_t decimal_write_u64(uint64_t value, char *ret_text);
/* value must be finite. Whole numbers up to 2^53 come without exponent and point. */
size_t decimal_write_f64(double value, char *ret_text);

#endif
