/* SPDX-License-Identifier: Apache-2.0 */

/* Byte offsets of a text in another unit: code points or UTF-16 units. Counts are kept for every block of the text, so
 * that any offset costs a look-up and at most one block. Private to core/document. */
#ifndef CORE_DOCUMENT_OFFSETS_H
#define CORE_DOCUMENT_OFFSETS_H

#include <stddef.h>
#include <stdint.h>

typedef struct offset_index {
  const uint8_t *text;
  uint32_t unit;   /* QN_OFFSETS_* */
  uint32_t *units; /* before each block */
  size_t capacity;
} offset_index;

void offset_index_done(offset_index *self);
/* For QN_OFFSETS_BYTES this costs nothing. 0, -ENOMEM. The text is borrowed and valid UTF-8. */
int offset_index_build(offset_index *self, const uint8_t *text, uint32_t len, uint32_t unit);
/* offset is at a code point's begin or the end of the text. */
uint32_t offset_index_convert(const offset_index *self, uint32_t offset);

#endif
