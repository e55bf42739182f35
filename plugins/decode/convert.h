/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes in any encoding to UTF-8, each character aligned to the bytes it came from.
 *
 * What is no character, and NUL, becomes U+FFFD and is counted; nothing stops a conversion but memory. */
#ifndef DECODE_CONVERT_H
#define DECODE_CONVERT_H

#include "decode/aligned.h"
#include "decode/charset.h"

/* Converters made so far, for one thread. */
typedef struct charset_converter charset_converter;

int converter_new(charset_converter **ret_converter); /* 0, -ENOMEM */
void converter_free(charset_converter *converter);

/* Converts bytes, which begin with the mark that set->bom_len leaves out, into text, which is cleared first. 0, -ENOMEM,
 * -EFBIG, -ENOENT (ICU has no such converter). */
int converter_run(charset_converter *converter, const charset *set, const uint8_t *bytes, uint32_t len,
                  aligned_text *text, uint64_t *ret_replaced);

#endif
